"""What a study claims, tested on its scores: supported, contradicted or undecided, and why."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations

import numpy as np

from reluctant.analysis.labels import count
from reluctant.analysis.question import Question
from reluctant.analysis.units import Unit
from reluctant.scores import Floats, Scores
from reluctant.statistics import Difference, holm, mean_interval, paired
from reluctant.statistics.power import EXTENDED_LEVEL
from reluctant.statistics.verdict import LEVEL
from reluctant.study import Claim

CONVERGENCE = (
    "Speed of convergence: epochs until a run has come 90 % of the way from its value after the first epoch "
    "to its own value after the last, on a straight line between epochs."
)


class Outcome(StrEnum):
    """What became of a claim."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    UNDECIDED = "undecided"

    @property
    def sign(self) -> str:
        """A sign that differs by its form."""
        return {"supported": "✓", "contradicted": "✗", "undecided": "?"}[self.value]


class Direction(StrEnum):
    """What one number says about a claim."""

    FOR = "supports"
    AGAINST = "contradicts"
    OPEN = "undecided"


@dataclass(frozen=True)
class Evidence:
    """One number behind an outcome: the arms it is about, the estimate with its interval, which way it points."""

    arms: tuple[str, ...]
    mean: float
    low: float | None
    high: float | None
    n: int
    p: float | None
    direction: Direction


@dataclass(frozen=True)
class JudgedClaim:
    """A claim and its outcome; `test` says in words what was tested, `in_epochs` what the numbers count."""

    claim: Claim
    outcome: Outcome
    test: str
    in_epochs: bool
    evidence: tuple[Evidence, ...]


def judge_claims(scores: Scores, question: Question, unit: Callable[[str], Unit]) -> tuple[JudgedClaim, ...]:
    """All claims of a study at one setting; `unit` is how a metric of this name is written."""
    return tuple(judge_claim(scores, question, claim, unit(claim.metric)) for claim in question.claims)


def judge_claim(scores: Scores, question: Question, claim: Claim, unit: Unit) -> JudgedClaim:
    """Test one claim on the scores of one setting."""
    family = max(1, len(question.claims))  # all claims of a study are corrected together (Bonferroni)
    level = (EXTENDED_LEVEL if question.extended else LEVEL) / family
    metric = scores.metric(claim.metric)
    margin = claim.margin
    if margin is None:
        margin = question.margin if metric is question.metric else metric.margin
    test, evidence = _TESTS[claim.kind](scores, claim, margin, unit.margin(margin), level)
    evidence = tuple(
        replace(each, direction=Direction.OPEN)
        if each.direction == Direction.AGAINST and any(map(scores.diverged, each.arms))
        else each  # what the surviving runs say counts against no claim either
        for each in evidence
    )
    directions = {each.direction for each in evidence}
    outcome = Outcome.CONTRADICTED if Direction.AGAINST in directions else Outcome.UNDECIDED
    if directions == {Direction.FOR}:
        outcome = Outcome.SUPPORTED
    concerned = claim.activations if claim.than else scores.arms
    if outcome == Outcome.SUPPORTED and any(map(scores.diverged, concerned)):
        outcome, test = Outcome.UNDECIDED, f"{test}; runs diverged, so no claim is supported"
    if question.withheld:
        outcome, test = Outcome.UNDECIDED, f"{test}; {next(iter(question.withheld.values()))}, so no claim is tested"
    return JudgedClaim(claim, outcome, test, _in_epochs(claim), evidence)


Tested = tuple[str, tuple[Evidence, ...]]


def _in_epochs(claim: Claim) -> bool:
    return claim.is_ in ("slowest", "fastest")


def _values(scores: Scores, claim: Claim, arm: str) -> Floats:
    """What the claim is about, one number per seed; NaN where a run is missing or diverged."""
    runs, name, split = scores.finished(arm), claim.metric, claim.split
    if _in_epochs(claim):
        by_seed = {run.seed: run.epochs_to_converge(name, split) for run in runs}
    elif claim.reaches is not None:  # the best value up to the claim's epoch
        best = np.max if scores.metric(name).higher else np.min
        by_seed = {run.seed: float(best(run.curve(name, split)[: claim.by_epoch])) for run in runs}
    else:
        return scores.values(name, arm, split, claim.at)
    return np.array([by_seed.get(seed, np.nan) for seed in scores.seeds], float)


def _paired(scores: Scores, claim: Claim, one: str, other: str, level: float) -> Difference:
    """The paired difference; scores move in steps of one test item, epochs and losses do not."""
    resolution = 0.0 if _in_epochs(claim) else scores.resolution(claim.metric, claim.split)
    first, second = (_values(scores, claim, arm) for arm in (one, other))
    return paired(first, second, confidence=1 - level, resolution=resolution)


