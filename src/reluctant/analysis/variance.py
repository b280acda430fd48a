"""Where the variance between runs comes from, in a study whose `[seed]` table varies the sources apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reluctant.analysis.labels import list_names
from reluctant.analysis.question import Question
from reluctant.scores import Scores
from reluctant.statistics import REST, Component, components
from reluctant.study import SOURCES, seed_numbers

SOURCE_WORDS: Mapping[str, str] = {**SOURCES, REST: "interactions and the rest"}


@dataclass(frozen=True)
class ArmVariance:
    """The variance of one arm's runs by source: `std` is that of a single run.

    `parts` is empty where runs are missing or diverged: `missing` of `runs`.
    """

    arm: str
    runs: int
    missing: int
    mean: float
    std: float
    parts: tuple[Component, ...]


def variance_by_source(scores: Scores, question: Question) -> tuple[ArmVariance, ...]:
    """The variance of every arm at one setting; empty where the study gives plain seeds."""
    if not question.seed_sources:
        return ()
    return tuple(_arm_variance(scores, question, question.seed_sources, arm) for arm in scores.arms)


def _arm_variance(scores: Scores, question: Question, levels: Mapping[str, tuple[int, ...]], arm: str) -> ArmVariance:
    values = scores.values(question.metric.name, arm, at=question.at)
    finite = values[np.isfinite(values)]
    missing = len(values) - len(finite)
    mean = float(finite.mean()) if len(finite) else float("nan")
    if missing:
        return ArmVariance(arm, len(values), missing, mean, float("nan"), ())
    grid = np.empty([len(levels[source]) for source in SOURCES])
    for seed, value in zip(scores.seeds, values, strict=True):
        own = seed_numbers(str(seed))
        grid[tuple(levels[source].index(own[source]) for source in SOURCES)] = value
    parts = tuple(components(grid, list(SOURCES)))
    return ArmVariance(arm, len(values), 0, mean, float(np.sqrt(sum(p.variance for p in parts))), parts)


def variance_sentence(variances: Sequence[ArmVariance], arms: str) -> str:
    """`Of the variance between runs, 61 % comes from the initial weights, …`; empty if nothing is known."""
    total: dict[str, float] = {}
    for each in variances:
        for part in each.parts:
            total[part.source] = total.get(part.source, 0.0) + part.variance
    whole = sum(total.values())
    if not whole > 0:
        return ""
    shares = [
        f"{100 * variance / whole:.0f} % from {'the ' if source != REST else ''}{SOURCE_WORDS[source]}"
        for source, variance in total.items()
    ]
    shares[0] = shares[0].replace(" % from", " % comes from", 1)
    return f"Of the variance between runs, {list_names(shares)} (all {arms} together)."
