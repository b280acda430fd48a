"""Training one run: the data as tensors, the epochs as an iterator, the record at the end."""

from reluctant.training.checksums import fingerprint, study_sources
from reluctant.training.description import describe_replacements, initial_weight_sources
from reluctant.training.epoch_steps import EpochSteps
from reluctant.training.evaluation import evaluate
from reluctant.training.machine import select_device
from reluctant.training.numerics import check_numerics
from reluctant.training.packs import TrainingPack
from reluctant.training.preflight import expected_seconds, preflight
from reluctant.training.preparation import prepare
from reluctant.training.runner import build_training, clear_data_cache, load_run_data, train_run, warm_up
from reluctant.training.tensors import TensorData, TensorSplit
from reluctant.training.training import Training

__all__ = [
    "EpochSteps", "TensorData", "TensorSplit", "Training", "TrainingPack", "build_training", "check_numerics",
    "clear_data_cache", "describe_replacements", "evaluate", "expected_seconds", "fingerprint",
    "initial_weight_sources", "load_run_data", "preflight", "prepare", "select_device", "study_sources", "train_run",
    "warm_up",
]  # fmt: skip
