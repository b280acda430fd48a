"""Verdicts: better, worse, the same, or undecided and how many more seeds would decide."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from reluctant.statistics.interval import half_width
from reluctant.statistics.paired import Difference
from reluctant.statistics.power import EXTENDED_LEVEL, MOST, more_seeds

LEVEL = 0.05

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
    difference: Difference, *, margin: float, higher: bool, comparisons: int, extended: bool = False,
    diverged: bool = False, margin_text: str = "",
) -> Decision:  # fmt: skip
    """The verdict on the first of two arms, from their paired difference corrected within its family.

    In this order: no spread, no verdict; the interval inside ±margin, the same; corrected p at most .05, better
    or worse; else undecided.

    Args:
        difference: First minus second arm, after Holm's correction.
        margin: Differences below this do not matter; with 0 nothing is the same.
        higher: Whether more of the metric is better.
        comparisons: How many comparisons were corrected together.
        extended: Whether seeds were added when there were results already: then .025 and a 97.5 % interval.
        diverged: Whether runs of the first arm diverged: it is then never better nor the same.
        margin_text: The margin as the reason writes it, with its unit.
    """
    n, mean, std, p = difference.n, difference.mean, difference.std, difference.corrected
    if n < 2 or difference.p is None or p is None:
        reasons = {0: "no seed has two finished runs", 1: "one seed has no spread"}
        equal = f"all {n} differences are the same number, so there is no spread"
        return Decision(Verdict.NONE, None, reasons.get(n, equal))
    same, different = same_or_different(mean, std, n, p, margin=margin, extended=extended)
    better = (mean > 0) == higher
    if diverged and not (different and not better):
        return Decision(Verdict.NONE, None, "some of its runs diverged, and the others are no fair sample")
    interval = f"the {'97.5' if extended else '95'} % interval"
    within = f"the margin {margin_text or f'±{margin:g}'}"
    test = "p (Holm)" if comparisons > 1 else "p"
    if same:
        return Decision(Verdict.SAME, None, f"{interval} lies inside {within}")
    written = f"{test} = {p:.2g}" if p >= 0.0001 else f"{test} < 0.0001"
    if different:
        return Decision(Verdict.BETTER if better else Verdict.WORSE, None, written)
    above = f"{written} is above {EXTENDED_LEVEL if extended else LEVEL:g}"
    if margin <= 0:
        return Decision(Verdict.UNDECIDED, None, f"{above}, and with a margin of 0 nothing is 'the same'")
    extra = more_seeds(std, n, margin, comparisons, mean=mean)
    reason = f"{interval} is not inside {within}, and {above}"
    if extra is None:
        reason += f"; more than {MOST} more seeds would be needed, which is not worth it"
    return Decision(Verdict.UNDECIDED, extra, reason)


def same_or_different(
    mean: npt.ArrayLike, std: npt.ArrayLike, n: npt.ArrayLike, corrected: npt.ArrayLike, *, margin: npt.ArrayLike,
    extended: bool = False,
) -> tuple[Truths, Truths]:  # fmt: skip
    """Whether comparisons are the same within the margin, and whether they are different, any shape.

    Never both: equivalence is tested first.
    """
    level = EXTENDED_LEVEL if extended else LEVEL
    reach = np.abs(np.asarray(mean, float)) + half_width(std, n, 1 - level)
    same = reach < np.asarray(margin, float)
    return same, ~same & (np.asarray(corrected) <= level)
