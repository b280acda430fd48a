"""What a law is, what it is tried on, and the points at which functions are looked at."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from reluctant.activations import Stochastic, make
from reluctant.catalogue import Activation

NEAR = 1e-3  # how near to a kink a slope is not looked at


@dataclass(frozen=True)
class Subject:
    """A function on trial: what makes a fresh module of it, and what it is said to be.

    `row` is the catalogue's, at the parameters `given`; `fresh` may be anybody's.
    """

    row: Activation
    fresh: Callable[[], nn.Module]
    name: str  # the catalogue's, with parameters, that it is held against

    @classmethod
    def of(cls, row: Activation) -> "Subject":
        """The catalogue's own function, at its default parameters."""
        return cls(row, lambda: make(row.name), row.name)

    def module(self, dtype: torch.dtype = torch.float64) -> nn.Module:
        """A fresh module in evaluation mode."""
        return self.fresh().to(dtype).eval()

    def trusted(self) -> nn.Module:
        """The catalogue's function, in double precision and evaluation mode."""
        return make(self.name).double().eval()

    @cached_property
    def is_block(self) -> bool:
        """Whether it is no function of one number."""
        return self.row.family == "block"

    @cached_property
    def is_stochastic(self) -> bool:
        """Whether it draws random numbers in training."""
        return "stochastic" in self.row.traits or isinstance(self.fresh(), Stochastic)

    def smooth_points(self) -> Tensor:
        """Points of [−6, 6] in double precision, none near a kink."""
        x = np.linspace(-6, 6, 241) + 1e-3 * np.sqrt(2)
        for kink in self.row.kinks:
            x = x[np.abs(x - kink) > NEAR]
        return torch.from_numpy(x)


@dataclass(frozen=True)
class Law:
    """A law: `check` tells what is wrong with a subject, in words; an empty text where it is kept."""

    name: str
    says: str
    check: Callable[[Subject], str]
    blocks: bool = False  # whether it can be asked of what is no function of one number


def value_and_slope(module: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    """The function and autograd's slope at every point; a slope of zero where no gradient comes back.

    The module is given a copy: one that works in place breaks the law about its input, not every other.
    """
    x = x.detach().clone().requires_grad_()
    with torch.enable_grad():
        y = module(x.clone())
        if not y.requires_grad:
            return y, torch.zeros_like(x)
        (slope,) = torch.autograd.grad(y.sum(), x, allow_unused=True)
    return y.detach(), torch.zeros_like(x) if slope is None else slope


def batch(dtype: torch.dtype = torch.float32) -> Tensor:
    """A batch of eight-channel maps, (2, 8, 3, 3)."""
    return torch.linspace(-3, 3, 2 * 8 * 3 * 3, dtype=dtype).reshape(2, 8, 3, 3)


def worst(x: Tensor, got: Tensor, wanted: Tensor, allowed: Tensor) -> str:
    """Where two results differ most beyond what is allowed, near zero if there; empty if nowhere."""
    error = (got - wanted).abs()
    beyond = torch.where(error.isnan() & ~(got.isnan() & wanted.isnan()), torch.inf, error / allowed)
    beyond = torch.where(got == wanted, 0, beyond)
    near = torch.where(x.abs() <= 10, beyond, 0)
    at = int(near.argmax() if near.max() > 1 else beyond.argmax())
    if not beyond[at] > 1:
        return ""
    return f"at {float(x[at]):.6g} it is {float(got[at]):.10g}, not {float(wanted[at]):.10g}"
