"""Paired differences: interval, t test, sign-flip test, Holm's correction, and other test items as well."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from reluctant.statistics.distributions import Floats, t_quantile, t_two_sided
from reluctant.statistics.interval import half_width

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
        return Difference(n, mean, float("nan"), *(None, None), confidence, *(None,) * 4, improvement)
    mean, std = map(float, mean_and_std(one, two, resolution=resolution))
    low = high = p = None
    if std or not mean:
        half = float(half_width(std, n, confidence))
        low, high, p = mean - half, mean + half, float(t_test(mean, std, n))
    sign_flip = sign_flip_p(one - two) if FEWEST <= n <= MOST else None
    effect = mean / std if std else None
    return Difference(n, mean, std, low, high, confidence, p, p, sign_flip, effect, improvement)


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


def holm(differences: Sequence[Difference]) -> tuple[Difference, ...]:
    """The differences of one family with `corrected` filled in, in the order given (Holm 1979).

    One without a p (a single seed, no spread) makes no claim and does not count in the family.
    """
    raw = [float("nan") if each.p is None else each.p for each in differences]
    corrected = holm_adjusted(np.array(raw, float))
    return tuple(
        replace(each, corrected=None if each.p is None else float(p))
        for each, p in zip(differences, corrected, strict=True)
    )


def holm_adjusted(p: Floats) -> Floats:
    """The p values after Holm's step-down correction over the last axis, (..., family); NaN is no member.

    The i-th smallest of k is multiplied by k − i + 1, never falls below an earlier one, and is at most 1.
    """
    order = np.argsort(p, axis=-1, kind="stable")  # NaN last
    ranked = np.take_along_axis(p, order, axis=-1)
    family = (~np.isnan(p)).sum(axis=-1, keepdims=True)
    times = np.maximum(family - np.arange(p.shape[-1]), 1)
    stepped = np.minimum(np.maximum.accumulate(ranked * times, axis=-1), 1.0)
    adjusted = np.empty_like(stepped)
    np.put_along_axis(adjusted, order, stepped, axis=-1)
    return adjusted


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
