"""The exact sign-flip test: what the differences say if nothing but their signs may be trusted."""

import numpy as np

from reluctant.statistics.distributions import Floats

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
