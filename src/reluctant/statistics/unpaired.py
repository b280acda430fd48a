"""The difference of two arms whose runs share no seeds: Welch's interval, and the interval that decides."""

import numpy as np
import numpy.typing as npt

from reluctant.statistics.distributions import Floats, t_quantile, t_two_sided
from reluctant.statistics.interval import half_width, satterthwaite
from reluctant.statistics.paired import HUGE, Difference, t_test
from reluctant.statistics.sequential import FIRST, LAST, sequential_bounds, sequential_p


def unpaired(
    first: npt.ArrayLike, second: npt.ArrayLike, *, confidence: float = 0.95, resolution: float = 0.0,
    higher: bool = True, sequential: bool = False, comparisons: int = 1,
) -> Difference:  # fmt: skip
    """What the runs say about first minus second if they share no seeds.

    The result is read as that of `paired`, with n the runs of the shorter arm and std/√n the standard error of the
    difference of means. `low` and `high` are Welch's interval (1947), and so are p and `decides` for one look at one
    comparison. Several looks or comparisons test far out in the tails, where Welch's degrees of freedom claim too much:
    p and `decides` then have n − 1 of them, as many as n pairs have.

    A score that is missing, diverged or beyond ±1e150 is left out. Without a spread in both arms and with a resolution
    of 0, p is 1 for a difference of 0, and there is no p and no interval for another one. `sign_flip` is None: it needs
    pairs. `effect` is the mean in units of √((s₁² + s₂²)/2).

    Args:
        first: Scores of one arm, shape (n1,), in the order of the runs.
        second: Scores of the other, shape (n2,).
        confidence: Of the intervals; that of `decides` is shared by all comparisons.
        resolution: One step of the score, as in `paired`: r²/12 is added to the variance of each arm.
        higher: Which of two scores wins in `improvement`.
        sequential: Whether p and `decides` are to hold although runs are added and judged again. Unlike those of
            `paired`, they are made from the present runs only and not from earlier looks too. The first 105 runs of
            each arm count; later ones move no verdict.
        comparisons: How many comparisons are decided together.

    Raises:
        ValueError: Scores that are no array (n,).
    """
    one, two = np.asarray(first, float), np.asarray(second, float)
    if one.ndim != 1 or two.ndim != 1:
        raise ValueError(f"unpaired scores are two arrays (n,), a place per run, not {one.shape}, {two.shape}")
    one, two = (scores[np.abs(scores) < HUGE] for scores in (one, two))  # NaN is not smaller either
    n, mean, improvement = min(len(one), len(two)), float("nan"), None
    if n:
        mean = _mean_difference(one, two)
        gaps = np.sign(one[:, None] - two[None, :])
        improvement = float(((gaps if higher else -gaps).mean() + 1) / 2)
    if n < 2:
        return Difference(n, mean, float("nan"), *(None, None), confidence, *(None,) * 5, improvement)
    variances = variance(one, resolution), variance(two, resolution)
    std = _std_of_pairs(one, two, resolution)
    low = high = p = decides = None
    if std or not mean:
        low, high, p = _welch(mean, variances, (len(one), len(two)), confidence)
        decides = low, high
        shared = 1 - (1 - confidence) / comparisons
        if sequential and std and n < FIRST:
            p, decides = 1.0, None
        elif sequential and std:
            counted = one[:LAST], two[:LAST]
            centre, spread = _mean_difference(*counted), _std_of_pairs(*counted, resolution)
            path = np.array([centre]), np.array([spread]), np.array([float(min(n, LAST))])  # of this look only
            p = float(sequential_p(*path)[-1])
            least, most = sequential_bounds(*path, shared)
            decides = float(least[-1]), float(most[-1])
        elif comparisons > 1:
            half = float(half_width(std, n, shared))
            p, decides = float(t_test(mean, std, n)), (mean - half, mean + half)
    corrected = None if p is None else min(1.0, comparisons * p)
    pooled = float(np.sqrt(sum(variances) / 2))
    effect = mean / pooled if pooled else None
    return Difference(n, mean, std, low, high, confidence, p, corrected, decides, None, effect, improvement)


def variance(scores: Floats, resolution: float = 0.0) -> float:
    """The variance (n − 1) of an arm's scores, shape (n,), and r²/12 for scores in whole steps of r.

    A spread within floating point's own rounding is none, as in `mean_and_std`.
    """
    std = float(scores.std(ddof=1))
    rounding = 4 * np.finfo(float).eps * float(np.abs(scores).max())
    return (std**2 if std > rounding else 0.0) + resolution**2 / 12


def _mean_difference(one: Floats, two: Floats) -> float:
    """The difference of means, exactly 0 where all scores are one number, however many each arm has."""
    least = min(one.min(), two.min())
    return float((one - least).mean() - (two - least).mean())


def _std_of_pairs(one: Floats, two: Floats, resolution: float) -> float:
    """The standard deviation that n pairs have whose mean is known as well: √(n·(s₁²/n₁ + s₂²/n₂)), n = min(n₁, n₂)."""
    share1, share2 = (min(len(one), len(two)) / len(scores) for scores in (one, two))
    return float(np.sqrt(share1 * variance(one, resolution) + share2 * variance(two, resolution)))


def _welch(
    mean: float, variances: tuple[float, float], runs: tuple[int, int], confidence: float
) -> tuple[float, float, float]:
    """Low and high end of Welch's interval, and his two-sided p; without any spread those of no difference."""
    parts = variances[0] / runs[0], variances[1] / runs[1]
    error = float(np.sqrt(sum(parts)))
    if not error:
        return mean, mean, 1.0
    df = satterthwaite((parts[0], runs[0] - 1), (parts[1], runs[1] - 1))
    half = t_quantile(0.5 + confidence / 2, df) * error
    return mean - half, mean + half, float(t_two_sided(mean / error, df))
