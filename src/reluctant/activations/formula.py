"""A formula as a module, and the pieces that formulas are built from so that nothing overflows on the way."""

import math
from collections.abc import Callable, Collection, Mapping
from typing import Any

import torch
from torch import Tensor, nn

Number = Tensor | float
FAR = 1000.0  # every exponential has met its limit here, in double precision too


class Formula(nn.Module):
    """`function(x, **parameters)`, element by element; each of `learned` is one learned number.

    Half precision is computed in single and rounded once.
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
        wide = widened(x)
        learned = {name: getattr(self, name)[0].to(wide.dtype) for name in self.learned}
        return self.function(wide, **self.fixed, **learned).to(x.dtype)

    def extra_repr(self) -> str:
        fixed = [f"{name}={value}" for name, value in self.fixed.items()]
        return ", ".join([str(getattr(self.function, "__name__", self.function)), *fixed, *self.learned])


def widened(x: Tensor) -> Tensor:
    """The values in the type they are computed in: single precision for half."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def held(x: Tensor, low: float = -FAR, high: float = FAR) -> Tensor:
    """The values held within bounds beyond which what follows is constant.

    What overflows or becomes NaN behind it on the way back is dropped, since a clamp passes nothing outside.
    """
    return x.clamp(low, high)


def softplus(x: Tensor) -> Tensor:
    """ln(1 + eˣ) to full precision everywhere; PyTorch's own turns linear at 20."""
    return torch.logaddexp(x, torch.zeros_like(x))


def normal_cdf(x: Tensor) -> Tensor:
    """Φ(x), precise far below zero, where (1 + erf)/2 is not."""
    return torch.erfc(held(x) * -math.sqrt(0.5)) / 2


def root(x: Tensor, c: float = 1.0) -> Tensor:
    """√(x² + c²) without squares that overflow; c is not zero."""
    return torch.hypot(x, torch.full_like(x, c))


def finite(x: Tensor) -> Tensor:
    """The values with infinities at the largest number: what has no sine."""
    most = float(torch.finfo(x.dtype).max)
    return x.clamp(-most, most)
