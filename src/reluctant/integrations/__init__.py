"""Frameworks and trackers of others: callbacks that report a Trainer's epochs, and where a study's runs are sent."""
