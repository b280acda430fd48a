"""Intervals of one arm's scores: of their mean, and of the next run."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reluctant.statistics.distributions import Floats, t_quantile, t_quantiles


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


def mean_interval(values: npt.ArrayLike, confidence: float = 0.95) -> Interval:
    """Student's t interval of the mean of independent values (one per seed), shape (n,).

    No interval for n = 1; NaN for the mean of none. A value that is not finite makes the mean NaN, without
    an interval: a diverged run is not to be averaged away.
    """
    return _around_the_mean(values, confidence, 0)


def prediction_interval(values: npt.ArrayLike, confidence: float = 0.95) -> Interval:
    """Where one further run will lie: mean ± t·s·√(1 + 1/n) of normal values, shape (n,).

    What a single run may be compared with, where `mean_interval` is where the long-run mean lies; it does not
    shrink to nothing with n. Without bounds as `mean_interval` is.
    """
    return _around_the_mean(values, confidence, 1)


def _around_the_mean(values: npt.ArrayLike, confidence: float, extra: int) -> Interval:
    data = np.asarray(values, float)
    if data.size == 0 or not np.isfinite(data).all():
        return Interval(int(data.size), float("nan"), None, None)
    mean = float(data.mean())
    if data.size == 1:
        return Interval(1, mean, None, None)
    error = float(data.std(ddof=1)) * np.sqrt(extra + 1 / data.size)
    half = t_quantile(0.5 + confidence / 2, data.size - 1) * error
    return Interval(int(data.size), mean, float(mean - half), float(mean + half))
