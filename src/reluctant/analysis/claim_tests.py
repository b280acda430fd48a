"""The tests behind claims: one for each way of claiming, from the scores of one setting."""

from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

import numpy as np

from reluctant.analysis.labels import count
from reluctant.scores import Floats, Scores
from reluctant.statistics import Difference, paired
from reluctant.statistics.sequential import FIRST
from reluctant.study import Claim

SHARE = 0.9  # of the way from the first epoch's value to the last: then a run has converged


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


Tested = tuple[str, tuple[Evidence, ...]]


def in_epochs(claim: Claim) -> bool:
    """Whether a claim is about speed, counted in epochs."""
    return claim.is_ in ("slowest", "fastest")


def _values(scores: Scores, claim: Claim, arm: str, share: float) -> Floats:
    """What the claim is about, one number per seed; NaN where a run is missing or diverged."""
    runs, name, split = scores.finished(arm), claim.metric, claim.split
    if in_epochs(claim):
        by_seed = {run.seed: run.epochs_to_converge(name, split, share) for run in runs}
    elif claim.reaches is not None:  # the best value up to the claim's epoch
        best = np.max if scores.metric(name).higher else np.min
        by_seed = {run.seed: float(best(run.curve(name, split)[: claim.by_epoch])) for run in runs}
    else:
        return scores.values(name, arm, split, claim.at)
    return np.array([by_seed.get(seed, np.nan) for seed in scores.seeds], float)


@dataclass(frozen=True)
class ClaimTest:
    """What a test of a claim needs: scores, margin (as a number and in words), level, and whether it is sequential.

    `share` is the part of its way after which a run has converged.
    """

    scores: Scores
    claim: Claim
    margin: float
    margin_text: str
    level: float
    sequential: bool
    share: float = SHARE

    def paired(self, one: str, other: str, comparisons: int) -> Difference:
        """The paired difference; scores move in steps of one test item, epochs and losses do not."""
        resolution = 0.0 if in_epochs(self.claim) else self.scores.resolution(self.claim.metric, self.claim.split)
        first, second = (_values(self.scores, self.claim, arm, self.share) for arm in (one, other))
        return self._difference(first, second, resolution, comparisons)

    def mean(self, arm: str, comparisons: int) -> Difference:
        """The mean of an arm's own values, as a difference from 0: one rounding instead of two."""
        values = _values(self.scores, self.claim, arm, self.share)
        resolution = self.scores.resolution(self.claim.metric, self.claim.split) / np.sqrt(2)
        return self._difference(values, np.zeros_like(values), resolution, comparisons)

    def _difference(self, first: Floats, second: Floats, resolution: float, comparisons: int) -> Difference:
        return paired(
            first, second, confidence=1 - self.level, resolution=resolution, sequential=self.sequential,
            comparisons=comparisons,
        )  # fmt: skip


def _evidence(arms: tuple[str, ...], d: Difference, direction: Direction, p: float | None = None) -> Evidence:
    low, high = d.decides or (None, None)
    return Evidence(arms, d.mean, low, high, d.n, p, direction)


def _test_extreme(test: ClaimTest) -> Tested:
    """`is`: paired differences to every other activation, or to the one that the claim names.

    As a verdict: what is the same within the margin is not higher or lower.
    """
    claim, level = test.claim, test.level
    (arm,) = claim.of
    rivals = [claim.than] if claim.than else [each for each in test.scores.arms if each != arm]
    sign = 1 if claim.is_ in ("highest", "slowest", "higher") else -1
    margin = 0.0 if in_epochs(claim) else test.margin
    evidence = []
    for rival in rivals:
        # All rivals must agree for the claim, which needs no correction; one alone contradicts it, which does.
        plain, wide = test.paired(arm, rival, 1), test.paired(arm, rival, len(rivals))
        direction, agrees = Direction.OPEN, sign * plain.mean > 0
        same = _position(wide, (-margin, margin)) == Direction.FOR
        if same or (not agrees and wide.corrected is not None and wide.corrected <= level):
            direction = Direction.AGAINST
        elif agrees and plain.p is not None and plain.p <= level:
            direction = Direction.FOR
        evidence.append(_evidence((arm, rival), plain, direction, plain.p))
    within = f" or the two are the same within {test.margin_text}" if margin else ""
    if claim.than:
        return (
            f"supported when {arm} is {claim.is_} than {claim.than} by the paired t test (p ≤ {level:g}), "
            f"contradicted when {claim.than} is {claim.is_} instead{within}"
        ), tuple(evidence)
    return (
        f"supported when {arm} is {claim.is_} by the paired t test (p ≤ {level:g}) against every other activation, "
        f"contradicted when one of them is {claim.is_} instead (p ≤ {level / len(rivals):.2g}){within}"
    ), tuple(evidence)


