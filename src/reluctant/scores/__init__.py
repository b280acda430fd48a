"""Scores by arm, setting, seed and epoch: all that analysis knows, whoever trained. Needs no torch."""

from reluctant.scores.scores import AT, At, Floats, ScoredRun, Scores, Seed

__all__ = ["AT", "At", "Floats", "ScoredRun", "Scores", "Seed"]
