"""Compare activation functions: which should this network use, and is the difference real?"""
