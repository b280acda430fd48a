"""What a number of seeds can be expected to show, and how many more seeds an undecided comparison needs.

Every standard deviation here is that of the paired differences. Two arms whose scores vary by σ from seed to seed
and do not vary together differ by σ·√2.
"""

import numpy as np
import numpy.typing as npt

from reluctant.statistics.distributions import Floats, normal_below, std_bound, std_ratios, t_quantiles
from reluctant.statistics.sequential import LAST, look_level, look_weights

LARGEST = 10_000  # seeds; nobody trains more
MOST = 100  # more seeds beyond five: then comes the last look
SURE = 0.8  # confidence of the upper bound of the standard deviation
PLANNED = 0.925  # probability of a verdict at that bound, so that 80 % is kept: see docs/statistics.md
LEVEL = 0.05  # shared by all comparisons, or claims, of a study and by all looks

Whole = npt.NDArray[np.int64]


def difference_power(
    n: npt.ArrayLike, std: float, difference: float, *, level: float = 0.05, comparisons: int = 1
) -> Floats:
    """The probability that the paired t test of n seeds finds a true difference, any shape of n ≥ 2.

    A rejection on either side counts (noncentral t). Several comparisons share the level (Bonferroni). One look at a
    complete study is assumed.
    """
    return _within_and_beyond(n, std, difference, 0.0, level / comparisons)[1]


def equivalence_power(
    n: npt.ArrayLike, std: float, margin: float, difference: float = 0.0, confidence: float = 0.95
) -> Floats:
    """The probability that the interval of n seeds lies wholly inside ±margin, any shape of n ≥ 2.

    The same as two one-sided tests at (1 − confidence)/2 each (Schuirmann 1987).
    """
    return _within_and_beyond(n, std, difference, margin, 1 - confidence)[0]


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
    n: npt.ArrayLike, std: float, difference: float, margin: float, level: float
) -> tuple[Floats, Floats]:
    count = np.asarray(n, float)
    error = std / np.sqrt(count)
    return split(count, difference / error, 1.0, margin / error, level)


def split(
    n: npt.ArrayLike, centre: npt.ArrayLike, width: npt.ArrayLike, margin: npt.ArrayLike, level: npt.ArrayLike
) -> tuple[Floats, Floats]:
    """The probabilities of an interval inside ±margin and of one that lies outside it and excludes 0, any shape.

    Measured in standard errors σ/√n of a mean of n differences: the mean is normal about `centre` with
    standard deviation `width`, the estimate of σ independent of it. The two never overlap and may add up to 1.
    """
    count, middle, spread, edge, tail = np.broadcast_arrays(n, centre, width, margin, level)
    shares, weights = std_ratios(count - 1)
    half = t_quantiles(1 - tail / 2, count - 1)[..., None] * shares
    middle, spread = middle[..., None], spread[..., None]
    reach = np.maximum(edge[..., None] - half, 0.0)  # |mean| below this: the interval lies inside
    beyond = np.maximum(half, reach)  # what is the same is not also different
    same = normal_below((reach - middle) / spread) - normal_below((-reach - middle) / spread)
    different = normal_below((-beyond - middle) / spread) + normal_below((middle - beyond) / spread)
    return same @ weights, different @ weights


def more_seeds(std: float, n: int, margin: float, comparisons: int = 1, *, mean: float) -> tuple[int, int] | None:
    """How many seeds beyond n will decide a comparison: the estimate and the promise.

    Up to a standard deviation of 1.5 margins, at least 80 % of comparisons are decided at the look after the promised
    number. Above that a number is named only where the first seeds are by chance more alike than usual, and holds less
    often (33 to 67 % of comparisons at 3 margins). The promise is planned with the upper bound of the standard
    deviation, the estimate with the standard deviation as it is. `mean` and `std` are those of the n differences so
    far, the `comparisons` those that are decided together. None where no number can be promised (a margin of 0, under
    two seeds) and where the last look (105 seeds) is too early.
    """
    if n < 2 or margin <= 0 or not std > 0:
        return None
    most = int(planned(mean, std_bound(std, n, SURE), n, margin, comparisons))
    if most > MOST:
        return None
    return min(int(planned(mean, std, n, margin, comparisons)), most), most


def planned(mean: npt.ArrayLike, std: npt.ArrayLike, n: npt.ArrayLike, margin: float, comparisons: int = 1) -> Whole:
    """The number of more seeds after which a comparison is decided with probability `PLANNED`, any shape.

    `MOST` + 1 where the last look is too early. `std` is used as the true one. Computed by bisection: the probability
    grows with the seeds.
    """
    mean, std, n = np.broadcast_arrays(mean, std, n)
    beyond = np.maximum(np.minimum(MOST, LAST - n), 0) + 1
    last = decision_probability(np.maximum(beyond - 1, 1), mean, std, n, margin, comparisons)
    if np.all((last < PLANNED) & (beyond > 1)):
        return np.full(n.shape, MOST + 1)  # the probability grows with the seeds, and the last look is too early
    low, high = np.zeros(n.shape, np.int64), beyond  # too few, enough
    while np.any(high - low > 1):
        middle = (low + high + 1) // 2  # never 0; where all is interval, `high` once more
        enough = decision_probability(middle, mean, std, n, margin, comparisons) >= PLANNED
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.where(high < beyond, high, MOST + 1)


def decision_probability(
    extra: npt.ArrayLike, mean: npt.ArrayLike, std: npt.ArrayLike, n: npt.ArrayLike, margin: float, comparisons: int = 1
) -> Floats:
    """The probability that a comparison undecided at n seeds is decided after `extra` more, any shape.

    Predicted from the n differences, any true difference being as likely as any other: the mean of all
    N = n + extra differences is then normal about the mean of the n, with variance σ²(1/n − 1/N). Only the look at N
    counts; 0 beyond the last one.
    """
    seeds = np.asarray(n, float)
    total = seeds + np.maximum(extra, 1)
    level = np.nan_to_num(2 * look_level(LEVEL / 2 / comparisons) * look_weights(total))
    error = np.asarray(std, float) / np.sqrt(total)
    moved = np.sqrt(total / seeds - 1)
    same, different = split(total, np.abs(mean) / error, moved, margin / error, level)
    return np.where(level > 0, same + different, 0.0)
