"""One arm against another: the paired difference over typical runs, and the verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from reluctant.analysis.agreement import ALL_PAIRS
from reluctant.analysis.labels import count
from reluctant.analysis.question import Question
from reluctant.analysis.units import Unit
from reluctant.scores import Floats, Scores, Seed
from reluctant.statistics import (
    Decision,
    Difference,
    Verdict,
    collapsed_runs,
    combined_interval,
    decide,
    jackknife_variance,
    paired,
    unpaired,
)

GROUPS = 50  # of test items; one is left out at a time

Ends = tuple[float, float]
WithoutGroups = Mapping[str, Mapping[Seed, Floats | None]]  # scores by arm and seed, without a group of items


@dataclass(frozen=True)
class Contrast:
    """One arm against another: the paired difference (first minus second) and the verdict."""

    arm: str
    other: str
    difference: Difference
    decision: Decision
    # the interval that decides, for other test items too; None where nothing is known of the items
    with_items: Ends | None = None

    @property
    def interval(self) -> Ends | None:
        """The interval that decides: it holds for all comparisons together, and at every look."""
        return self.difference.decides

    @property
    def verdict(self) -> Verdict:
        """The verdict on the first arm."""
        return self.decision.verdict


@dataclass(frozen=True, eq=False)
class Typical:
    """The scores that are compared: those of runs that neither diverged nor collapsed."""

    scores: Scores
    question: Question
    values: Mapping[str, Floats]  # a score per seed of every arm; NaN where a run is left out or missing
    collapsed: Mapping[str, int]  # how many runs collapsed, by arm

    @classmethod
    def of(cls, scores: Scores, question: Question) -> Self:
        """The typical runs at one setting."""
        metric = question.metric
        values = {arm: scores.values(metric.name, arm, at=question.at) for arm in scores.arms}
        options = {"margin": question.margin, "resolution": scores.resolution(metric.name)}
        runs = dict(zip(values, collapsed_runs(tuple(values.values()), higher=metric.higher, **options), strict=True))
        typical = {arm: np.where(runs[arm], np.nan, each) for arm, each in values.items()}
        return cls(scores, question, typical, {arm: int(each.sum()) for arm, each in runs.items() if each.any()})

    def lost(self, arm: str) -> str:
        """`1 of 10 runs collapsed`; empty where none diverged and none collapsed."""
        runs = count(len(self.scores.of(arm)), "run")
        parts = [(self.scores.diverged(arm), "diverged"), (self.collapsed.get(arm, 0), "collapsed")]
        return " and ".join(f"{n} of {runs} {how}" for n, how in parts if n)


def contrasts(
    typical: Typical, pairs: Sequence[tuple[str, str]], unit: Unit, families: int = 1
) -> tuple[Contrast, ...]:
    """One family of comparisons: decided together, and with as many families of other settings."""
    question = typical.question
    metric, resolution = question.metric, typical.scores.resolution(question.metric.name)
    family, together = [], families * len(pairs)
    for one, other in pairs:
        difference = (paired if question.paired else unpaired)(
            typical.values[one], typical.values[other], resolution=resolution, higher=metric.higher,
            sequential=question.sequential, comparisons=together,
        )  # fmt: skip
        decision = decide(
            difference, margin=question.margin, higher=metric.higher, comparisons=together, lost=typical.lost(one),
            margin_text=unit.margin(question.margin),
        )  # fmt: skip
        reason = question.withheld.get(ALL_PAIRS) or question.withheld.get(frozenset((one, other)))
        if reason:
            decision = Decision(Verdict.NONE, None, reason)
        elif (lost := typical.lost(other)) and decision.verdict not in (Verdict.BETTER, Verdict.NONE):
            # Neither of the two may win by runs that are left out: the second neither, by a worse first.
            decision = Decision(Verdict.NONE, None, f"{lost} of {other}")
        family.append(Contrast(one, other, difference, decision))
    return tuple(family)


def with_items(
    family: Sequence[Contrast], scores: Scores, question: Question, families: int = 1
) -> tuple[Contrast, ...]:
    """The comparisons with their intervals for other test items too."""
    if question.at != "last" or not question.paired:
        return tuple(family)
    without = {
        arm: {run.seed: run.without_groups(question.metric.name, GROUPS) for run in scores.finished(arm)}
        for arm in scores.arms
    }
    return tuple(
        replace(each, with_items=_interval_with_items(each, without, families * len(family))) for each in family
    )


def _interval_with_items(contrast: Contrast, without: WithoutGroups, comparisons: int) -> Ends | None:
    """The interval that decides, for other test items too, from the stored predictions of the last epoch.

    One of `GROUPS` groups of items is left out at a time, and both scores are computed again (Tukey 1958;
    Wolter 2007, chapter 4).
    """
    if contrast.interval is None or not without:
        return None
    one, other = without[contrast.arm], without[contrast.other]
    pairs = [(one[seed], other[seed]) for seed in one if seed in other]
    differences = [first - second for first, second in pairs if first is not None and second is not None]
    if len(differences) < len(pairs):
        return None
    variance = jackknife_variance(np.mean(differences, axis=0))
    return combined_interval(contrast.difference, variance, GROUPS, comparisons)
