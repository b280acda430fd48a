"""The distributions behind every test of this room, as functions of arrays.

SciPy's special functions are loaded where they are called: `reluctant --help` does without them, and
`scipy.stats`, eight times slower to import, is never needed.
"""

from functools import cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

NODES = 64  # quadrature points over the spread: power within 0.0005 from 2 degrees of freedom on


def t_quantiles(p: npt.ArrayLike, df: npt.ArrayLike) -> Floats:
    """Quantiles of Student's t distribution (Student 1908), any shape; NaN below one degree of freedom."""
    from scipy.special import stdtrit

    freedom = np.asarray(df, float)
    return stdtrit(np.where(freedom > 0, freedom, np.nan), np.asarray(p, float))


def t_quantile(p: float, df: float) -> float:
    """The quantile of Student's t distribution (Student 1908)."""
    return float(t_quantiles(p, df))


def t_two_sided(t: npt.ArrayLike, df: npt.ArrayLike) -> Floats:
    """The probability that Student's t is at least this far from 0 on either side, any shape."""
    from scipy.special import stdtr

    one_sided: Floats = stdtr(np.asarray(df, float), -np.abs(np.asarray(t, float)))
    return 2 * one_sided


def normal_below(z: npt.ArrayLike) -> Floats:
    """The standard normal distribution function, any shape."""
    from scipy.special import ndtr

    return ndtr(np.asarray(z, float))


def std_ratios(df: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Expected ratios of a sample standard deviation to the true one: values (..., NODES), weights (NODES,).

    The expectation of f(s/σ) is the weighted sum of f over the values: Gauss and Legendre's rule in the
    probability of χ² with `df` degrees of freedom. Power has no closed form where s decides; given s, all
    that is left is normal. (SciPy's `nctdtr` would serve one-sided power, but is wrong far out in the tail.)
    """
    from scipy.special import chdtri

    points, weights = _rule()
    different, where = np.unique(np.asarray(df, float), return_inverse=True)  # seeds repeat, quantiles cost
    values = np.sqrt(chdtri(different[:, None], (1 - points) / 2) / different[:, None])
    return values[where.reshape(np.shape(df))], weights / 2


@cache
def _rule() -> tuple[Floats, Floats]:
    return np.polynomial.legendre.leggauss(NODES)


def std_bound(std: npt.ArrayLike, n: npt.ArrayLike, confidence: float = 0.8) -> Floats:
    """The bound that a true standard deviation stays under with this confidence, any shape; n at least 2.

    s·√((n − 1)/χ²), with the quantile of χ² at 1 − confidence and n − 1 degrees of freedom.
    """
    from scipy.special import chdtri

    df = np.asarray(n, float) - 1
    bound: Floats = np.asarray(std, float) * np.sqrt(df / chdtri(df, confidence))
    return bound


def mean_and_std(first: Floats, second: Floats, *, resolution: float = 0.0) -> tuple[Floats, Floats]:
    """Mean and standard deviation (n − 1) of the paired differences, each (...), of two arrays (..., n).

    √(s² + r²/6): to the differences' own variance comes that of two scores each rounded to a whole step
    (r²/12 each), r being the `resolution`. On 360 images five differences may well be equal, or nearly, and
    would otherwise claim a certainty that nobody has; added, and not only set as a floor, because a floor
    leaves up to 7 % false differences on such scores. A spread within floating point's own rounding is none.
    """
    differences = first - second
    std = differences.std(axis=-1, ddof=1)
    spread = spread_of(std, np.maximum(np.abs(first), np.abs(second)).max(axis=-1))
    return differences.mean(axis=-1), np.sqrt(spread**2 + resolution**2 / 6)


def spread_of(std: Floats, largest: Floats) -> Floats:
    """The standard deviation of differences, 0 where it is no more than the rounding of the largest score."""
    return np.where(std > 4 * np.finfo(float).eps * largest, std, 0.0)
