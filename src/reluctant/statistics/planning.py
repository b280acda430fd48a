"""How many more seeds an undecided comparison needs, and whether they are worth it."""

import numpy as np
import numpy.typing as npt

from reluctant.statistics.distributions import Floats, std_bound
from reluctant.statistics.power import split

MOST = 100  # more seeds than this are not worth it
SURE = 0.8  # confidence of the upper bound of the standard deviation
PLANNED = 0.925  # probability of a verdict at that bound, so that 80 % is kept: see docs/statistics.md
EXTENDED_LEVEL = 0.025  # level of significance after a study was extended

Whole = npt.NDArray[np.int64]


def more_seeds(std: float, n: int, margin: float, comparisons: int = 1, *, mean: float) -> tuple[int, int] | None:
    """How many seeds beyond n will decide a comparison: the estimate and the promise.

    Whatever the true difference is, after the promised number at least 80 % of comparisons are decided, at
    the level of an extended study. The promise is planned with the upper bound of the standard deviation, the
    estimate with the standard deviation as it is.

    Args:
        std: Standard deviation of the n differences.
        n: Shared seeds so far.
        margin: Differences below this do not matter.
        comparisons: How many comparisons are corrected together.
        mean: Mean of the n differences.

    Returns:
        (estimate, promise); None where no number can be promised (a margin of 0, under two seeds) or more
        than 100 are needed.
    """
    if n < 2 or margin <= 0 or not std > 0:
        return None
    most = int(planned(mean, std_bound(std, n, SURE), n, margin, comparisons))
    least = int(planned(mean, std, n, margin, comparisons))
    return None if most > MOST else (min(least, most), most)


def planned(mean: npt.ArrayLike, std: npt.ArrayLike, n: npt.ArrayLike, margin: float, comparisons: int = 1) -> Whole:
    """The number of more seeds after which a comparison is decided with probability `PLANNED`, any shape.

    `MOST` + 1 where `MOST` are too few. `std` is used as the true one. Computed by bisection: the
    probability grows with the seeds.
    """
    mean, std, n = np.broadcast_arrays(mean, std, n)
    low, high = np.zeros(n.shape, np.int64), np.full(n.shape, MOST + 1)  # too few, enough
    while np.any(high - low > 1):
        middle = (low + high + 1) // 2  # never 0; where all is interval, `high` once more
        enough = decision_probability(middle, mean, std, n, margin, comparisons) >= PLANNED
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return high


def decision_probability(
    extra: npt.ArrayLike, mean: npt.ArrayLike, std: npt.ArrayLike, n: npt.ArrayLike, margin: float, comparisons: int = 1
) -> Floats:
    """The probability that a comparison undecided at n seeds is decided after `extra` more, any shape.

    Predicted from the n differences, any true difference being as likely as any other: the mean of all
    N = n + extra differences is then normal about the mean of the n, with variance σ²(1/n − 1/N).
    """
    seen = np.asarray(n, float)
    total = seen + np.maximum(extra, 1)
    error = np.asarray(std, float) / np.sqrt(total)
    moved = np.sqrt(total / seen - 1)
    same, different = split(total, np.abs(mean) / error, moved, margin / error, EXTENDED_LEVEL, comparisons)
    return same + different
