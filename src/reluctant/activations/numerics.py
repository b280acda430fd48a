"""Numerical analysis of an activation that is a function of one number: values, slopes, range, limits."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from math import inf
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

Floats = npt.NDArray[np.float64]
Numbers = TypeVar("Numbers", Tensor, Floats)

REACH = 30.0  # `near_points` and `between_points` cover [−REACH, REACH]
STEP = 1e-3
ROUNDING = 1e-12  # a difference that rounding in double precision may cause
CURVE_LIMIT = 5.0  # a sampled curve covers [−CURVE_LIMIT, CURVE_LIMIT]
CURVE_POINTS = 101


def values_and_slopes(module: nn.Module, x: Tensor, *, strict: bool = False) -> tuple[Tensor, Tensor]:
    """f(x) and autograd's f′(x) at every point; slopes of zero if no gradient reaches x.

    The module gets a copy of x, so that a module that works in place does not change x itself. With `strict`,
    autograd's RuntimeError is raised instead of returning slopes of zero.
    """
    x = x.detach().clone().requires_grad_()
    with torch.enable_grad():
        y: Tensor = module(x.clone())
        if not y.requires_grad and not strict:
            return y, torch.zeros_like(x)
        (slope,) = torch.autograd.grad(y.sum(), x, allow_unused=not strict)
    return y.detach(), torch.zeros_like(x) if slope is None else slope


def difference_quotient(f: Callable[[Numbers], Numbers], x: Numbers, h: float = 1e-5) -> Numbers:
    """f′(x) from values alone, of fourth order: about ten digits away from kinks."""
    return (f(x - 2 * h) - 8 * f(x - h) + 8 * f(x + h) - f(x + 2 * h)) / (12 * h)


class ScalarFunction:
    """A module as a function of NumPy arrays, in double precision and evaluation mode, before any training.

    It changes the module in place: to double precision and to evaluation mode.
    """

    def __init__(self, module: nn.Module) -> None:
        self.module = module.double().eval()

    def __call__(self, x: Floats) -> Floats:
        """f(x)."""
        with torch.no_grad():
            return np.asarray(self.module(torch.tensor(x)).numpy(), float)

    def slope(self, x: Floats) -> Floats:
        """Autograd's f′(x); zero if no gradient reaches x."""
        _, slope = values_and_slopes(self.module, torch.tensor(x))
        return np.asarray(slope.numpy(), float)

    def curvature(self, x: Floats) -> Floats:
        """f″(x) as a difference quotient of slopes: autograd's second derivative may be missing or wrong."""
        return difference_quotient(self.slope, x)


@dataclass(frozen=True)
class EndBehaviour:
    """How a function behaves at −∞ or ∞."""

    limit: float | None  # None: it has no limit
    growth: float | None  # limit of f(x)/x. None: it has none; ∞: faster than any line


def end_behaviour(f: Callable[[Floats], Floats], sign: int) -> EndBehaviour:
    """The behaviour at ∞ (`sign` 1) or −∞ (−1), from values between 30 and 10⁹ in size.

    A limit that is approached slowly is rounded to six decimals.
    """
    x = sign * far_points()
    with np.errstate(all="ignore"):
        y = f(x)
        return EndBehaviour(_limit(y), _limit(y / x))


def _limit(y: Floats) -> float | None:
    """The limit of values at `far_points`: finite, ±∞ for steady growth, or None."""
    last = y[-200:]  # from about 2·10⁸ on
    if np.isfinite(last).all() and np.ptp(last) <= 1e-6 * (1 + abs(last[-1])):
        return round_off(last[-1]) if np.ptp(last) < ROUNDING else round(float(last[-1]), 6) + 0.0
    size = np.abs(y)
    grows = bool((size[1:] >= size[:-1]).all()) and bool((np.sign(y) == np.sign(y[-1])).all())
    return float(np.copysign(inf, y[-1])) if grows and size[-1] > 15 else None


def never_falls(f: Callable[[Floats], Floats]) -> bool:
    """Whether f is monotone: no step between neighbouring `near_points` leads down."""
    y = f(near_points())
    return bool((np.diff(y) >= -ROUNDING * (1 + np.abs(y[1:]))).all())


def observed_range(f: Callable[[Floats], Floats]) -> tuple[float, float]:
    """The smallest and the largest value at `near_points` and, on both sides, at `far_points`."""
    with np.errstate(all="ignore"):
        y = np.concatenate([f(near_points()), f(far_points()), f(-far_points())])
    return float(y.min()), float(y.max())


@cache
def near_points() -> Floats:
    """Multiples of 0.001 from −30 to 30, and a geometric grid around zero."""
    even = np.arange(round(-REACH / STEP), round(REACH / STEP) + 1) * STEP
    dense = np.geomspace(1e-9, 1, 4000)
    points: Floats = np.unique(np.concatenate([even, dense, -dense]))
    return points


@cache
def between_points() -> Floats:
    """An even grid from −30 to 30 that avoids the numbers at which functions usually have a kink."""
    points: Floats = np.arange(round(-REACH / STEP), round(REACH / STEP)) * STEP + STEP * (np.sqrt(2) - 1)
    return points


@cache
def far_points() -> Floats:
    """A geometric grid from 30 to 10⁹."""
    return np.geomspace(REACH, 1e9, 2001)


def round_off(value: float) -> float:
    """The value rounded to twelve decimals, without a minus sign on zero."""
    return round(float(value), 12) + 0.0


@contextmanager
def single_thread() -> Iterator[None]:
    """PyTorch uses one thread inside the block: the arrays are small, and the machine may be busy."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def sample_curve(module: nn.Module) -> dict[str, Any] | None:
    """The curve for a record: `f` and its `slope` at 101 even points of `x` = [−5, 5], with five digits.

    It comes from a copy in evaluation mode. None if the module does not map a line of points to a line of
    points, or if no gradient flows through it.
    """
    x = torch.linspace(-CURVE_LIMIT, CURVE_LIMIT, CURVE_POINTS, dtype=torch.float32)
    try:
        f, slope = values_and_slopes(copy.deepcopy(module).eval(), x, strict=True)
    except Exception:  # a run must not fail because its curve cannot be drawn
        return None
    return {"x": [-CURVE_LIMIT, CURVE_LIMIT], "f": _five_digits(f), "slope": _five_digits(slope)}


def _five_digits(values: Tensor) -> list[float | None]:
    return [float(f"{v:.5g}") if abs(v) < 1e30 else None for v in values.detach().tolist()]
