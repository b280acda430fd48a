"""Seeds and test images together: how far a difference would move on other images as well."""

import numpy as np
import numpy.typing as npt

from reluctant.statistics.distributions import t_quantile
from reluctant.statistics.paired import Difference
from reluctant.statistics.unpaired import satterthwaite


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
    """The interval of a difference over seeds and test images: mean ± t·√(s²/n + image variance).

    `image_variance` is that of the same mean difference, from `groups` groups. t has Satterthwaite's degrees
    of freedom, of n − 1 and groups − 1. (NaN, NaN) where either source is unknown:
    under two seeds, or under two groups.
    """
    of_seeds = difference.deviation**2 / difference.n if difference.n > 1 else float("nan")
    total = of_seeds + image_variance
    if not np.isfinite(total) or groups < 2:
        return float("nan"), float("nan")
    if total == 0:
        return difference.mean, difference.mean
    df = satterthwaite((of_seeds, difference.n - 1), (image_variance, groups - 1))
    half = t_quantile(0.5 + confidence / 2, df) * float(np.sqrt(total))
    return difference.mean - half, difference.mean + half
