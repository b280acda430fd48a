"""User-defined procedures, good and bad, for tests that name them `tests.support.own_procedures:…`."""

from typing import Any

from torch import Tensor

from reluctant.training import Training


class Twice(Training):
    """Every epoch trains on the images twice, or `times` times."""

    def __init__(self, run: Any, data: Any, device: Any = None, *, times: int = 2) -> None:
        super().__init__(run, data, device)
        self.times = times

    def train_epoch(self, number: int) -> tuple[float, Tensor, Tensor] | None:
        """The last of the passes counts."""
        for _ in range(self.times - 1):
            super().train_epoch(number)
        return super().train_epoch(number)


class Outdated(Training):
    """Overrides a method by the name that it had in an earlier version."""

    def pass_over(self, number: int) -> Any:
        """Never called."""
        raise AssertionError(number)


class Stranger:
    """Not derived from `Training`."""
