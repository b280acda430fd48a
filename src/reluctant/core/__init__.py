"""What everything else stands on: names, errors, randomness, hashes, files, locks, the environment."""
