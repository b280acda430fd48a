"""An activation as a function of numbers, and the points at which it is looked at."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

Floats = npt.NDArray[np.float64]

REACH = 30.0  # what is near ends here
STEP = 1e-3
SMALL = 1e-12  # what rounding in double precision may be responsible for


class Function:
    """A module in double precision and evaluation mode, at its parameters' start: f and autograd's f′."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module.double().eval().requires_grad_(False)

    def __call__(self, x: Floats) -> Floats:
        """The values at these points."""
        with torch.no_grad():
            return np.asarray(self.module(torch.tensor(x)).numpy(), float)

    def slope(self, x: Floats) -> Floats:
        """What autograd passes back at each point; zero where nothing comes back."""
        points = torch.tensor(x, requires_grad=True)
        with torch.enable_grad():
            y = self.module(points)
        if not y.requires_grad:
            return np.zeros_like(x)
        (found,) = torch.autograd.grad(y.sum(), points, allow_unused=True)
        return np.zeros_like(x) if found is None else np.asarray(found.numpy(), float)

    def quotient(self, x: Floats) -> Floats:
        """The slope from values alone, to about ten digits away from breaks."""
        return difference(self, x)

    def curvature(self, x: Floats) -> Floats:
        """f″ from autograd's slopes: autograd itself has no second derivative of some, or a false one."""
        return difference(self.slope, x)


def difference(f: Callable[[Floats], Floats], x: Floats, h: float = 1e-5) -> Floats:
    """The difference quotient of fourth order."""
    found: Floats = (f(x - 2 * h) - 8 * f(x - h) + 8 * f(x + h) - f(x + 2 * h)) / (12 * h)
    return found


@contextmanager
def one_thread() -> Iterator[None]:
    """Within it PyTorch uses one thread: the arrays are small, and the machine may be busy."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@cache
def near() -> Floats:
    """Every thousandth from −30 to 30, and geometrically dense about zero."""
    even = np.arange(round(-REACH / STEP), round(REACH / STEP) + 1) * STEP
    dense = np.geomspace(1e-9, 1, 4000)
    points: Floats = np.unique(np.concatenate([even, dense, -dense]))
    return points


@cache
def between() -> Floats:
    """As even as a ruler, and never on a point where somebody would put a break."""
    points: Floats = np.arange(round(-REACH / STEP), round(REACH / STEP)) * STEP + STEP * (np.sqrt(2) - 1)
    return points


@cache
def far() -> Floats:
    """From 30 to 10⁹, ever wider."""
    return np.geomspace(REACH, 1e9, 2001)


def tidy(value: float) -> float:
    """The value without what rounding left: twelve decimals, and no minus zero."""
    return round(float(value), 12) + 0.0


def border(holds: Callable[[float], bool], low: float, high: float) -> float:
    """Where between two points something changes from holding to not holding, to double precision."""
    first = holds(low)
    for _ in range(80):
        middle = (low + high) / 2
        if not low < middle < high:
            break
        if holds(middle) == first:
            low = middle
        else:
            high = middle
    return tidy(high)


def at(f: Callable[[Floats], Floats], x: float) -> float:
    """One value of a function of arrays."""
    return float(f(np.array([x]))[0])
