"""How many further seeds an undecided comparison needs, and whether they are worth it."""

import numpy as np
import numpy.typing as npt

from reluctant.statistics.distributions import Floats, deviation_bound
from reluctant.statistics.power import split

MOST = 100  # further seeds; more are not worth it
SURE = 0.8  # confidence of the deviation's upper bound
PLANNED = 0.925  # probability of a verdict at that bound, so that 80 % is kept: see docs/statistics.md
GROWN = 0.025  # the level that holds once a study has grown

Whole = npt.NDArray[np.int64]


def further_seeds(
    deviation: float, n: int, margin: float, comparisons: int = 1, *, mean: float
) -> tuple[int, int] | None:
    """How many seeds beyond n will decide a comparison: as few as (planned), as many as (promised).

    `mean` and `deviation` are those of the n differences. Whatever the true difference is, after the larger
    number at least 80 % of comparisons are decided, at the level that then holds: it is planned with the
    upper bound of the deviation, the smaller number with the deviation as it is.
    None where no number can be promised (a margin of 0, under two seeds) or more than 100 are needed.
    """
    if n < 2 or margin <= 0 or not deviation > 0:
        return None
    most = int(planned(mean, deviation_bound(deviation, n, SURE), n, margin, comparisons))
    least = int(planned(mean, deviation, n, margin, comparisons))
    return None if most > MOST else (min(least, most), most)


def planned(
    mean: npt.ArrayLike, deviation: npt.ArrayLike, n: npt.ArrayLike, margin: float, comparisons: int = 1
) -> Whole:
    """The further seeds after which a comparison is decided with probability `PLANNED`, any shape.

    `MOST` + 1 where `MOST` are too few. `deviation` is taken for the true one. Found by bisection: the
    probability grows with the seeds.
    """
    mean, deviation, n = np.broadcast_arrays(mean, deviation, n)
    low, high = np.zeros(n.shape, np.int64), np.full(n.shape, MOST + 1)  # too few, enough
    while np.any(high - low > 1):
        middle = (low + high + 1) // 2  # never 0; where all is found, `high` once more
        enough = decision_probability(middle, mean, deviation, n, margin, comparisons) >= PLANNED
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return high


def decision_probability(
    further: npt.ArrayLike,
    mean: npt.ArrayLike,
    deviation: npt.ArrayLike,
    n: npt.ArrayLike,
    margin: float,
    comparisons: int = 1,
) -> Floats:
    """The probability that a comparison undecided at n seeds is decided after `further` more, any shape.

    Predicted from what was seen, any true difference being as likely as any other: the mean of all
    N = n + further differences is then normal about the mean of the n, with variance σ²(1/n − 1/N).
    """
    seen = np.asarray(n, float)
    total = seen + np.maximum(further, 1)
    error = np.asarray(deviation, float) / np.sqrt(total)
    moved = np.sqrt(total / seen - 1)
    same, different = split(total, np.abs(mean) / error, moved, margin / error, GROWN, comparisons)
    return same + different
