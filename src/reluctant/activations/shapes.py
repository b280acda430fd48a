"""Functions whose whole shape is learned, from a few numbers per layer."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from reluctant.activations.formula import clamped, widen

# Initial P and Q of PAU: least squares to leaky ReLU (slope 0.01) on [−3, 3]
NUMERATOR = (0.0334374, 0.505, 1.65562, 2.01396, 0.934043, 0.1528)
DENOMINATOR = (0.0, 3.98803, 0.0, 0.302574)
RIDGE = 1e-4  # ridge of the kernel regression that gives KAF its initial coefficients


class LearnedShape(nn.Module):
    """A function with vectors of learned numbers.

    Half-precision inputs are computed in single precision and rounded once.
    """

    def forward(self, x: Tensor) -> Tensor:
        return self.curve(widen(x)).to(x.dtype)

    def curve(self, x: Tensor) -> Tensor:
        """The function in single or double precision."""
        raise NotImplementedError


def _learned_vector(values: Sequence[float] | NDArray[np.float64]) -> nn.Parameter:
    return nn.Parameter(torch.tensor(list(values), dtype=torch.get_default_dtype()))


def _scalars(parameter: Tensor, x: Tensor) -> list[Tensor]:
    """The entries one by one, in the dtype of `x`."""
    return list(parameter.to(x.dtype).unbind())


class APL(LearnedShape):
    """max(0, x) + Σ aₛ max(0, bₛ − x) (Agostinelli et al. 2014, 1412.6830)."""

    def __init__(self, pieces: int = 2) -> None:
        super().__init__()
        self.slopes = _learned_vector([0.0] * pieces)
        self.hinges = _learned_vector(np.linspace(-1, 1, pieces) if pieces > 1 else [0.0])

    def curve(self, x: Tensor) -> Tensor:
        total = F.relu(x)
        for a, b in zip(_scalars(self.slopes, x), _scalars(self.hinges, x), strict=True):
            total = total + F.relu(b - x) * a
        return total


class PAU(LearnedShape):
    """P₅(x)/(1 + |b₁x + … + b₄x⁴|) (Molina et al. 2019, 1907.06732)."""

    def __init__(self) -> None:
        super().__init__()
        self.numerator = _learned_vector(NUMERATOR)
        self.denominator = _learned_vector(DENOMINATOR)

    def curve(self, x: Tensor) -> Tensor:
        a, b = _scalars(self.numerator, x), _scalars(self.denominator, x)
        near = x.clamp(-1, 1)
        inner = _polynomial(near, a) / (1 + (near * _polynomial(near, b)).abs())
        outside = x.abs() > 1  # computed there in powers of 1/x, since x⁵ overflows
        t = 1 / clamped(torch.where(outside, x, torch.ones_like(x)), -1e18, 1e18)
        fraction = _polynomial(t, a[::-1]) / (t**4 + _polynomial(t, b[::-1]).abs())
        return torch.where(outside, x * fraction, inner)


def _polynomial(x: Tensor, coefficients: Sequence[Tensor]) -> Tensor:
    """Σ cₖxᵏ."""
    total = torch.zeros_like(x) + coefficients[-1]
    for c in coefficients[-2::-1]:
        total = total * x + c
    return total


class PWLU(LearnedShape):
    """Straight pieces between learned values, and two learned outer slopes (Zhou et al. 2021, 2104.03693)."""

    def __init__(self, pieces: int = 16, bound: float = 3.0) -> None:
        super().__init__()
        self.pieces, self.bound = pieces, bound
        self.values = _learned_vector(np.maximum(np.linspace(-bound, bound, pieces + 1), 0))
        self.slopes = _learned_vector([0.0, 1.0])

    def curve(self, x: Tensor) -> Tensor:
        width, values = 2 * self.bound / self.pieces, self.values.to(x.dtype)
        outer = self.slopes.to(x.dtype)
        slopes = torch.cat([outer[:1], values.diff() / width, outer[1:]])
        piece = torch.nan_to_num((x + self.bound) / width).floor().clamp(-1, self.pieces).long()
        knot = piece.clamp(0, self.pieces)  # the knot to the left of x; to the right of the first piece
        return (x - (knot.to(x.dtype) * width - self.bound)) * slopes[piece + 1] + values[knot]

    def extra_repr(self) -> str:
        return f"pieces={self.pieces}, bound={self.bound}"


class SLAF(LearnedShape):
    """Σ cₖxᵏ (Goyal et al. 2019, 1906.09529)."""

    def __init__(self, degree: int = 4) -> None:
        super().__init__()
        self.coefficients = _learned_vector([0.0, 1.0] + [0.0] * (degree - 1))

    def curve(self, x: Tensor) -> Tensor:
        constant, slope, *higher = _scalars(self.coefficients, x)
        total = x * slope + constant
        for k, c in enumerate(higher, start=2):
            most = 0.5 * float(torch.finfo(x.dtype).max ** (1 / k))  # an infinite power times c = 0 would be NaN
            total = total + torch.pow(x.clamp(-most, most), k) * c
        return total


class MeLU(LearnedShape):
    """max(0, x) + c₀ min(0, x) + Σ cⱼ max(λⱼ − |x − aⱼ|, 0) (Maguolo et al. 2019, 1905.02473)."""

    def __init__(self, k: int = 4, limit: float = 256.0) -> None:
        super().__init__()
        self.limit = limit
        self.coefficients = _learned_vector([0.0] * k)

    def curve(self, x: Tensor) -> Tensor:
        slope, *heights = _scalars(self.coefficients, x)
        total = F.relu(x) + x.clamp(max=0) * slope
        for c, (centre, width) in zip(heights, _triangles(len(heights), self.limit), strict=True):
            total = total + F.relu(width - (x - centre).abs()) * c
        return total

    def extra_repr(self) -> str:
        return f"k={len(self.coefficients)}, limit={self.limit}"


def _triangles(count: int, limit: float) -> list[tuple[float, float]]:
    """Centres and half widths of triangles on [0, 4 limit]: one, then two of half its width, then four …"""
    triangles: list[tuple[float, float]] = []
    width = 2 * limit
    while len(triangles) < count:
        number = round(2 * limit / width)
        triangles += [((2 * i + 1) * width, width) for i in range(number)]
        width /= 2
    return triangles[:count]


class KAF(LearnedShape):
    """Σ aᵢ e^(−γ(x − dᵢ)²), dᵢ even on [−bound, bound], γ = 1/6Δ² (Scardapane et al. 2017, 1707.04035)."""

    def __init__(self, size: int = 20, bound: float = 3.0) -> None:
        super().__init__()
        self.bound = bound
        self.centres = np.linspace(-bound, bound, size).tolist()
        self.gamma = 1 / (6 * (2 * bound / max(size - 1, 1)) ** 2)
        d = np.array(self.centres)
        kernel = np.exp(-self.gamma * (d[:, None] - d) ** 2)
        elu = np.where(d > 0, d, np.expm1(d))
        self.coefficients = _learned_vector(np.linalg.solve(kernel + RIDGE * np.eye(size), elu))

    def curve(self, x: Tensor) -> Tensor:
        near = clamped(x, -self.bound - 1e4, self.bound + 1e4)
        total = torch.zeros_like(x)
        for a, d in zip(_scalars(self.coefficients, x), self.centres, strict=True):
            total = total + torch.exp((near - d) * (near - d) * -self.gamma) * a
        return total

    def extra_repr(self) -> str:
        return f"size={len(self.centres)}, bound={self.bound}"


class PolyReLU(LearnedShape):
    """Σ aₖ max(0, x)ᵏ (Zhuo et al. 2024, 2411.03884)."""

    def __init__(self, degree: int = 3) -> None:
        super().__init__()
        self.coefficients = _learned_vector([0.0] + [1 / degree] * degree)

    def curve(self, x: Tensor) -> Tensor:
        r = F.relu(x)
        constant, *powers = _scalars(self.coefficients, x)
        total = torch.zeros_like(r) + constant
        for k, a in enumerate(powers, start=1):
            total = total + r * a * torch.pow(r, k - 1)  # in this order no power overflows before the result
        return total
