"""Where a study chooses a value per activation (`choose = "lr"`): the one that is best on validation."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from reluctant.catalogue.metrics import metric as named
from reluctant.records.study_results import Results


@dataclass(frozen=True)
class Pick:
    """The value chosen for an activation; `edge` says that it lies at an end of the list."""

    activation: str
    axis: str
    value: Any
    edge: bool


def pick(results: Results, metric: str, at: str) -> Iterator[tuple[Mapping[str, Any], tuple[Pick, ...]]]:
    """For each setting of the other axes: the pick of every activation, by mean validation score."""
    axis = results.study.choose
    if axis is None:
        return
    settings = {tuple((k, v) for k, v in s.items() if k != axis): None for s in results.settings}
    for pairs in settings:
        chosen = dict(pairs)
        picks = [_best(results.at(chosen), name, axis, metric, at) for name in results.activations]
        yield chosen, tuple(p for p in picks if p is not None)


def _best(results: Results, activation: str, axis: str, metric: str, at: str) -> Pick | None:
    values = sorted(getattr(results.study, axis))
    means = {value: _mean(results.at({axis: value}), activation, metric, at) for value in values}
    known = {value: mean for value, mean in means.items() if np.isfinite(mean)}
    if not known:
        return None
    best = max(known, key=lambda v: known[v] if named(metric).higher else -known[v])
    return Pick(activation, axis, best, best in (values[0], values[-1]))


def _mean(results: Results, activation: str, metric: str, at: str) -> float:
    """The mean validation score over seeds; a rate at which a run diverged is out of the running."""
    values = results.values(metric, activation, "valid", at)
    return float(values.mean()) if np.isfinite(values).all() else float("nan")
