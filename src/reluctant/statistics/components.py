"""How much of a spread each of several crossed sources makes: components of variance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reluctant.statistics.distributions import Floats


@dataclass(frozen=True)
class Component:
    """What one source adds to the variance: its estimate, its share of the whole, a 95 % interval.

    `low` and `high` bound the variance (Williams 1962); None for the remainder and where nothing varies.
    """

    source: str
    levels: int
    variance: float
    share: float
    low: float | None = None
    high: float | None = None


REST = "rest"


def components(values: npt.ArrayLike, sources: Sequence[str], confidence: float = 0.95) -> list[Component]:
    """Components of variance of a full grid, one axis per source, one value per cell; then the `rest`.

    The model is y = μ + Σ main effects + rest, all effects random; the rest holds the interactions and what
    no source accounts for. From the mean squares: σ²(source) = (MS(source) − MS(rest)) / (cells / levels),
    not below 0. Sources of one level are left out. NaN shares where nothing varies at all; ValueError
    where a cell is not finite or missing. With one source alone there is no rest.
    """
    grid = np.asarray(values, float)
    if grid.ndim != len(sources) or not np.isfinite(grid).all():
        raise ValueError("a full grid of finite values is wanted, one axis per source")
    axes = [axis for axis in range(grid.ndim) if grid.shape[axis] > 1]
    mean = {axis: _main(grid, axis) / (grid.shape[axis] - 1) for axis in axes}
    freedom = grid.size - 1 - sum(grid.shape[axis] - 1 for axis in axes)
    explained = sum(square * (grid.shape[axis] - 1) for axis, square in mean.items())
    rest = max(0.0, float(((grid - grid.mean()) ** 2).sum()) - explained) / freedom if freedom else 0.0
    variance = {a: max(0.0, (mean[a] - rest) * grid.shape[a] / grid.size) for a in axes}
    total = sum(variance.values()) + rest
    found = [
        Component(sources[axis], grid.shape[axis], variance[axis], _share(variance[axis], total),
                  *_bounds(mean[axis], rest, grid.shape[axis], grid.size, freedom, confidence))
        for axis in axes
    ]  # fmt: skip
    return [*found, Component(REST, freedom, rest, _share(rest, total))] if freedom else found


def _main(grid: Floats, axis: int) -> float:
    """The sum of squares of one source's main effect."""
    others = tuple(a for a in range(grid.ndim) if a != axis)
    means = grid.mean(axis=others)
    return float(((means - grid.mean()) ** 2).sum() * grid.size / grid.shape[axis])


def _share(variance: float, total: float) -> float:
    return variance / total if total > 0 else float("nan")


def _bounds(
    mean: float, rest: float, levels: int, cells: int, freedom: int, confidence: float
) -> tuple[float | None, float | None]:
    """An interval of a source's variance from its mean square and that of the rest (Williams 1962).

    ν·(MS − F·MS_rest) / (n·χ²) at either end, for ν = levels − 1 and n = cells / levels; without a rest it is
    the usual interval of a variance.
    """
    from scipy.special import chdtri, fdtri

    own, tail = levels - 1, (1 - confidence) / 2
    if mean == 0 and rest == 0:
        return None, None

    def bound(below: float) -> float:
        critical = float(fdtri(own, freedom, below)) if freedom else 0.0
        spread = float(chdtri(own, 1 - below))  # the quantile that `below` of the mass lies under
        return max(0.0, own * (mean - critical * rest) * levels / (cells * spread))

    return bound(1 - tail), bound(tail)
