"""Training of the user's own, one run at a time: a function of a `Trial`, or a command; scores are what it reports."""
