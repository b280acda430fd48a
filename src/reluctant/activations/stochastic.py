"""Stochastic activations. Each module has its own random generator and never uses PyTorch's global one."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reluctant.activations.formula import clamped, softplus, widen


class Stochastic(nn.Module):
    """A module with its own random numbers, which `reseed` restarts at the beginning of an epoch.

    Without `reseed` the numbers follow from `torch.initial_seed()`, which is read and not changed.
    """

    def __init__(self) -> None:
        super().__init__()
        self._seed: int | None = None
        self._generator: torch.Generator | None = None
        self._calls = 0

    def reseed(self, seed: int) -> None:
        """Restart the module's random numbers from this seed."""
        self._seed, self._calls = seed, 0
        if self._generator is not None:  # a CUDA graph goes on reading this one
            self._generator.manual_seed(seed)

    def next_key(self) -> int:
        """64 well-mixed bits that follow from the seed and the number of calls since then (splitmix64)."""
        self._calls += 1
        seed = torch.initial_seed() if self._seed is None else self._seed
        state = (seed + self._calls * 0x9E3779B97F4A7C15) % 2**64
        state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        state = (state ^ state >> 27) * 0x94D049BB133111EB % 2**64
        return state ^ state >> 31

    def generator(self, device: torch.device) -> torch.Generator:
        """The module's generator on the device of its input."""
        if self._generator is None or self._generator.device != device:
            self._generator = torch.Generator(device)
            self._generator.manual_seed(torch.initial_seed() if self._seed is None else self._seed)
        return self._generator

    @property
    def generator_in_use(self) -> torch.Generator | None:
        """The generator, once a call has needed one."""
        return self._generator

    def restart(self) -> None:
        """Begin again at the last seed, if there was one."""
        if self._seed is not None:
            self.reseed(self._seed)

    def noise(self, x: Tensor) -> Tensor:
        """Standard normal numbers with the shape, dtype and device of `x`."""
        return torch.empty_like(x, requires_grad=False).normal_(generator=self.generator(x.device))

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


class NoisyReLU(Stochastic):
    """max(0, x + N(0, σ(x))), σ(x) the variance, in training (Nair & Hinton 2010); ReLU in evaluation."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return F.relu(x)
        wide = widen(x)
        std = torch.exp(softplus(-clamped(wide)) / -2)  # not √σ(x): its slope is infinite far below zero
        return F.relu(wide + std * self.noise(wide)).to(x.dtype)


class ProbAct(Stochastic):
    """max(0, x) + s N(0, 1) in training, s learned (Shridhar et al. 2019, 1905.10761), else ReLU."""

    def __init__(self, sigma: float = 0.0) -> None:
        super().__init__()
        self.sigma = nn.Parameter(torch.full((1,), sigma))

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return F.relu(x)
        wide = widen(x)
        return (F.relu(wide) + self.noise(wide) * self.sigma[0].to(wide.dtype)).to(x.dtype)
