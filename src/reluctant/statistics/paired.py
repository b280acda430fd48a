"""Differences of two arms that share their seeds: mean, interval, test, and what stands beside."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reluctant.statistics.distributions import Floats, t_two_sided
from reluctant.statistics.interval import half_width
from reluctant.statistics.sign_flip import FEWEST, MOST, sign_flip_p

HUGE = 1e150  # beyond this a square overflows; such a score is as good as infinite


@dataclass(frozen=True)
class Difference:
    """The difference of two arms over the seeds they share: first minus second, in the metric's own unit.

    `low`, `high`, `p` and `corrected` are None under two shared seeds, and where all differences are one
    number that is not 0 and the score has no known resolution: no spread, nothing to judge by.
    """

    n: int  # shared seeds with two finite scores
    mean: float  # NaN for n = 0
    std: float  # of the differences (n − 1), that of rounding added; NaN for n < 2
    low: float | None  # Student's t interval of the mean
    high: float | None
    confidence: float
    p: float | None  # paired t test, two-sided
    corrected: float | None  # p after Holm's correction within its family; p itself until `holm` was applied
    sign_flip: float | None  # exact, two-sided, for 6 to 30 pairs; it never decides
    effect: float | None  # mean / std (Cohen's d_z); None for an std of 0
    improvement: float | None  # probability that a run of the first beats one of the second; None for n = 0


def paired(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    *,
    confidence: float = 0.95,
    resolution: float = 0.0,
    higher: bool = True,
) -> Difference:
    """What the seeds say about first minus second; two arrays (n,), the same seed at the same place.

    A pair with a score that is missing, diverged or beyond ±1e150 (NaN, ±∞) is left out. `resolution` is one
    step of the score (1 / test images; 0 for a continuous one, such as the loss): see `moments`. With a
    resolution of 0, equal differences give p = 1 where they are all 0, and no p and no interval elsewhere.
    `higher` says which of two scores wins in `improvement`. Arrays of different lengths: `ValueError`.
    """
    one, two = _shared(first, second)
    n = len(one)
    improvement = _improvement(one, two) if n else None
    if n and not higher:
        improvement = _improvement(two, one)
    if n < 2:
        mean = float(one[0] - two[0]) if n else float("nan")
        return Difference(n, mean, float("nan"), *(None, None), confidence, *(None,) * 4, improvement)
    mean, std = map(float, mean_and_std(one, two, resolution=resolution))
    low, high, p = _student(mean, std, n, confidence)
    return Difference(
        n=n,
        mean=mean,
        std=std,
        low=low,
        high=high,
        confidence=confidence,
        p=p,
        corrected=p,
        sign_flip=sign_flip_p(one - two) if FEWEST <= n <= MOST else None,
        effect=mean / std if std else None,
        improvement=improvement,
    )


def _shared(first: npt.ArrayLike, second: npt.ArrayLike) -> tuple[Floats, Floats]:
    one, two = np.asarray(first, float), np.asarray(second, float)
    if one.ndim != 1 or one.shape != two.shape:
        raise ValueError(f"paired scores are two arrays (n,), a place per seed, not {one.shape}, {two.shape}")
    whole = (np.abs(one) < HUGE) & (np.abs(two) < HUGE)  # NaN is not smaller either
    return one[whole], two[whole]


def mean_and_std(first: Floats, second: Floats, *, resolution: float = 0.0) -> tuple[Floats, Floats]:
    """Mean and standard deviation (n − 1) of the paired differences, each (...), of two arrays (..., n).

    √(s² + r²/6): to the differences' own variance comes that of two scores each rounded to a whole step
    (r²/12 each), r being the `resolution`. On 360 images five differences may well be equal, or nearly, and
    would otherwise claim a certainty that nobody has; added, and not only set as a floor, because a floor
    leaves up to 7 % false differences on such scores. A spread within floating point's own rounding is none.
    """
    differences = first - second
    std = differences.std(axis=-1, ddof=1)
    rounding = 4 * np.finfo(float).eps * np.maximum(np.abs(first), np.abs(second)).max(axis=-1)
    spread = np.where(std > rounding, std, 0.0)
    return differences.mean(axis=-1), np.sqrt(spread**2 + resolution**2 / 6)


def t_test(mean: npt.ArrayLike, std: npt.ArrayLike, n: npt.ArrayLike) -> Floats:
    """Two-sided p of Student's test that a mean of n differences is 0, any shape.

    For an std of 0: 1 where the mean is 0, else NaN.
    """
    centre, spread, count = (np.asarray(value, float) for value in (mean, std, n))
    flat = spread == 0
    t = centre * np.sqrt(count) / np.where(flat, 1.0, spread)
    return np.where(flat, np.where(centre == 0, 1.0, np.nan), t_two_sided(t, count - 1))


def _student(
    mean: float, std: float, n: int, confidence: float
) -> tuple[float | None, float | None, float | None]:
    if std == 0 and mean != 0:
        return None, None, None
    half = float(half_width(std, n, confidence))
    return mean - half, mean + half, float(t_test(mean, std, n))


def _improvement(better: Floats, worse: Floats) -> float:
    """The share of all n × n pairs in which the first is larger, ties half (Agarwal et al. 2021)."""
    gaps = np.sign(better[:, None] - worse[None, :])
    return float((gaps.mean() + 1) / 2)
