"""How much of a spread each of several crossed sources makes: components of variance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import prod

import numpy as np
import numpy.typing as npt

from reluctant.statistics.distributions import Floats

REST = "rest"
Subset = tuple[int, ...]  # axes of the grid


@dataclass(frozen=True)
class Component:
    """What one source adds to the variance: its estimate, its share of the whole, an interval.

    `low` and `high` bound the variance; None for the rest and where nothing varies.
    """

    source: str
    levels: int
    variance: float
    share: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Square:
    """A mean square and its degrees of freedom."""

    mean: float
    freedom: int


def components(values: npt.ArrayLike, sources: Sequence[str], confidence: float = 0.95) -> list[Component]:
    """Components of variance of a full grid, one axis per source, one value per cell; then the `rest`.

    All effects are random, interactions of every order among them (Cornfield & Tukey 1956). From the mean
    squares, σ²(S) = Σ over T ⊇ S of (−1)^(|T|−|S|)·MS(T), divided by the cells per level of S; not below 0.
    The rest holds all interactions, the last of which cannot be told from what no source accounts for.
    Sources of one level are left out. NaN shares where nothing varies at all; ValueError where a cell is not
    finite or missing. With one source alone there is no rest.
    """
    grid = np.asarray(values, float)
    if grid.ndim != len(sources) or not np.isfinite(grid).all():
        raise ValueError("a full grid of finite values is wanted, one axis per source")
    axes = [axis for axis in range(grid.ndim) if grid.shape[axis] > 1]
    squares = {each: _square(grid, each) for size in range(1, len(axes) + 1) for each in combinations(axes, size)}
    raw = {
        each: float(sum((-1) ** (len(s) - len(each)) * squares[s].mean for s in squares if set(s) >= set(each)))
        / _cells(grid, each)
        for each in squares
    }
    own = {axis: max(0.0, raw[axis,]) for axis in axes}
    rest = max(0.0, sum(value for each, value in raw.items() if len(each) > 1))
    total = sum(own.values()) + rest or float("nan")
    parts = [
        Component(sources[a], grid.shape[a], own[a], own[a] / total, *_bounds(squares, a, grid, own[a], confidence))
        for a in axes
    ]
    return [*parts, Component(REST, 0, rest, rest / total)] if len(axes) > 1 else parts


def _square(grid: Floats, subset: Subset) -> Square:
    """The mean square of an effect: its sum over the grid, each axis centred or averaged out."""
    effect = grid
    for axis in range(grid.ndim):
        mean = effect.mean(axis=axis, keepdims=True)
        effect = effect - mean if axis in subset else mean
    freedom = int(prod(grid.shape[axis] - 1 for axis in subset))
    return Square(float((effect**2).sum()) * _cells(grid, subset) / freedom, freedom)


def _cells(grid: Floats, subset: Subset) -> int:
    """How many cells share one level, or combination of levels, of these axes."""
    return grid.size // int(prod(grid.shape[axis] for axis in subset))


def _bounds(
    squares: Mapping[Subset, Square], axis: int, grid: Floats, estimate: float, confidence: float
) -> tuple[float | None, float | None]:
    """An interval of a source's variance (Williams 1962).

    ν·(MS − F·MS_error) / (n·χ²) at either end, for ν = levels − 1 and n cells per level. The error of a main
    effect is a sum of mean squares of its interactions, with the degrees of freedom of Satterthwaite (1946);
    without interactions it is the usual interval of a variance.
    """
    from scipy.special import chdtri, fdtri

    own, tail = squares[axis,], (1 - confidence) / 2
    parts = [((-1) ** len(s), each) for s, each in squares.items() if axis in s and len(s) > 1]
    error = max(0.0, sum(sign * each.mean for sign, each in parts))
    spread = sum(each.mean**2 / each.freedom for _, each in parts)
    freedom = error**2 / spread if spread > 0 else 0.0
    if own.mean == 0 and error == 0:
        return None, None

    def bound(below: float) -> float:
        critical = float(fdtri(own.freedom, freedom, below)) if freedom > 0 else 0.0
        quantile = float(chdtri(own.freedom, 1 - below))  # `below` of the mass lies under it
        return max(0.0, float(own.freedom * (own.mean - critical * error) / (_cells(grid, (axis,)) * quantile)))

    # With few degrees of freedom an error made up of several squares may push a bound past the estimate.
    return min(bound(1 - tail), estimate), max(bound(tail), estimate)
