"""Seeds and test images together: how far a difference would move on other images as well."""

import numpy as np
import numpy.typing as npt

from reluctant.statistics.distributions import t_quantile
from reluctant.statistics.paired import Difference


def jackknife_variance(scores_without: npt.ArrayLike) -> float:
    """The variance of a score over test images, from the score without each of G groups of them, shape (G,).

    Delete-a-group jackknife (Efron & Stein 1981): (G − 1)/G · Σ(θ₍g₎ − mean)². It needs no
    formula for the score, so F1, and a difference of two F1 averaged over seeds, cost the same as accuracy.
    The groups are random and of equal size. NaN for fewer than two groups or a score that is not finite.
    """
    without = np.asarray(scores_without, float)
    groups = len(without)
    if groups < 2 or not np.isfinite(without).all():
        return float("nan")
    return float((groups - 1) * without.var())


def combined_interval(
    difference: Difference, image_variance: float, groups: int, confidence: float = 0.95
) -> tuple[float, float]:
    """The interval of a difference over seeds and test images: the half-widths of both, in quadrature.

    `image_variance` is that of the same mean difference, from `groups` groups. Half-widths are added and not
    variances: one t for the sum has more degrees of freedom than the seeds alone, and could make the interval
    narrower where a source of error joins. (NaN, NaN) under two seeds or two groups.
    """
    if difference.n < 2 or groups < 2 or not np.isfinite(image_variance):
        return float("nan"), float("nan")
    sides = ((difference.std**2 / difference.n, difference.n), (image_variance, groups))
    half = float(np.hypot(*(t_quantile(0.5 + confidence / 2, n - 1) * np.sqrt(v) for v, n in sides)))
    return difference.mean - half, difference.mean + half