def _test_extreme(scores: Scores, claim: Claim, margin: float, margin_text: str, level: float) -> Tested:
    """`is`: paired differences to every other activation, or to the one that the claim names."""
    (arm,) = claim.of
    rivals = [claim.than] if claim.than else [each for each in scores.arms if each != arm]
    sign = 1 if claim.is_ in ("highest", "slowest", "higher") else -1
    differences = holm([_paired(scores, claim, arm, rival, level) for rival in rivals])
    evidence = []
    for rival, d in zip(rivals, differences, strict=True):
        # For the claim where the test says so; against it where it says so even after Holm's correction.
        direction, agrees = Direction.OPEN, sign * d.mean > 0
        if agrees and d.p is not None and d.p <= level:
            direction = Direction.FOR
        elif not agrees and d.corrected is not None and d.corrected <= level:
            direction = Direction.AGAINST
        evidence.append(Evidence((arm, rival), d.mean, d.low, d.high, d.n, d.p, direction))
    if claim.than:
        test = (
            f"supported when {arm} is {claim.is_} than {claim.than} by the paired t test (p ≤ {level:g}), "
            f"contradicted when {claim.than} is {claim.is_} instead"
        )
    else:
        test = (
            f"supported when {arm} is {claim.is_} by the paired t test (p ≤ {level:g}) against every other activation, "
            f"contradicted when one of them is {claim.is_} instead (p ≤ {level:g} after Holm)"
        )
    return test, tuple(evidence)


def _test_intervals(scores: Scores, claim: Claim, margin: float, margin_text: str, level: float) -> Tested:
    """`between`, of means, and `reaches`, of best values up to an epoch: intervals inside or outside bounds.

    The interval of every arm that the claim names lies inside; with `only`, those of the others outside.
    """
    if claim.between is not None:
        low, high = claim.between
        words = f"the interval of the mean lies inside {low:g} to {high:g}"
    else:
        assert claim.reaches is not None
        higher = scores.metric(claim.metric).higher
        low, high = (claim.reaches - margin, np.inf) if higher else (-np.inf, claim.reaches + margin)
        by = f" up to epoch {claim.by_epoch}" if claim.by_epoch else ""
        words = f"the interval of the mean best value{by} reaches {claim.reaches:g} within {margin_text}"
    evidence = []
    arms = scores.arms if claim.only else claim.of
    resolution = scores.resolution(claim.metric, claim.split)
    for arm in arms:
        values = _values(scores, claim, arm)
        finite = values[np.isfinite(values)]
        interval = mean_interval(finite, 1 - level, resolution=resolution)
        wide = mean_interval(finite, 1 - level / len(arms), resolution=resolution)
        # An arm that the claim names should lie inside, with `only` the others outside.
        for_it, against = (Direction.FOR, Direction.AGAINST) if arm in claim.of else (Direction.AGAINST, Direction.FOR)
        direction = Direction.OPEN
        if _position(interval.low, interval.high, (low, high)) == for_it:
            direction = Direction.FOR
        elif _position(wide.low, wide.high, (low, high)) == against:  # one arm alone contradicts, so it is corrected
            direction = Direction.AGAINST
        evidence.append(Evidence((arm,), interval.mean, interval.low, interval.high, interval.n, None, direction))
    test = f"supported when {words} for {', '.join(claim.of)}"
    if claim.only:
        test += " and for no other activation"
    return test, tuple(evidence)


def _test_similar(scores: Scores, claim: Claim, margin: float, margin_text: str, level: float) -> Tested:
    """`similar`: paired differences of all pairs inside or outside the margin.

    A claim of likeness holds where all pairs agree, so it needs no correction; it is contradicted by any one
    pair, so that pair's interval is widened for the number of pairs (Bonferroni).
    """
    pairs = list(combinations(claim.similar, 2))
    evidence = []
    for one, other in pairs:
        plain = _paired(scores, claim, one, other, level)
        wide = _paired(scores, claim, one, other, level / len(pairs))
        direction = Direction.OPEN
        if _position(plain.low, plain.high, (-margin, margin)) == Direction.FOR:
            direction = Direction.FOR
        elif _position(wide.low, wide.high, (-margin, margin)) == Direction.AGAINST:
            direction = Direction.AGAINST
        evidence.append(Evidence((one, other), plain.mean, plain.low, plain.high, plain.n, plain.p, direction))
    test = (
        f"supported when the interval of every paired difference lies inside {margin_text}, contradicted when "
        f"one lies outside even at {100 * (1 - level / len(pairs)):.1f} % (Bonferroni, {count(len(pairs), 'pair')})"
    )
    return test, tuple(evidence)


def _position(low: float | None, high: float | None, bounds: tuple[float, float]) -> Direction:
    """For: the interval lies inside the bounds; against: outside; open: across one, or no interval."""
    if low is None or high is None:
        return Direction.OPEN
    if bounds[0] <= low and high <= bounds[1]:
        return Direction.FOR
    return Direction.AGAINST if high < bounds[0] or low > bounds[1] else Direction.OPEN


_TESTS = {"is": _test_extreme, "between": _test_intervals, "reaches": _test_intervals, "similar": _test_similar}
