"""Verdicts: better, worse, the same, or undecided and how many more seeds would decide."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from reluctant.statistics.paired import Difference
from reluctant.statistics.power import more_seeds
from reluctant.statistics.sequential import FIRST, LAST

FEW_SEEDS = 5  # a verdict on fewer says so, and is too uncertain to say how many more would decide
Truths = npt.NDArray[np.bool_]


class Verdict(StrEnum):
    """What may be said of an arm compared with the baseline."""

    BETTER = "better"
    WORSE = "worse"
    SAME = "the same"
    UNDECIDED = "undecided"
    NONE = "no verdict"

    @property
    def sign(self) -> str:
        """A sign that differs by its form, since colour says nothing of verdicts."""
        signs = {"better": "▲", "worse": "▼", "the same": "=", "undecided": "?", "no verdict": "–"}
        return signs[self.value]

    @property
    def reversed(self) -> "Verdict":
        """What a pair's verdict is called from the other arm's side."""
        return {Verdict.BETTER: Verdict.WORSE, Verdict.WORSE: Verdict.BETTER}.get(self, self)

    @property
    def decided(self) -> bool:
        """Whether the comparison has an answer."""
        return self in (Verdict.BETTER, Verdict.WORSE, Verdict.SAME)


@dataclass(frozen=True)
class Decision:
    """A verdict, its reason as one clause, and the number of seeds that would decide an undecided one.

    `more_seeds` (estimate, promise) is None where decided, where no number can be promised and where too many
    are needed; the reason says which.
    """

    verdict: Verdict
    more_seeds: tuple[int, int] | None
    reason: str


def decide(
    difference: Difference, *, margin: float, higher: bool, comparisons: int, lost: str = "", margin_text: str = ""
) -> Decision:
    """The verdict on the first of two arms, from the interval that decides.

    In this order: under three seeds or without a spread, no verdict; the interval inside ±margin, the same; 0 outside
    the interval, better or worse; else undecided.

    Args:
        difference: First minus second arm.
        margin: Differences below this do not matter; with 0 nothing is the same.
        higher: Whether more of the metric is better.
        comparisons: How many are decided together, as in `paired`; the number of more seeds depends on it.
        lost: Which runs of the first arm diverged or collapsed, in words: it is then never better nor the same.
        margin_text: The margin as the reason writes it, with its unit.
    """
    n, mean = difference.n, difference.mean
    if n < FIRST:
        reasons = {0: "no seed has two finished runs", 1: "one seed has no spread", 2: "two seeds are too few"}
        return Decision(Verdict.NONE, None, reasons[n])
    if difference.decides is None or difference.corrected is None:
        return Decision(Verdict.NONE, None, f"all {n} differences are the same number, so there is no spread")
    low, high = difference.decides
    if not low <= mean <= high:
        return Decision(Verdict.NONE, None, "the last seeds contradict the first ones")
    same, different = same_or_different(low, high, margin)
    better = (mean > 0) == higher
    if lost and not (different and not better):
        others = "the same" if same else "better" if different else "undecided"
        return Decision(Verdict.NONE, None, f"{lost}; its other runs are {others}")
    within = f"the margin {margin_text or f'±{margin:g}'}"
    if same:
        return Decision(Verdict.SAME, None, f"the interval lies inside {within}")
    p = difference.corrected
    written = f"p = {p:.2g}" if p >= 0.0001 else "p < 0.0001"
    if different:
        return Decision(Verdict.BETTER if better else Verdict.WORSE, None, written)
    if margin <= 0:
        reason = "the interval includes 0, and with a margin of 0 nothing is 'the same'"
        return Decision(Verdict.UNDECIDED, None, reason)
    extra = more_seeds(difference.std, n, margin, comparisons, mean=mean)
    reason = f"the interval includes 0 and is not inside {within}"
    if extra is None:
        reason += f"; {why_no_number(n)}"
    return Decision(Verdict.UNDECIDED, extra, reason)


def why_no_number(n: int, pairs: str = "seed") -> str:
    """Why no number of further seeds, or other pairs, is named after `n` of them."""
    if n < FEW_SEEDS:
        return f"these are too few {pairs}s to say how many would decide; train {FEW_SEEDS} first"
    return f"more than {LAST} {pairs}s would be needed, which is not worth it"


def same_or_different(low: npt.ArrayLike, high: npt.ArrayLike, margin: npt.ArrayLike) -> tuple[Truths, Truths]:
    """Whether the intervals that decide say that arms are the same within the margin, and different, any shape.

    Never both: equivalence is tested first.
    """
    least, most, edge = (np.asarray(value, float) for value in (low, high, margin))
    same = (-edge < least) & (most < edge)
    return same, ~same & ((least > 0) | (most < 0))
