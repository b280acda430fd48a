"""What a number of seeds can be expected to show, and how many more seeds an undecided comparison needs.

Every standard deviation here is that of the paired differences. Two arms whose scores vary by σ from seed to seed
and do not vary together differ by σ·√2.
"""

import numpy as np
import numpy.typing as npt

from reluctant.statistics.distributions import Floats, normal_below, std_bound, std_ratios, t_quantiles

LARGEST = 10_000  # seeds; nobody trains more
MOST = 100  # more seeds than this are not worth it
SURE = 0.8  # confidence of the upper bound of the standard deviation
PLANNED = 0.925  # probability of a verdict at that bound, so that 80 % is kept: see docs/statistics.md
EXTENDED_LEVEL = 0.025  # level of significance after a study was extended

Whole = npt.NDArray[np.int64]


def difference_power(
    n: npt.ArrayLike, std: float, difference: float, *, level: float = 0.05, comparisons: int = 1
) -> Floats:
    """The probability that the paired t test of n seeds finds a true difference, any shape of n ≥ 2.

    A rejection on either side counts (noncentral t). With several comparisons the first, strictest step
    of Holm's correction is assumed, level / comparisons; the truth is at least this.
    """
    return _within_and_beyond(n, std, difference, 0.0, level, comparisons)[1]


def equivalence_power(
    n: npt.ArrayLike, std: float, margin: float, difference: float = 0.0, confidence: float = 0.95
) -> Floats:
    """The probability that the interval of n seeds lies wholly inside ±margin, any shape of n ≥ 2.

    The same as two one-sided tests at (1 − confidence)/2 each (Schuirmann 1987).
    """
    return _within_and_beyond(n, std, difference, margin, 1 - confidence, 1)[0]


def seeds_for_equivalence(std: float, margin: float, power: float = 0.8, confidence: float = 0.95) -> int | None:
    """The fewest seeds that show two equal arms to be the same within ±margin with this power.

    None where 10,000 are too few (a margin of 0 above all).
    """
    if margin <= 0:
        return None
    low, high = 1, 2
    while high < LARGEST and equivalence_power(high, std, margin, confidence=confidence) < power:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        enough = equivalence_power(middle, std, margin, confidence=confidence) >= power
        low, high = (low, middle) if enough else (middle, high)
    return high if high <= LARGEST else None


def _within_and_beyond(
    n: npt.ArrayLike, std: float, difference: float, margin: float, level: float, comparisons: int
) -> tuple[Floats, Floats]:
    count = np.asarray(n, float)
    error = std / np.sqrt(count)
    return split(count, difference / error, 1.0, margin / error, level, comparisons)


def split(
    n: npt.ArrayLike, centre: npt.ArrayLike, width: npt.ArrayLike, margin: npt.ArrayLike, level: float, comparisons: int
) -> tuple[Floats, Floats]:
    """The probabilities of an interval inside ±margin and of a significant difference outside it, any shape.

    Measured in standard errors σ/√n of a mean of n differences: the mean is normal about `centre` with
    standard deviation `width`, the estimate of σ independent of it. The two never overlap and may add up to 1.
    """
    count, middle, spread, edge = np.broadcast_arrays(n, centre, width, margin)
    shares, weights = std_ratios(count - 1)
    quantiles = t_quantiles([[1 - level / 2], [1 - level / 2 / comparisons]], count.ravel() - 1)
    inside, outside = quantiles.reshape(2, *count.shape, 1) * shares
    middle, spread = middle[..., None], spread[..., None]
    reach = np.maximum(edge[..., None] - inside, 0.0)  # |mean| below this: the interval lies inside
    beyond = np.maximum(outside, reach)  # what is the same is not also different
    same = normal_below((reach - middle) / spread) - normal_below((-reach - middle) / spread)
    different = normal_below((-beyond - middle) / spread) + normal_below((middle - beyond) / spread)
    return same @ weights, different @ weights


def more_seeds(std: float, n: int, margin: float, comparisons: int = 1, *, mean: float) -> tuple[int, int] | None:
    """How many seeds beyond n will decide a comparison: the estimate and the promise.

    Whatever the true difference is, after the promised number at least 80 % of comparisons are decided, at the level
    of an extended study. The promise is planned with the upper bound of the standard deviation, the estimate with the
    standard deviation as it is. `mean` and `std` are those of the n differences so far, the `comparisons` those that
    are corrected together. None where no number can be promised (a margin of 0, under two seeds) or more than 100 are
    needed.
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
    seeds = np.asarray(n, float)
    total = seeds + np.maximum(extra, 1)
    error = np.asarray(std, float) / np.sqrt(total)
    moved = np.sqrt(total / seeds - 1)
    same, different = split(total, np.abs(mean) / error, moved, margin / error, EXTENDED_LEVEL, comparisons)
    return same + different
