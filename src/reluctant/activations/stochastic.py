"""Modules that draw random numbers, each from a generator of its own, never from PyTorch's global one."""

import torch
from torch import Tensor, nn


class Stochastic(nn.Module):
    """A module with its own random numbers; `reseed` at the start of an epoch decides all that follow.

    Without `reseed` the numbers follow from `torch.initial_seed()`, which is only read.
    """

    def __init__(self) -> None:
        super().__init__()
        self._seed: int | None = None
        self._generator: torch.Generator | None = None

    def reseed(self, seed: int) -> None:
        """Start the module's random numbers anew."""
        self._seed, self._generator = seed, None

    def generator(self, device: torch.device) -> torch.Generator:
        """The module's generator on the device of its input."""
        if self._generator is None or self._generator.device != device:
            self._generator = torch.Generator(device)
            self._generator.manual_seed(torch.initial_seed() if self._seed is None else self._seed)
        return self._generator

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_generator": None}  # a generator cannot be copied; the seed can


class RReLU(Stochastic):
    """Randomised leaky ReLU (Xu et al. 2015, 1505.00853): slope below zero ~ U(lower, upper) in training.

    In evaluation the slope is the mean (lower + upper) / 2.
    """

    def __init__(self, lower: float = 1 / 8, upper: float = 1 / 3) -> None:
        super().__init__()
        self.lower, self.upper = lower, upper

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return torch.where(x >= 0, x, x * ((self.lower + self.upper) / 2))
        slope = torch.empty_like(x, requires_grad=False)
        slope.uniform_(self.lower, self.upper, generator=self.generator(x.device))
        return torch.where(x >= 0, x, x * slope)

    def extra_repr(self) -> str:
        return f"lower={self.lower}, upper={self.upper}"
