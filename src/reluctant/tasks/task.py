"""The protocol of a task: everything that training and evaluation have to know of it."""

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from torch import Tensor


class Task(Protocol):
    """Loss, counts, and how predictions are kept. Scores come from counts (`catalogue.metrics`).

    `key` is where an epoch's record holds the counts.
    """

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
        """How many numbers a network gives for one input."""
        ...

    def loss(self, outputs: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
        """The mean over a batch that training minimises."""
        ...

    def total(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The same without smoothing, summed over a batch in double precision, on the processor."""
        ...

    def decide(self, outputs: Tensor) -> Tensor:
        """What a network predicts, in the form of the targets."""
        ...

    def counts(self, predicted: Tensor, targets: Tensor) -> Any:
        """What a record holds of a whole split's predictions: lists of numbers."""
        ...

    def encoded(self, predicted: Tensor) -> str:
        """Predictions or targets as base64, for records and for the description of data."""
        ...

    def fault(self, outputs: Any, n: int) -> str:
        """What is wrong with a network's outputs for n inputs; empty where nothing is."""
        ...


def shape_fault(outputs: Any, wanted: tuple[int, ...], what: str) -> str:
    """What is wrong with the kind or the shape of outputs; empty where nothing is."""
    if not isinstance(outputs, Tensor):
        return (
            f"returns {type(outputs).__name__}; a tensor is wanted: let its forward return the "
            f"{what.rsplit(maxsplit=1)[-1]} alone"
        )
    if tuple(outputs.shape) != wanted:
        return f"returns shape {tuple(outputs.shape)} for {wanted[0]} inputs; {wanted} is wanted, {what}"
    return ""


def whole(tensor: Tensor) -> npt.NDArray[Any]:
    """A tensor as an array on the processor."""
    return np.asarray(tensor.detach().cpu().numpy())
