"""Foundations without PyTorch: names, errors, randomness, hashes, files, the lock, the environment."""
