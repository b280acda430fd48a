"""What a person calls: compare, judge, run, and the results."""
