"""A formula as a module, and the building blocks of formulas that do not overflow."""

import math
from collections.abc import Callable, Collection, Mapping
from typing import Any

import torch
from torch import Tensor, nn

Number = Tensor | float
FAR = 1000.0  # beyond it every exponential is at its limit, in double precision too


class Formula(nn.Module):
    """`function(x, **parameters)`, element by element; each name in `learned` is one learned number.

    Half-precision inputs are computed in single precision and rounded once.
    """

    def __init__(
        self, function: Callable[..., Tensor], parameters: Mapping[str, Any], learned: Collection[str] = ()
    ) -> None:
        super().__init__()
        self.function, self.learned = function, tuple(learned)
        self.fixed = {name: value for name, value in parameters.items() if name not in learned}
        for name in learned:
            self.register_parameter(name, nn.Parameter(torch.full((1,), float(parameters[name]))))

    def forward(self, x: Tensor) -> Tensor:
        wide = widen(x)
        learned = {name: getattr(self, name)[0].to(wide.dtype) for name in self.learned}
        return self.function(wide, **self.fixed, **learned).to(x.dtype)

    def extra_repr(self) -> str:
        fixed = [f"{name}={value}" for name, value in self.fixed.items()]
        return ", ".join([str(getattr(self.function, "__name__", self.function)), *fixed, *self.learned])


def widen(x: Tensor) -> Tensor:
    """The values in the dtype of the computation: single precision for half-precision values."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def clamped(x: Tensor, low: float = -FAR, high: float = FAR) -> Tensor:
    """The values clamped to bounds beyond which the rest of the formula is constant.

    A clamp passes no gradient outside its bounds, so a gradient that would overflow or be NaN is dropped.
    """
    return x.clamp(low, high)


def softplus(x: Tensor) -> Tensor:
    """ln(1 + eˣ) to full precision everywhere; PyTorch's own turns linear at 20."""
    return torch.logaddexp(x, torch.zeros_like(x))


def normal_cdf(x: Tensor) -> Tensor:
    """Φ(x), precise far below zero, where (1 + erf)/2 is not."""
    return torch.erfc(clamped(x) * -math.sqrt(0.5)) / 2


def hypotenuse(x: Tensor, c: float = 1.0) -> Tensor:
    """√(x² + c²) without squares that overflow; c is not zero."""
    return torch.hypot(x, torch.full_like(x, c))


def without_infinities(x: Tensor) -> Tensor:
    """The values with the largest finite number in place of infinity, which has no sine."""
    most = float(torch.finfo(x.dtype).max)
    return x.clamp(-most, most)
