"""What a handful of seeds can tell: intervals of means."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


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


def t_quantile(p: float, df: float) -> float:
    """The quantile of Student's t distribution (Student 1908)."""
    from scipy.special import stdtrit  # a hundred times quicker to import than scipy.stats

    return float(stdtrit(df, p))


def mean_interval(values: npt.ArrayLike, confidence: float = 0.95) -> Interval:
    """Student's t interval of the mean of independent values (one per seed), shape (n,).

    No interval for n = 1; NaN for the mean of none.
    """
    data = np.asarray(values, float)
    if data.size == 0:
        return Interval(0, float("nan"), None, None)
    mean = float(data.mean())
    if data.size == 1:
        return Interval(1, mean, None, None)
    error = float(data.std(ddof=1)) / np.sqrt(data.size)
    half = t_quantile(0.5 + confidence / 2, data.size - 1) * error
    return Interval(int(data.size), mean, float(mean - half), float(mean + half))
