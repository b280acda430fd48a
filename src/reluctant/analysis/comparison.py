"""Every arm against the baseline, all pairs, and the noise floor, at one setting."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from reluctant.analysis.contrasts import Contrast, Typical, contrasts, with_items
from reluctant.analysis.labels import Subject
from reluctant.analysis.question import Question
from reluctant.analysis.selection import Selected
from reluctant.analysis.units import Unit
from reluctant.catalogue.metrics import Metric
from reluctant.scores import Floats, Scores
from reluctant.statistics import Interval, Unpaired, Verdict, welch
from reluctant.statistics.interval import std_ratio
from reluctant.statistics.power import LEVEL

CHANCE = 0.01  # of a ratio of standard deviations


@dataclass(frozen=True)
class VerdictRow:
    """A line of the table of verdicts; `contrast` is None for the baseline."""

    arm: str
    label: str
    score: Interval  # the arm's mean score and its interval
    contrast: Contrast | None
    # from–to: 1 + the arms that beat it, or 2 if it cannot be the best; and all arms − those it beats
    rank: tuple[int, int] | None
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
    # a score per seed of every arm; NaN where a run is missing, diverged or collapsed
    values: Mapping[str, Floats]
    collapsed: Mapping[str, int]  # how many runs of an arm collapsed
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

    def lost(self, arm: str) -> int:
        """How many runs of an arm diverged or collapsed: what the others score is no fair sample of it."""
        return self.scores.diverged(arm) + self.collapsed.get(arm, 0)

    def spread_ratio(self, arm: str) -> float:
        """The standard deviation of an arm's typical runs over that of the baseline; 1 where it may be by chance."""
        resolution = self.scores.resolution(self.metric.name)
        sides = (self.values[each][np.isfinite(self.values[each])] for each in (arm, self.question.baseline))
        ratio, p = std_ratio(*sides, resolution=resolution)
        return ratio if p < CHANCE else 1.0

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

        An arm is left out where another one is better by a one-sided test at 5 % over the number of its rivals, so that
        the best arm is left out in at most 5 % of studies. An arm with runs that diverged or collapsed is neither
        best nor a rival: its other runs are no fair sample.
        """
        arms = [arm for arm in self.scores.arms if self.scores.interval(self.metric.name, arm, at=self.question.at).n]
        sound = [arm for arm in arms if not self.lost(arm)]
        beaten = set()
        for pair in self.pairs:
            p, mean = pair.difference.p, pair.difference.mean
            if {pair.arm, pair.other} <= set(sound) and p is not None and pair.verdict != Verdict.NONE:
                loser = pair.other if (mean > 0) == self.metric.higher else pair.arm
                if p / 2 <= LEVEL / (len(sound) - 1):
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
        best, lost = self.may_be_best, any(map(self.lost, names))
        ranks = {}
        for name in names:
            first, last = 1 + sum(name in beats[other] for other in names), len(names) - len(beats[name])
            if best == (name,) and not lost:
                last = first
            ranks[name] = first if name in best or self.lost(name) else max(first, 2), last
        return ranks

    def _standings(self, scores: Mapping[str, Interval]) -> dict[str, Literal["best", "tied", ""]]:
        sign = 1 if self.metric.higher else -1
        means = {a: sign * s.mean for a, s in scores.items() if s.n and not self.lost(a)}
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
    families: int = 1,
) -> Comparison:
    """The comparisons at one setting, from its scores, decided together with those of as many settings."""
    others = [(arm, question.baseline) for arm in scores.arms if arm != question.baseline]
    typical = Typical.of(scores, question)
    family = with_items(contrasts(typical, others, unit, families), scores, question, families)
    pairs = contrasts(typical, list(itertools.combinations(scores.arms, 2)), unit, families)
    floor = _noise_floor(scores, question)
    return Comparison(
        scores,
        question,
        subject,
        labels,
        unit,
        setting,
        family,
        pairs,
        typical.values,
        typical.collapsed,
        floor,
        selected,
    )


def _noise_floor(scores: Scores, question: Question) -> Unpaired | None:
    name, at = question.metric.name, question.at
    floor = welch(scores.values(name, question.baseline, at=at), [run.score(name, at=at) for run in scores.control])
    return floor if floor.n1 > 1 and floor.n2 > 1 else None
