"""What a study claims, held against what it found: supported, contradicted or undecided, and why."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations

import numpy as np
import numpy.typing as npt

from reluctant.catalogue.metrics import metric as named
from reluctant.catalogue.metrics import unit
from reluctant.records.run_result import Result
from reluctant.records.study_results import Results
from reluctant.statistics import Difference, holm, mean_interval, paired
from reluctant.study import Claim

Floats = npt.NDArray[np.float64]
LEVEL, GROWN = 0.05, 0.025

CONVERGENCE = (
    "Speed of convergence: epochs until a run has come 90 % of the way from its value after the first epoch "
    "to its own value after the last, on a straight line between epochs."
)


class Finding(StrEnum):
    """What became of a claim."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Evidence:
    """One number behind a verdict: `about` whom, the estimate and its interval, what it says of the claim."""

    about: tuple[str, ...]
    mean: float
    low: float | None
    high: float | None
    n: int
    p: float | None
    says: bool | None  # for the claim, against it, neither


@dataclass(frozen=True)
class Judged:
    """A claim and its verdict; `test` says in words what was asked of the evidence."""

    claim: Claim
    finding: Finding
    test: str
    unit: str
    evidence: tuple[Evidence, ...]


def judge(results: Results, claim: Claim) -> Judged:
    """Hold one claim against the results of one setting."""
    level = GROWN if results.grown else LEVEL
    margin = _margin(results, claim)
    found = _JUDGES[claim.kind](results, claim, margin, level)
    concerned = claim.activations if claim.than else results.activations
    if found.finding == Finding.SUPPORTED and any(map(results.diverged, concerned)):
        return replace(
            found, finding=Finding.UNDECIDED, test=f"{found.test}; runs diverged, so none is supported"
        )
    return found


def judged(results: Results) -> tuple[Judged, ...]:
    """All claims of a study that name only activations that take part."""
    return tuple(judge(results, claim) for claim in results.study.claims)


def _margin(results: Results, claim: Claim) -> float:
    if claim.margin is not None:
        return claim.margin
    compare = results.study.compare
    if claim.metric == compare.metric and compare.margin is not None:
        return compare.margin
    return named(claim.metric).margin


def _values(results: Results, activation: str, claim: Claim) -> Floats:
    """What the claim is about, one number per seed; NaN where a run is missing or diverged."""
    if claim.is_ in ("slowest", "fastest"):
        return _by_seed(results, activation, lambda r: r.converged(claim.metric, claim.split))
    if claim.reaches is not None:
        return _by_seed(results, activation, lambda r: _nearest(r, claim))
    return results.values(claim.metric, activation, claim.split, claim.at)


def _by_seed(results: Results, activation: str, number: Callable[[Result], float]) -> Floats:
    found = {r.run.seed: number(r) for r in results.of(activation) if r.diverged is None}
    return np.array([found.get(seed, np.nan) for seed in results.study.seed])


def _paired(results: Results, claim: Claim, first: Floats, second: Floats, level: float) -> Difference:
    """The paired difference; scores move in steps of one image, epochs and losses do not."""
    steps = claim.is_ not in ("slowest", "fastest")
    resolution = results.resolution(claim.metric, claim.split) if steps else 0.0
    return paired(first, second, confidence=1 - level, resolution=resolution)


def _nearest(result: Result, claim: Claim) -> float:
    """The best value up to the claim's epoch."""
    curve = result.curve(claim.metric, claim.split)[: claim.by_epoch]
    return float(curve.max() if named(claim.metric).higher else curve.min())


def _unit(results: Results, claim: Claim) -> str:
    return "epochs" if claim.is_ in ("slowest", "fastest") else unit(claim.metric, results.study.task)


def _extreme(results: Results, claim: Claim, _: float, level: float) -> Judged:
    """`is`: paired differences to every rival, or to the one that the claim names."""
    (of,) = claim.of
    rivals = [claim.than] if claim.than else [a for a in results.activations if a != of]
    sign = 1 if claim.is_ in ("highest", "slowest", "higher") else -1
    own = _values(results, of, claim)
    raw = [_paired(results, claim, own, _values(results, rival, claim), level) for rival in rivals]
    evidence = tuple(
        _against(of, rival, difference, sign, level)
        for rival, difference in zip(rivals, holm(raw), strict=True)
    )
    return Judged(claim, _all(evidence), _tested(of, claim, level), _unit(results, claim), evidence)


