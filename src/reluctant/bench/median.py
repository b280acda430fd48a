"""The median of a few values with an interval that assumes no distribution."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import comb
from statistics import median


@dataclass(frozen=True)
class Median:
    """A median of n values and its interval, whose bounds are None under six values.

    `confidence` is the probability that the interval holds the true median: that asked for or a little more.
    """

    n: int
    value: float
    low: float | None = None
    high: float | None = None
    confidence: float | None = None

    @property
    def reach(self) -> float | None:
        """How far the further end of the interval lies from the median: what is written behind ±."""
        if self.low is None or self.high is None:
            return None
        return max(self.value - self.low, self.high - self.value)


def median_interval(values: Sequence[float], confidence: float = 0.95) -> Median:
    """The interval from the k-th smallest to the k-th largest of n independent values (Thompson 1936).

    It misses the true median with probability 2·P(B < k), B ~ Bin(n, ½), or less where values repeat; k is
    the largest that keeps the confidence. Six values are the fewest that can: 2 / 2⁶ < 0.05 < 2 / 2⁵.
    """
    ordered, n = sorted(values), len(values)
    missed = [2 * tail / 2**n for tail in accumulate(comb(n, i) for i in range(n // 2))]
    k = sum(share <= 1 - confidence for share in missed)
    if k == 0:
        return Median(n, median(ordered))
    return Median(n, median(ordered), ordered[k - 1], ordered[n - k], 1 - missed[k - 1])