def _test_intervals(test: ClaimTest) -> Tested:
    """`between`, of means, and `reaches`, of best values up to an epoch: intervals inside or outside bounds.

    The interval of every arm that the claim names lies inside; with `only`, those of the others outside.
    """
    claim, scores = test.claim, test.scores
    if claim.between is not None:
        low, high = claim.between
        words = f"the interval of the mean lies inside {low:g} to {high:g}"
    else:
        assert claim.reaches is not None
        higher = scores.metric(claim.metric).higher
        low, high = (claim.reaches - test.margin, np.inf) if higher else (-np.inf, claim.reaches + test.margin)
        by = f" up to epoch {claim.by_epoch}" if claim.by_epoch else ""
        words = f"the interval of the mean best value{by} reaches {claim.reaches:g} within {test.margin_text}"
    evidence = []
    arms = scores.arms if claim.only else claim.of
    for arm in arms:
        plain, wide = test.mean(arm, 1), test.mean(arm, len(arms))
        # An arm that the claim names should lie inside, with `only` the others outside.
        for_it, against = (Direction.FOR, Direction.AGAINST) if arm in claim.of else (Direction.AGAINST, Direction.FOR)
        direction = Direction.OPEN
        if _position(plain, (low, high)) == for_it:
            direction = Direction.FOR
        elif _position(wide, (low, high)) == against:  # one arm alone contradicts, so it is corrected
            direction = Direction.AGAINST
        evidence.append(_evidence((arm,), plain, direction))
    described = f"supported when {words} for {', '.join(claim.of)}"
    return described + (" and for no other activation" if claim.only else ""), tuple(evidence)


def _test_similar(test: ClaimTest) -> Tested:
    """`similar`: paired differences of all pairs inside or outside the margin.

    A claim of likeness holds where all pairs agree, so it needs no correction; it is contradicted by any one
    pair, so that pair's interval is widened for the number of pairs (Bonferroni).
    """
    pairs, margin = list(combinations(test.claim.similar, 2)), test.margin
    evidence = []
    for one, other in pairs:
        plain, wide = test.paired(one, other, 1), test.paired(one, other, len(pairs))
        direction = Direction.OPEN
        if _position(plain, (-margin, margin)) == Direction.FOR:
            direction = Direction.FOR
        elif _position(wide, (-margin, margin)) == Direction.AGAINST:
            direction = Direction.AGAINST
        evidence.append(_evidence((one, other), plain, direction, plain.p))
    described = (
        f"supported when the interval of every paired difference lies inside {test.margin_text}, contradicted when one "
        f"lies outside even at {100 * (1 - test.level / len(pairs)):.1f} % (Bonferroni, {count(len(pairs), 'pair')})"
    )
    return described, tuple(evidence)


def _position(difference: Difference, bounds: tuple[float, float]) -> Direction:
    """For: the interval that decides lies inside the bounds; against: outside; open: across one, or none."""
    if difference.n < FIRST or difference.decides is None:
        return Direction.OPEN
    low, high = difference.decides
    if not low <= difference.mean <= high:  # the last seeds contradict the first ones
        return Direction.OPEN
    if bounds[0] < low and high < bounds[1]:
        return Direction.FOR
    return Direction.AGAINST if high < bounds[0] or low > bounds[1] else Direction.OPEN


TESTS = {"is": _test_extreme, "between": _test_intervals, "reaches": _test_intervals, "similar": _test_similar}
