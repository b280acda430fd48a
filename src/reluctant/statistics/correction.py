"""One family of comparisons, one error rate: Holm's correction."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from reluctant.statistics.distributions import Floats
from reluctant.statistics.paired import Difference


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
