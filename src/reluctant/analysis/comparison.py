"""Every arm against the baseline, all pairs, and the noise floor, at one setting."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np

from reluctant.analysis.agreement import ALL_PAIRS
from reluctant.analysis.labels import Subject
from reluctant.analysis.question import Question, Selected
from reluctant.analysis.units import Unit
from reluctant.catalogue.metrics import Metric
from reluctant.scores import Floats, Scores, Seed
from reluctant.statistics import (
    Decision,
    Difference,
    Interval,
    Unpaired,
    Verdict,
    combined_interval,
    decide,
    holm,
    jackknife_variance,
    paired,
    welch,
)
from reluctant.statistics.interval import half_width

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
    interval: Ends | None  # the interval that the verdict rests on; None without a spread
    # the interval over seeds and test items, at the same level; None where that of the items is not known
    with_items: Ends | None = None
    corrected_with_items: Ends | None = None  # the same, corrected for the number of comparisons (Bonferroni)

    @property
    def verdict(self) -> Verdict:
        """The verdict on the first arm."""
        return self.decision.verdict


@dataclass(frozen=True)
class VerdictRow:
    """A line of the table of verdicts; `contrast` is None for the baseline."""

    arm: str
    label: str
    score: Interval  # the arm's mean score and its interval
    contrast: Contrast | None
    rank: tuple[int, int] | None  # from–to: 1 + the arms that beat it, and all arms − those it beats
    standing: Literal["best", "tied", ""]  # `best` mean, `tied` with it as far as the pairs tell, or neither


@dataclass(frozen=True, eq=False)
class Comparison:
    """All comparisons at one setting of a study."""

    scores: Scores
    question: Question
    subject: Subject
    labels: Mapping[str, str]
    unit: Unit
    setting: Mapping[str, Any]
    family: tuple[Contrast, ...]  # every arm against the baseline: this decides
    pairs: tuple[Contrast, ...]  # every pair once: for exploring
    floor: Unpaired | None = None  # the baseline against itself under other seeds
    selected: tuple[Selected, ...] = ()  # where every arm has its own value of an axis: those values

    @property
    def metric(self) -> Metric:
        """The metric that decides."""
        return self.question.metric

    @property
    def baseline_label(self) -> str:
        """What the baseline is called."""
        return self.labels[self.question.baseline]

    @property
    def baseline_differs_from_itself(self) -> bool:
        """Whether the noise floor is no noise: then nothing here can be trusted."""
        return self.floor is not None and self.floor.p is not None and self.floor.p < 0.01

    @cached_property
    def rows(self) -> tuple[VerdictRow, ...]:
        """The table of verdicts: every arm in the study's order."""
        by_arm = {contrast.arm: contrast for contrast in self.family}
        name, at = self.metric.name, self.question.at
        scores = {arm: self.scores.interval(name, arm, at=at) for arm in self.scores.arms}
        ranks, standings = self._ranks(scores), self._standings(scores)
        return tuple(
            VerdictRow(arm, self.labels[arm], scores[arm], by_arm.get(arm), ranks.get(arm), standings[arm])
            for arm in self.scores.arms
        )

    @cached_property
    def may_be_best(self) -> tuple[str, ...]:
        """The arms that may be the best of all, in the study's order: multiple comparisons with the best (Hsu 1981).

        An arm is left out where another one is better by a one-sided paired t test at 5 % divided by the number of its
        rivals (2.5 % after a study was extended), so that the best arm is left out in at most 5 % of studies. An arm
        with diverged runs is neither best nor a rival: its other runs are no fair sample.
        """
        arms = [arm for arm in self.scores.arms if self.scores.interval(self.metric.name, arm, at=self.question.at).n]
        sound = [arm for arm in arms if not self.scores.diverged(arm)]
        level = 1 - self.question.confidence
        beaten = set()
        for pair in self.pairs:
            p, mean = pair.difference.p, pair.difference.mean
            if {pair.arm, pair.other} <= set(sound) and p is not None and pair.verdict != Verdict.NONE:
                loser = pair.other if (mean > 0) == self.metric.higher else pair.arm
                if p / 2 <= level / (len(sound) - 1):
                    beaten.add(loser)
        return tuple(arm for arm in sound if arm not in beaten)

    def _ranks(self, scores: Mapping[str, Interval]) -> dict[str, tuple[int, int]]:
        names = [arm for arm, score in scores.items() if score.n]
        beats: dict[str, set[str]] = {name: set() for name in names}
        for pair in self.pairs:
            if pair.verdict == Verdict.BETTER:
                beats[pair.arm].add(pair.other)
            elif pair.verdict == Verdict.WORSE:
                beats[pair.other].add(pair.arm)
        return {n: (1 + sum(n in beats[o] for o in names), len(names) - len(beats[n])) for n in names}

    def _standings(self, scores: Mapping[str, Interval]) -> dict[str, Literal["best", "tied", ""]]:
        sign = 1 if self.metric.higher else -1
        means = {a: sign * s.mean for a, s in scores.items() if s.n and not self.scores.diverged(a)}
        best = max(means, key=lambda arm: means[arm], default=None)
        beaten = {
            pair.other if pair.arm == best else pair.arm
            for pair in self.pairs
            if best in (pair.arm, pair.other) and pair.verdict in (Verdict.BETTER, Verdict.WORSE)
        }
        return {arm: "best" if arm == best else "tied" if arm in means and arm not in beaten else "" for arm in scores}


