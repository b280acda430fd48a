"""Each activation against the baseline, all pairs, the noise floor: one comparison per setting."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from reluctant.analysis.comparison.images import image_variance
from reluctant.analysis.comparison.pick import Pick, pick
from reluctant.analysis.comparison.units import Unit, unit_of
from reluctant.catalogue.metrics import Metric
from reluctant.catalogue.metrics import metric as named
from reluctant.core.errors import StudyError
from reluctant.records.study_results import Results
from reluctant.statistics import (
    Decision,
    Difference,
    Unpaired,
    Verdict,
    combined_interval,
    decide,
    holm,
    paired,
    welch,
)

GROUPS = 50  # of test images; one is left out at a time


@dataclass(frozen=True)
class Contrast:
    """One activation against another: the paired difference (first minus second) and what it amounts to.

    `both` is the 95 % interval over seeds and test images, None where the images' part is not known.
    """

    activation: str
    against: str
    difference: Difference
    decision: Decision
    both: tuple[float, float] | None = None

    @property
    def verdict(self) -> Verdict:
        """What was decided."""
        return self.decision.verdict


@dataclass(frozen=True)
class Comparison:
    """All comparisons at one setting of a study."""

    results: Results
    metric: Metric
    at: str
    baseline: str
    margin: float
    grown: bool
    setting: Mapping[str, Any]
    family: tuple[Contrast, ...]  # each against the baseline: this decides
    pairs: tuple[Contrast, ...]  # every pair once: for exploring
    floor: Unpaired | None = None  # the baseline against itself under other seeds
    picks: tuple[Pick, ...] = ()  # where each activation has a rate of its own

    @property
    def confidence(self) -> float:
        """Of the intervals that decide: 95 %, or 97.5 % after the study has grown."""
        return 0.975 if self.grown else 0.95

    @cached_property
    def unit(self) -> Unit:
        """How scores and differences are written."""
        return unit_of(self.results, self.metric.name)

    @cached_property
    def ranks(self) -> dict[str, tuple[int, int]]:
        """From–to: 1 + those that beat it, and the number of all − those it beats, by the pairs' verdicts."""
        names = [a for a in self.results.activations if self.results.interval(self.metric.name, a).n]
        beats: dict[str, set[str]] = {name: set() for name in names}
        for contrast in self.pairs:
            if contrast.verdict == Verdict.BETTER:
                beats[contrast.activation].add(contrast.against)
            elif contrast.verdict == Verdict.WORSE:
                beats[contrast.against].add(contrast.activation)
        return {n: (1 + sum(n in beats[o] for o in names), len(names) - len(beats[n])) for n in names}

    @property
    def doubtful(self) -> bool:
        """Whether the baseline differs from itself, so that nothing here is to be trusted."""
        return self.floor is not None and self.floor.p is not None and self.floor.p < 0.01


def compare(
    results: Results,
    *,
    metric: str | None = None,
    baseline: str | None = None,
    margin: float | None = None,
    at: str | None = None,
) -> tuple[Comparison, ...]:
    """The comparisons of a study, one per setting, and one more per pick where the study chooses rates.

    What is not given is taken from the study's `[compare]`. Raises `StudyError` for an unknown metric, an
    activation that takes no part, a negative margin or another word than last, best or mean.
    """
    study = results.study
    asked = named(metric or study.compare.metric)
    against = _baseline(results, baseline)
    if margin is None and asked.name == study.compare.metric:
        margin = study.compare.margin
    margin = asked.margin if margin is None else margin
    at = at or study.compare.at
    _check(margin, at)
    if results.study.sources:
        return ()
    found = [_one(results.at(chosen), asked, against, margin, at, chosen, ()) for chosen in results.settings]
    for chosen, picks in pick(results, asked.name, at):
        if not picks:
            continue
        own = results.at(chosen).only({(p.activation, p.value) for p in picks}, str(study.choose))
        found.append(_one(own, asked, against, margin, at, chosen, picks))
    return tuple(found)


def _baseline(results: Results, given: str | None) -> str:
    if given is None:
        return results.study.baseline
    from reluctant.catalogue import ACTIVATIONS

    name = str(ACTIVATIONS.canonical(given))
    if name not in results.activations:
        raise StudyError(
            f"{name!r} takes no part in the study; choose one of {', '.join(results.activations)}"
        )
    return name


def _check(margin: float, at: str) -> None:
    if not 0 <= margin < float("inf"):
        raise StudyError(
            f"a margin of {margin} is below zero or no number; it is the smallest difference that matters"
        )
    if at not in ("last", "best", "mean"):
        raise StudyError(f"scores are taken at the last epoch, the best or the mean, not at {at!r}")


def _one(
    results: Results,
    metric: Metric,
    baseline: str,
    margin: float,
    at: str,
    setting: Mapping[str, Any],
    picks: tuple[Pick, ...],
) -> Comparison:
    grown = results.grown
    others = [a for a in results.activations if a != baseline]
    family = _contrasts(results, [(a, baseline) for a in others], metric, margin, at)
    pairs = _contrasts(results, list(itertools.combinations(results.activations, 2)), metric, margin, at)
    family = tuple(replace(c, both=_both(results, c, metric, at)) for c in family)
    floor = _floor(results, metric, baseline, at)
    return Comparison(results, metric, at, baseline, margin, grown, setting, family, pairs, floor, picks)


def _contrasts(
    results: Results, pairs: Sequence[tuple[str, str]], metric: Metric, margin: float, at: str
) -> tuple[Contrast, ...]:
    """One family of comparisons: corrected together, then decided."""
    resolution = results.resolution(metric.name)
    raw = [
        paired(
            results.values(metric.name, one, at=at),
            results.values(metric.name, other, at=at),
            resolution=resolution,
            higher=metric.higher,
        )
        for one, other in pairs
    ]
    return tuple(
        Contrast(
            one, other, difference, _decide(results, difference, (one, other), metric, margin, len(pairs))
        )
        for (one, other), difference in zip(pairs, holm(raw), strict=True)
    )


def _decide(
    results: Results,
    difference: Difference,
    pair: tuple[str, str],
    metric: Metric,
    margin: float,
    comparisons: int,
) -> Decision:
    """Neither of the two may win by runs that diverged: the first never as better, the second as worse."""
    found = decide(
        difference,
        margin=margin,
        higher=metric.higher,
        comparisons=comparisons,
        grown=results.grown,
        diverged=results.diverged(pair[0]),
    )
    if results.diverged(pair[1]) and found.verdict not in (Verdict.BETTER, Verdict.NONE):
        return Decision(Verdict.NONE, None, f"runs of {pair[1]} diverged")
    return found


def _both(results: Results, contrast: Contrast, metric: Metric, at: str) -> tuple[float, float] | None:
    """The interval over seeds and test images, from the stored predictions of the last epoch."""
    if contrast.difference.n < 2 or at != "last" or metric.score is None:
        return None
    variance = image_variance(results, contrast.activation, contrast.against, metric.name, GROUPS)
    return None if variance is None else combined_interval(contrast.difference, variance, GROUPS)


def _floor(results: Results, metric: Metric, baseline: str, at: str) -> Unpaired | None:
    again = np.array([r.score(metric.name, at=at) for r in results.control if r.diverged is None])
    first = results.values(metric.name, baseline, at=at)
    first = first[np.isfinite(first)]
    return welch(first, again) if len(again) > 1 and len(first) > 1 else None
