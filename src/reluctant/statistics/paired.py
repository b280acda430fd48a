"""Paired differences: interval, t test, sign-flip test, and the interval that decides; other test items as well."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reluctant.statistics.distributions import Floats, mean_and_std, t_quantile, t_two_sided
from reluctant.statistics.interval import half_width
from reluctant.statistics.sequential import FIRST, running_moments, sequential_bounds, sequential_p

HUGE = 1e150  # beyond this a square overflows; such a score is as good as infinite


@dataclass(frozen=True)
class Difference:
    """The difference of two arms over the seeds they share: first minus second, in the metric's own unit.

    `low`, `high`, `p`, `corrected` and `decides` are None under two shared seeds, and where all differences are one
    number that is not 0 and the score has no known resolution: no spread, nothing to judge by.
    """

    n: int  # shared seeds with two finite scores
    mean: float  # NaN for n = 0
    std: float  # of the differences (n − 1), that of rounding added; NaN for n < 2
    low: float | None  # Student's t interval of the mean
    high: float | None
    confidence: float
    p: float | None  # paired t test, two-sided; that of all looks together for a sequential one
    corrected: float | None  # p times the number of comparisons that are decided together (Bonferroni), at most 1
    decides: tuple[float, float] | None  # the interval that holds for all these comparisons, and at all looks
    sign_flip: float | None  # exact, two-sided, for 6 to 30 pairs; it never decides
    effect: float | None  # mean / std (Cohen's d_z); None for an std of 0
    improvement: float | None  # probability that a run of the first beats one of the second; None for n = 0


def paired(
    first: npt.ArrayLike, second: npt.ArrayLike, *, confidence: float = 0.95, resolution: float = 0.0,
    higher: bool = True, sequential: bool = False, comparisons: int = 1,
) -> Difference:  # fmt: skip
    """What the seeds say about first minus second.

    A pair with a score that is missing, diverged or beyond ±1e150 (NaN, ±∞) is left out. With a resolution of 0, equal
    differences give p = 1 where they are all 0, and no p and no interval elsewhere.

    Args:
        first: Scores of one arm, shape (n,), in the order of the seeds.
        second: Scores of the other, the same seed at the same place.
        confidence: Of the intervals; that of `decides` is shared by all comparisons.
        resolution: One step of the score: 1 / test images, or 0 for a continuous one such as the loss. Scores that
            move in steps need it: without it a few equal differences look like a certainty.
        higher: Which of two scores wins in `improvement`.
        sequential: Whether p and `decides` are to hold at every look, after each seed from the third on.
        comparisons: How many comparisons are decided together.

    Raises:
        ValueError: Arrays of different lengths.
    """
    one, two = np.asarray(first, float), np.asarray(second, float)
    if one.ndim != 1 or one.shape != two.shape:
        raise ValueError(f"paired scores are two arrays (n,), a place per seed, not {one.shape}, {two.shape}")
    finite = (np.abs(one) < HUGE) & (np.abs(two) < HUGE)  # NaN is not smaller either
    one, two = one[finite], two[finite]
    n, improvement = len(one), None
    if n:  # the share of all n × n pairs in which the first is better, ties half (Agarwal et al. 2021)
        gaps = np.sign(one[:, None] - two[None, :])
        improvement = float(((gaps if higher else -gaps).mean() + 1) / 2)
    if n < 2:
        mean = float(one[0] - two[0]) if n else float("nan")
        return Difference(n, mean, float("nan"), *(None, None), confidence, *(None,) * 5, improvement)
    mean, std = map(float, mean_and_std(one, two, resolution=resolution))
    low = high = p = decides = None
    if std or not mean:
        half = float(half_width(std, n, confidence))
        low, high, p = mean - half, mean + half, float(t_test(mean, std, n))
        shared = 1 - (1 - confidence) / comparisons
        if not sequential or not std:
            half = float(half_width(std, n, shared))
            decides = mean - half, mean + half
        elif n < FIRST:
            p = 1.0
        else:
            path = running_moments(one, two, resolution)
            p = float(sequential_p(*path)[-1])
            least, most = sequential_bounds(*path, shared)
            decides = float(least[-1]), float(most[-1])
    corrected = None if p is None else min(1.0, comparisons * p)
    sign_flip = sign_flip_p(one - two) if FEWEST <= n <= MOST else None
    effect = mean / std if std else None
    return Difference(n, mean, std, low, high, confidence, p, corrected, decides, sign_flip, effect, improvement)


def t_test(mean: npt.ArrayLike, std: npt.ArrayLike, n: npt.ArrayLike) -> Floats:
    """Two-sided p of Student's test that a mean of n differences is 0, any shape.

    For an std of 0: 1 where the mean is 0, else NaN.
    """
    centre, spread, count = (np.asarray(value, float) for value in (mean, std, n))
    flat = spread == 0
    t = centre * np.sqrt(count) / np.where(flat, 1.0, spread)
    return np.where(flat, np.where(centre == 0, 1.0, np.nan), t_two_sided(t, count - 1))


FEWEST, MOST = 6, 30  # pairs: five cannot reach .05 (2/2⁵ = .0625); above thirty the sums fill the memory


def sign_flip_p(differences: Floats) -> float:
    """The two-sided p of the sum of differences under all 2ⁿ choices of signs, shape (n,) (Fisher 1935).

    Exact: no normality, only differences that are symmetric about 0 under no effect. The sums of two halves
    are combined, so that 30 pairs take 2 · 2¹⁵ sums and not 2³⁰.
    """
    sizes = np.abs(differences)
    total = float(np.abs(differences.sum()))
    rounding = 1e-12 * float(sizes.sum())  # sums that differ by less are tied
    if total <= rounding:
        return 1.0
    one, two = _signed_sums(sizes[::2]), np.sort(_signed_sums(sizes[1::2]))
    below = np.searchsorted(two, total - rounding - one, side="left")
    reached = int((len(two) - below).sum())  # sums at least as large; by symmetry as many as small
    return float(2 * reached / 2.0 ** len(sizes))


def _signed_sums(sizes: Floats) -> Floats:
    sums = np.zeros(1)
    for size in sizes:
        sums = np.concatenate([sums - size, sums + size])
    return sums


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
    difference: Difference, image_variance: float, groups: int, comparisons: int = 1
) -> tuple[float, float]:
    """The interval that decides, widened for other test images: the half-widths of both, in quadrature.

    `image_variance` is that of the same mean difference, from `groups` groups. Half-widths are added and not
    variances: one t for the sum has more degrees of freedom than the seeds alone, and could make the interval
    narrower where a source of error joins. (NaN, NaN) without an interval or under two groups.
    """
    if difference.decides is None or groups < 2 or not np.isfinite(image_variance):
        return float("nan"), float("nan")
    shared = 1 - (1 - difference.confidence) / comparisons
    images = t_quantile(0.5 + shared / 2, groups - 1) * np.sqrt(image_variance)
    low, high = (float(np.hypot(end - difference.mean, images)) for end in difference.decides)
    return difference.mean - low, difference.mean + high
