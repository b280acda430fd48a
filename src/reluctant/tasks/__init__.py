"""What a network is trained to do: its loss, what is counted of its outputs, how predictions are stored."""

from reluctant.tasks.classification import Classification
from reluctant.tasks.regression import Regression
from reluctant.tasks.task import Task

__all__ = ["Classification", "Regression", "Task"]
