"""Differences of two arms that share no seeds: the noise floor, a baseline against itself."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reluctant.statistics.distributions import Floats, t_quantile, t_two_sided


@dataclass(frozen=True)
class Unpaired:
    """The difference of two independent arms: mean of the first minus mean of the second.

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
    one, two = _finite(first), _finite(second)
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


def _finite(values: npt.ArrayLike) -> Floats:
    data = np.asarray(values, float)
    finite: Floats = data[np.isfinite(data)]
    return finite
