"""Training one run: the data as tensors, the epochs as an iterator, the record at the end."""

from reluctant.training.estimate import seconds_expected
from reluctant.training.evaluation import evaluate
from reluctant.training.preflight import preflight, replaced
from reluctant.training.procedures import training_for
from reluctant.training.runner import carry_out, device, forget, rehearse
from reluctant.training.sources import sources
from reluctant.training.tensors import Prepared, prepare
from reluctant.training.training import Training, fingerprint

__all__ = [
    "Prepared",
    "Training",
    "carry_out",
    "device",
    "evaluate",
    "fingerprint",
    "forget",
    "preflight",
    "prepare",
    "rehearse",
    "replaced",
    "seconds_expected",
    "sources",
    "training_for",
]
