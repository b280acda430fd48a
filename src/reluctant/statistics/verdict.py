"""Verdicts: better, worse, the same, or undecided and how many further seeds would tell."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from reluctant.statistics.growth import GROWN, MOST, further_seeds
from reluctant.statistics.interval import half_width
from reluctant.statistics.paired import Difference

LEVEL = 0.05

Truths = npt.NDArray[np.bool_]


class Verdict(StrEnum):
    """What may be said of an activation beside the baseline."""

    BETTER = "better"
    WORSE = "worse"
    SAME = "the same"
    UNDECIDED = "undecided"
    NONE = "no verdict"


@dataclass(frozen=True)
class Decision:
    """A verdict, its reason as one clause, and the further seeds that would decide an undecided one.

    `further` (as few as, as many as) is None where decided, not worth it or not to be said; `why` tells.
    """

    verdict: Verdict
    further: tuple[int, int] | None
    why: str


def decide(
    difference: Difference,
    *,
    margin: float,
    higher: bool,
    comparisons: int,
    grown: bool = False,
    diverged: bool = False,
) -> Decision:
    """The verdict on the first of two arms, from their paired difference corrected within its family.

    In this order: no spread, no verdict; the interval wholly inside ±margin, the same; Holm's p at most .05,
    better or worse; else undecided. `grown` (seeds were added for the sake of a verdict): .025 and a 97.5 %
    interval. `comparisons` is the size of the family, `higher` whether more of the metric is better.
    `diverged`: an arm with diverged runs is never better nor the same, only worse. With a margin of
    0 nothing is the same.
    """
    if difference.n < 2 or difference.p is None or difference.corrected is None:
        return Decision(Verdict.NONE, None, _no_spread(difference))
    n, mean, deviation, p = difference.n, difference.mean, difference.deviation, difference.corrected
    same, different = judged(mean, deviation, n, p, margin=margin, grown=grown)
    better = (mean > 0) == higher
    if diverged and not (different and not better):
        return Decision(Verdict.NONE, None, "some of its runs diverged, the others alone are no fair sample")
    if same:
        return Decision(Verdict.SAME, None, f"its {interval_name(grown)} lies inside ±{margin:g}")
    if different:
        verdict = Verdict.BETTER if better else Verdict.WORSE
        return Decision(verdict, None, f"{_test(comparisons)} is {_shown(p)}")
    further = further_seeds(deviation, n, margin, comparisons, mean=mean)
    return Decision(Verdict.UNDECIDED, further, _undecided(p, margin, comparisons, grown, further))


def judged(
    mean: npt.ArrayLike,
    deviation: npt.ArrayLike,
    n: npt.ArrayLike,
    corrected: npt.ArrayLike,
    *,
    margin: npt.ArrayLike,
    grown: bool = False,
) -> tuple[Truths, Truths]:
    """Whether comparisons are the same within the margin, and whether they are different, any shape.

    Never both: the same comes first, for a difference that matters to nobody need not be told apart from 0.
    """
    level = GROWN if grown else LEVEL
    reach = np.abs(np.asarray(mean, float)) + half_width(deviation, n, 1 - level)
    same = reach < np.asarray(margin, float)
    return same, ~same & (np.asarray(corrected) <= level)


def interval_name(grown: bool) -> str:
    """Which interval decides: `interval`, or `97.5 % interval` after a study has grown."""
    return "97.5 % interval" if grown else "interval"


def _no_spread(difference: Difference) -> str:
    if difference.n == 0:
        return "there is no seed with two finished runs"
    if difference.n == 1:
        return "one seed has no spread"
    return f"all {difference.n} differences are the same number, so there is no spread to judge by"


def _undecided(
    p: float, margin: float, comparisons: int, grown: bool, further: tuple[int, int] | None
) -> str:
    level = GROWN if grown else LEVEL
    not_different = f"{_test(comparisons)}, {_shown(p)}, is above {level:g}"
    if margin <= 0:
        return f"{not_different}, and a margin of 0 leaves no room for 'the same'"
    plain = f"its {interval_name(grown)} is not inside ±{margin:g} and {not_different}"
    if further:
        return plain
    return f"{plain}; more than {MOST} further seeds would be needed, which is not worth it"


def _test(comparisons: int) -> str:
    return "Holm's p" if comparisons > 1 else "p"


def _shown(p: float) -> str:
    return f"{p:.2g}" if p >= 0.0001 else "below 0.0001"