def _tested(of: str, claim: Claim, level: float) -> str:
    """What `is` is supported and contradicted by, in words."""
    if claim.than:
        return (
            f"supported when {of} is {claim.is_} than {claim.than} by the paired t test (p ≤ {level:g}), "
            f"contradicted when {claim.than} is {claim.is_} instead"
        )
    return (
        f"supported when {of} is {claim.is_} by the paired t test (p ≤ {level:g}) against every rival, "
        f"contradicted when one rival is {claim.is_} instead (p ≤ {level:g} after Holm)"
    )


def _against(of: str, rival: str, difference: Difference, sign: int, level: float) -> Evidence:
    """For the claim where the test says so; against it where it says so even after Holm's correction."""
    right = sign * difference.mean > 0
    says: bool | None = None
    if right and difference.p is not None and difference.p <= level:
        says = True
    elif not right and difference.corrected is not None and difference.corrected <= level:
        says = False
    return Evidence(
        (of, rival), difference.mean, difference.low, difference.high, difference.n, difference.p, says
    )


def _all(evidence: Sequence[Evidence]) -> Finding:
    if any(e.says is False for e in evidence):
        return Finding.CONTRADICTED
    if evidence and all(e.says is True for e in evidence):
        return Finding.SUPPORTED
    return Finding.UNDECIDED


def _between(results: Results, claim: Claim, _: float, level: float) -> Judged:
    """`between`: intervals of means inside or outside the bounds."""
    assert claim.between is not None
    low, high = claim.between
    words = f"the interval of the mean lies inside {low:g} to {high:g}"
    return _each(results, claim, level, words, lambda a, b: _inside(a, b, low, high))


def _inside(low: float, high: float, least: float, most: float) -> bool | None:
    if least <= low and high <= most:
        return True
    return False if high < least or low > most else None


def _reaches(results: Results, claim: Claim, margin: float, level: float) -> Judged:
    """`reaches`: intervals of the best value up to an epoch."""
    assert claim.reaches is not None
    higher = named(claim.metric).higher
    target = claim.reaches - margin if higher else claim.reaches + margin
    by = f" up to epoch {claim.by_epoch}" if claim.by_epoch else ""
    words = f"the interval of the mean best value{by} reaches {claim.reaches:g} within {margin:g}"
    if higher:
        return _each(results, claim, level, words, lambda a, b: _inside(a, b, target, np.inf))
    return _each(results, claim, level, words, lambda a, b: _inside(a, b, -np.inf, target))


def _each(
    results: Results, claim: Claim, level: float, words: str, ask: Callable[[float, float], bool | None]
) -> Judged:
    """Ask every activation's interval; with `only`, the others must answer no."""
    asked = results.activations if claim.only else claim.of
    evidence = tuple(_asked(results, name, claim, level, ask) for name in asked)
    test = f"supported when {words} for {', '.join(claim.of)}"
    if claim.only:
        test += " and for no other activation"
    return Judged(claim, _all(evidence), test, _unit(results, claim), evidence)


def _asked(
    results: Results, name: str, claim: Claim, level: float, ask: Callable[[float, float], bool | None]
) -> Evidence:
    values = _values(results, name, claim)
    interval = mean_interval(values[np.isfinite(values)], 1 - level)
    says = None
    if interval.low is not None and interval.high is not None:
        answer = ask(interval.low, interval.high)
        says = answer if answer is None or name in claim.of else not answer
    return Evidence((name,), interval.mean, interval.low, interval.high, interval.n, None, says)


def _similar(results: Results, claim: Claim, margin: float, level: float) -> Judged:
    """`similar`: paired differences of all pairs inside or outside the margin."""
    pairs = list(combinations(claim.similar, 2))
    evidence = tuple(_alike(results, pair, claim, margin, level, len(pairs)) for pair in pairs)
    test = (
        f"supported when the interval of every paired difference lies inside ±{margin:g}, contradicted when "
        f"one lies outside even at {100 * (1 - level / len(pairs)):.1f} % (Bonferroni, {len(pairs)} pairs)"
    )
    return Judged(claim, _all(evidence), test, _unit(results, claim), evidence)


def _alike(
    results: Results, pair: tuple[str, str], claim: Claim, margin: float, level: float, pairs: int
) -> Evidence:
    first, second = (_values(results, name, claim) for name in pair)
    plain = _paired(results, claim, first, second, level)
    wide = _paired(results, claim, first, second, level / pairs)
    says = None
    if _place(plain, margin):
        says = True
    elif _place(wide, margin) is False:
        says = False
    return Evidence(pair, plain.mean, plain.low, plain.high, plain.n, plain.p, says)


def _place(difference: Difference, margin: float) -> bool | None:
    """Inside the margin, outside, or across it."""
    if difference.low is None or difference.high is None:
        return None
    return _inside(difference.low, difference.high, -margin, margin)


_JUDGES = {"is": _extreme, "between": _between, "reaches": _reaches, "similar": _similar}
