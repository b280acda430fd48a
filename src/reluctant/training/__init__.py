"""Training one run: the data as tensors, the epochs as an iterator, the record at the end."""

from reluctant.training.estimate import seconds_expected
from reluctant.training.evaluation import evaluate
from reluctant.training.preflight import preflight
from reluctant.training.prepared import Prepared, prepare
from reluctant.training.training import Training
from reluctant.training.worker import Worker, device

__all__ = ["Prepared", "Training", "Worker", "device", "evaluate", "preflight", "prepare", "seconds_expected"]
