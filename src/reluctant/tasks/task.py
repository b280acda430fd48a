"""The protocol of a task: everything that training and evaluation have to know of it."""

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from torch import Tensor


class Task(Protocol):
    """The loss, the counts, and how predictions are stored. Scores come from counts (`catalogue.metrics`)."""

    @property
    def name(self) -> str:
        """`classification` or `regression`, as a study names it."""
        ...

    @property
    def key(self) -> str:
        """Where an epoch's record holds the counts."""
        ...

    @property
    def outputs(self) -> int:
        """How many numbers a network returns for one input."""
        ...

    def loss(self, outputs: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
        """The mean over a batch that training minimises."""
        ...

    def loss_sum(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The same without smoothing, summed over a batch in double precision, on the CPU."""
        ...

    def predict(self, outputs: Tensor) -> Tensor:
        """What a network predicts, in the form of the targets."""
        ...

    def counts(self, predictions: Tensor, targets: Tensor) -> Any:
        """What a record holds of the predictions for a whole split: lists of numbers."""
        ...

    def encode(self, predictions: Tensor) -> str:
        """Predictions or targets as base64, for records and for the description of data."""
        ...

    def output_error(self, outputs: Any, n: int) -> str:
        """What is wrong with a network's outputs for n inputs; empty where nothing is."""
        ...


def shape_error(outputs: Any, expected: tuple[int, ...], what: str) -> str:
    """What is wrong with the type or the shape of outputs; empty where nothing is.

    Args:
        what: What the outputs are; its last word names them.
    """
    if not isinstance(outputs, Tensor):
        return (
            f"returns {type(outputs).__name__}; expected a tensor: let its forward return the "
            f"{what.rsplit(maxsplit=1)[-1]} alone"
        )
    if tuple(outputs.shape) != expected:
        return f"returns shape {tuple(outputs.shape)} for {expected[0]} inputs; expected {expected}, {what}"
    return ""


def to_numpy(tensor: Tensor) -> npt.NDArray[Any]:
    """A tensor as an array on the CPU."""
    return np.asarray(tensor.detach().cpu().numpy())
