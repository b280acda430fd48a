"""Procedures of one's own, good and bad, for the tests that name them `tests.own_procedures:…`."""

from typing import Any

from torch import Tensor

from reluctant.training import Training
from reluctant.training.tensors import Part


class Twice(Training):
    """Every epoch passes over the images twice, or as often as asked."""

    def __init__(self, run: Any, data: Any, device: Any = None, *, times: int = 2) -> None:
        super().__init__(run, data, device)
        self.times = times

    def pass_over(self, number: int) -> tuple[float, Tensor, Part] | None:
        """The last of the passes counts."""
        for _ in range(self.times - 1):
            super().pass_over(number)
        return super().pass_over(number)


class Stranger:
    """No training at all."""
