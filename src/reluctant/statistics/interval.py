"""Intervals of an arm's mean, of its next run, and of the difference of two arms that share no seeds."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reluctant.statistics.distributions import Floats, t_quantile, t_quantiles, t_two_sided


@dataclass(frozen=True)
class Interval:
    """A mean of n values and its 95 % interval; the bounds are None under two values."""

    n: int
    mean: float
    low: float | None
    high: float | None

    @property
    def half(self) -> float | None:
        """Half the width of the interval: what is written behind ±."""
        return None if self.high is None else self.high - self.mean


def half_width(std: npt.ArrayLike, n: npt.ArrayLike, confidence: float = 0.95) -> Floats:
    """Half the width of Student's t interval of a mean, t·s/√n, any shape; NaN under two values."""
    count = np.asarray(n, float)
    error = np.asarray(std, float) / np.sqrt(count)
    return np.asarray(t_quantiles(0.5 + confidence / 2, count - 1) * error)


def mean_interval(values: npt.ArrayLike, confidence: float = 0.95, *, resolution: float = 0.0) -> Interval:
    """Student's t interval of the mean of independent values (one per seed), shape (n,).

    `resolution` is one step of the values (1 / test items): rounding to it adds r²/12 to their variance, so that equal
    scores have an interval too.
    No interval for n = 1; NaN for the mean of none. A value that is not finite makes the mean NaN, without
    an interval: a diverged run is not to be averaged away.
    """
    return _around_the_mean(values, confidence, 0, resolution)


def prediction_interval(values: npt.ArrayLike, confidence: float = 0.95) -> Interval:
    """Where one further run will lie: mean ± t·s·√(1 + 1/n) of normal values, shape (n,).

    What a single run may be compared with, where `mean_interval` is where the long-run mean lies; it does not
    shrink to nothing with n. Without bounds as `mean_interval` is.
    """
    return _around_the_mean(values, confidence, 1)


def _around_the_mean(values: npt.ArrayLike, confidence: float, extra: int, resolution: float = 0.0) -> Interval:
    data = np.asarray(values, float)
    if data.size == 0 or not np.isfinite(data).all():
        return Interval(int(data.size), float("nan"), None, None)
    mean = float(data.mean())
    if data.size == 1:
        return Interval(1, mean, None, None)
    error = np.sqrt((data.var(ddof=1) + resolution**2 / 12) * (extra + 1 / data.size))
    half = t_quantile(0.5 + confidence / 2, data.size - 1) * error
    return Interval(int(data.size), mean, float(mean - half), float(mean + half))


@dataclass(frozen=True)
class Unpaired:
    """The difference of two independent arms, as of a baseline and itself: first mean minus second.

    `low`, `high`, `df` and `p` are None under two values on either side, and where neither side varies
    although the means differ.
    """

    n1: int
    n2: int
    mean: float  # NaN where a side has no values
    low: float | None
    high: float | None
    df: float | None
    p: float | None


def welch(first: npt.ArrayLike, second: npt.ArrayLike, *, confidence: float = 0.95) -> Unpaired:
    """Welch's interval and two-sided test of two means, arrays (n1,) and (n2,) (Welch 1947).

    The standard deviations need not be equal. Values that are not finite (diverged runs) are left out. Where no value
    differs from another, p = 1 and the interval is [0, 0].
    """
    one, two = (data[np.isfinite(data)] for data in (np.asarray(first, float), np.asarray(second, float)))
    n1, n2 = len(one), len(two)
    mean = float(one.mean() - two.mean()) if n1 and n2 else float("nan")
    if n1 < 2 or n2 < 2:
        return Unpaired(n1, n2, mean, None, None, None, None)
    part1, part2 = float(one.var(ddof=1)) / n1, float(two.var(ddof=1)) / n2
    error = float(np.sqrt(part1 + part2))
    if error == 0:
        zero, sure = (0.0, 1.0) if mean == 0 else (None, None)
        return Unpaired(n1, n2, mean, zero, zero, None, sure)
    df = satterthwaite((part1, n1 - 1), (part2, n2 - 1))
    half = t_quantile(0.5 + confidence / 2, df) * error
    return Unpaired(n1, n2, mean, mean - half, mean + half, df, float(t_two_sided(mean / error, df)))


def satterthwaite(*parts: tuple[float, int]) -> float:
    """The degrees of freedom of a sum of variances, each given with its own (Satterthwaite 1946).

    (Σv)² / Σ(v²/df); the shares v/Σv are squared, since v² itself may be too small for a float.
    """
    total = sum(variance for variance, _ in parts)
    return 1 / sum((variance / total) ** 2 / df for variance, df in parts)


def std_ratio(first: Floats, second: Floats, *, resolution: float = 0.0) -> tuple[float, float]:
    """The ratio of two standard deviations and its two-sided p, by the F test; (1, 1) where one is not known.

    `resolution` is one step of the values: rounding to it adds r²/12 to their variances.
    """
    from scipy.special import fdtr

    if min(len(first), len(second)) < 2:
        return 1.0, 1.0
    one, two = (float(values.var(ddof=1)) + resolution**2 / 12 for values in (first, second))
    if not (one and two):
        return 1.0, 1.0
    below = float(fdtr(len(first) - 1, len(second) - 1, one / two))
    return float(np.sqrt(one / two)), 2 * min(below, 1 - below)