def compare_setting(
    scores: Scores,
    question: Question,
    subject: Subject,
    labels: Mapping[str, str],
    unit: Unit,
    setting: Mapping[str, Any],
    selected: tuple[Selected, ...] = (),
) -> Comparison:
    """The comparisons at one setting, from the scores of that setting."""
    others = [(arm, question.baseline) for arm in scores.arms if arm != question.baseline]
    without = {} if question.at != "last" else {
        arm: {run.seed: run.without_groups(question.metric.name, GROUPS) for run in scores.finished(arm)}
        for arm in scores.arms
    }  # fmt: skip
    family = tuple(
        replace(
            each,
            with_items=_interval_with_items(each, without, question.confidence),
            corrected_with_items=_interval_with_items(each, without, 1 - (1 - question.confidence) / len(others)),
        )
        for each in _contrasts(scores, others, question, unit)
    )
    pairs = _contrasts(scores, list(itertools.combinations(scores.arms, 2)), question, unit)
    floor = _noise_floor(scores, question)
    return Comparison(scores, question, subject, labels, unit, setting, family, pairs, floor, selected)


def _contrasts(scores: Scores, pairs: list[tuple[str, str]], question: Question, unit: Unit) -> tuple[Contrast, ...]:
    """One family of comparisons: corrected together, then decided."""
    metric = question.metric
    resolution = scores.resolution(metric.name)
    values = {arm: scores.values(metric.name, arm, at=question.at) for arm in scores.arms}
    raw = [paired(values[one], values[other], resolution=resolution, higher=metric.higher) for one, other in pairs]
    contrasts = []
    for (one, other), difference in zip(pairs, holm(raw), strict=True):
        decision = decide(
            difference,
            margin=question.margin,
            higher=metric.higher,
            comparisons=len(pairs),
            extended=question.extended,
            diverged=scores.diverged(one) > 0,
            margin_text=unit.margin(question.margin),
        )
        reason = question.withheld.get(ALL_PAIRS) or question.withheld.get(frozenset((one, other)))
        if reason:
            decision = Decision(Verdict.NONE, None, reason)
        elif scores.diverged(other) and decision.verdict not in (Verdict.BETTER, Verdict.NONE):
            # Neither of the two may win by runs that diverged: the second neither, by a worse first.
            decision = Decision(Verdict.NONE, None, f"runs of {other} diverged")
        interval = None
        if difference.low is not None and difference.high is not None:
            half = float(half_width(difference.std, difference.n, question.confidence))
            interval = difference.mean - half, difference.mean + half
        contrasts.append(Contrast(one, other, difference, decision, interval))
    return tuple(contrasts)


def _interval_with_items(contrast: Contrast, without: WithoutGroups, confidence: float) -> Ends | None:
    """The interval over seeds and test items, from the stored predictions of the last epoch.

    One of `GROUPS` groups of items is left out at a time, and both scores are computed again (Tukey 1958;
    Wolter 2007, chapter 4).
    """
    if contrast.difference.n < 2 or not without:
        return None
    one, other = without[contrast.arm], without[contrast.other]
    pairs = [(one[seed], other[seed]) for seed in one if seed in other]
    differences = [first - second for first, second in pairs if first is not None and second is not None]
    if len(differences) < len(pairs):
        return None
    variance = jackknife_variance(np.mean(differences, axis=0))
    return combined_interval(contrast.difference, variance, GROUPS, confidence)


def _noise_floor(scores: Scores, question: Question) -> Unpaired | None:
    name, at = question.metric.name, question.at
    floor = welch(scores.values(name, question.baseline, at=at), [run.score(name, at=at) for run in scores.control])
    return floor if floor.n1 > 1 and floor.n2 > 1 else None
