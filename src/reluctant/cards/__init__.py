"""Cards: what is known and found of an activation; in the terminal, in a gallery, and as an audit."""
