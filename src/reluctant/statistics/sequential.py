"""Tests that may be looked at after every seed: a p-value and an interval that hold at all looks together.

Student's t does not depend on the unit of the scores, so one simulation of standard normal differences gives the exact
boundary for all of them. docs/statistics.md describes the method and its sources.
"""

from functools import cache

import numpy as np
import numpy.typing as npt

from reluctant.statistics.distributions import Floats, spread_of, t_quantiles

FIRST, LAST = 3, 105  # seeds of the first and of the last look; later seeds move no verdict
USUAL = 5  # the size of most studies: a third of the level is spent there
USUAL_WEIGHT = 3.0

# What the smallest p / weight over all looks is worth. Row: log10 of the smallest value s, then P(smallest ≤ s) / s for
# normal differences without an effect. Written by `python -m benchmarks.boundary`; the first two rows are extrapolated.
_NULL = (
    -9.00, 25.304,
    -7.00, 20.304,
    -5.00, 15.304,
    -4.75, 14.593,
    -4.50, 13.904,
    -4.25, 13.427,
    -4.00, 12.795,
    -3.75, 12.175,
    -3.50, 11.530,
    -3.25, 10.896,
    -3.00, 10.262,
    -2.75, 9.580,
    -2.50, 8.898,
    -2.25, 8.182,
    -2.00, 7.464,
    -1.75, 6.722,
    -1.50, 5.974,
    -1.25, 5.220,
    -1.00, 4.472,
    -0.75, 3.739,
    -0.50, 3.054,
)  # fmt: skip

_LOG_S, _RATIO = np.array(_NULL, float).reshape(-1, 2).T


def look_weights(n: npt.ArrayLike) -> Floats:
    """The weight of the look at n seeds, any shape: √(n / 105), and 3 at five seeds.

    The look at n is allowed the level s · weight, for one s that is the same for all looks. NaN outside 3 to 105.
    """
    seeds = np.asarray(n, float)
    weights = np.where(seeds == USUAL, USUAL_WEIGHT, np.sqrt(seeds / LAST))
    return np.where((seeds >= FIRST) & (seeds <= LAST), weights, np.nan)


def overall_p(smallest: npt.ArrayLike) -> Floats:
    """The probability, without an effect, that the smallest one-sided p / weight of all looks is at most this."""
    s = np.asarray(smallest, float)
    log = np.log10(np.maximum(s, 10.0 ** _LOG_S[0]))
    p: Floats = np.minimum(10.0**log * np.interp(log, _LOG_S, _RATIO), 1.0)
    return np.where(np.isnan(s), np.nan, p)


def look_level(level: float) -> float:
    """The s whose `overall_p` is this one-sided level: the look at n seeds tests at s · weight(n)."""
    log_p = _LOG_S + np.log10(_RATIO)
    return float(10.0 ** np.interp(np.log10(level), log_p, _LOG_S))


def one_sided(mean: npt.ArrayLike, std: npt.ArrayLike, n: npt.ArrayLike, bound: float = 0.0) -> Floats:
    """For every look: P(t at least as large) if the true mean were `bound`, any shape; NaN without a spread."""
    from scipy.special import stdtr

    seeds, spread = np.asarray(n, float), np.asarray(std, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (np.asarray(mean, float) - bound) * np.sqrt(seeds) / np.where(spread > 0, spread, np.nan)
    p: Floats = stdtr(seeds - 1, -t)
    return p


def running_moments(first: Floats, second: Floats, resolution: float = 0.0) -> tuple[Floats, Floats, Floats]:
    """Mean, standard deviation and number of the first n paired differences, for every look at n = 3 to 105 seeds.

    The standard deviation is that of `mean_and_std`: rounding to steps of `resolution` is added. Shape (looks,) each.
    """
    n = np.arange(FIRST, min(len(first), LAST) + 1)
    if not len(n):
        return np.empty(0), np.empty(0), np.empty(0)
    one, two = first[: n[-1]], second[: n[-1]]
    differences, last = one - two, (np.arange(len(n)), n - 1)
    # Sums from the first seed on, one after the other: what a look finds does not depend on the seeds after it.
    mean = np.cumsum(differences)[n - 1] / n
    squares = np.cumsum((differences - mean[:, None]) ** 2, axis=-1)[last]  # (looks,)
    std = np.sqrt(squares / (n - 1))
    largest = np.maximum.accumulate(np.maximum(np.abs(one), np.abs(two)))[n - 1]
    return mean, np.sqrt(spread_of(std, largest) ** 2 + resolution**2 / 6), n.astype(float)


def sequential_p(mean: Floats, std: Floats, n: Floats) -> Floats:
    """The two-sided p of a mean of 0 that holds at all looks so far, one value per look, shape (..., looks).

    It never grows from one look to the next.
    """
    sides = []
    for sign in (1.0, -1.0):
        p = one_sided(sign * mean, std, n) / look_weights(n)
        sides.append(np.minimum.accumulate(np.where(np.isnan(p), np.inf, p), axis=-1))
    smallest = np.minimum(*sides)
    return np.where(np.isfinite(smallest), np.minimum(2 * overall_p(smallest), 1.0), 1.0)


def sequential_bounds(mean: Floats, std: Floats, n: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Low and high end of the interval that holds at all looks together, one per look, shape (..., looks).

    What the intervals mean ± t·s/√n of all looks so far have in common; infinite before one has a spread.
    """
    half = critical_values(confidence)[np.asarray(n, int) - FIRST] * std / np.sqrt(n)
    half = np.where(std > 0, half, np.inf)
    return np.maximum.accumulate(mean - half, axis=-1), np.minimum.accumulate(mean + half, axis=-1)


@cache
def critical_values(confidence: float) -> Floats:
    """How many standard errors an interval reaches to either side at every look, shape (103,), at 3 to 105 seeds."""
    n = np.arange(FIRST, LAST + 1)
    return t_quantiles(1 - look_level((1 - confidence) / 2) * look_weights(n), n - 1)
