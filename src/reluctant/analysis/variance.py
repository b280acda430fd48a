"""Where the spread between runs comes from, in a study whose `[seed]` table varies the sources apart."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from reluctant.records.study_results import Results
from reluctant.statistics import REST, Component, components
from reluctant.study import SOURCES, numbers

WORDS: Mapping[str, str] = {**SOURCES, REST: "their interplay"}


@dataclass(frozen=True)
class Spread:
    """The spread of one activation's runs: `deviation` of a single run, taken apart into `parts`.

    `parts` is empty where runs are missing or diverged: `lost` of `runs`.
    """

    activation: str
    runs: int
    lost: int
    mean: float
    deviation: float
    parts: tuple[Component, ...]


def spreads(results: Results, metric: str | None = None, at: str | None = None) -> tuple[Spread, ...]:
    """The spread of every activation (one setting), by the study's metric unless told otherwise.

    Empty where the study gives plain seeds.
    """
    if not results.study.sources:
        return ()
    results.one_setting()
    asked, when = metric or results.study.compare.metric, at or results.study.compare.at
    return tuple(_spread(results, activation, asked, when) for activation in results.activations)


def _spread(results: Results, activation: str, metric: str, at: str) -> Spread:
    values = results.values(metric, activation, at=at)
    levels = results.study.sources
    kept = values[np.isfinite(values)]
    lost = len(values) - len(kept)
    mean = float(kept.mean()) if len(kept) else float("nan")
    if lost:
        return Spread(activation, len(values), lost, mean, float("nan"), ())
    grid = np.empty([len(levels[source]) for source in SOURCES])
    for seed, value in zip(results.study.seed, values, strict=True):
        own = numbers(str(seed))
        grid[tuple(levels[source].index(own[source]) for source in SOURCES)] = value
    parts = tuple(components(grid, list(SOURCES)))
    return Spread(activation, len(values), 0, mean, float(np.sqrt(sum(p.variance for p in parts))), parts)


def shares(found: tuple[Spread, ...]) -> dict[str, float]:
    """The share of every source in the variance, averaged over the activations it is known of."""
    total: dict[str, float] = {}
    for each in found:
        for part in each.parts:
            total[part.source] = total.get(part.source, 0.0) + part.variance
    whole = sum(total.values())
    return {source: variance / whole for source, variance in total.items()} if whole > 0 else {}


def sentence(results: Results) -> str:
    """`Of the variance between runs, 61 % comes from the initial weights, …`; empty if nothing is known."""
    of = shares(spreads(results))
    if not of:
        return ""
    told = [f"{100 * of[s]:.0f} % from {WORDS[s] if s == REST else f'the {WORDS[s]}'}" for s in of]
    told[0] = told[0].replace(" % from", " % comes from", 1)
    *most, last = told
    listed = f"{', '.join(most)} and {last}" if most else last
    return f"Of the variance between runs, {listed} (activations together)."
