"""The records of runs that the user's own training reported, as scores."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from reluctant.catalogue.metrics import Metric
from reluctant.catalogue.reported import (
    decimals_of,
    direction,
    looks_like_a_score,
    reported_metric,
    split_of,
    splits_of,
)
from reluctant.core.display import nearest_names
from reluctant.core.errors import StudyError
from reluctant.records.reported_run import ReportedRun, diverged_epoch, rounding_steps
from reluctant.records.schema import RunRecord
from reluctant.study import Run, Study


@dataclass(frozen=True, eq=False)
class ReportedResult(ReportedRun):
    """One finished run of the user's own training: its record, and the scores in it."""

    record: RunRecord = field(kw_only=True)

    @property
    def run(self) -> Run:
        """What was trained."""
        return self.record.run

    def value(self, axis: str) -> Any:
        """The run's value on an axis of the study."""
        return getattr(self.run, axis)

    def seconds_per_epoch(self) -> float:
        """Seconds between two reports, the median of the run's."""
        return float(np.median([report.seconds for report in self.record.reports] or [np.nan]))


def reported_results(study: Study, records: Iterable[RunRecord]) -> tuple[dict[Run, ReportedResult], dict[str, Metric]]:
    """The runs by what was trained, and the metrics that have been reported, the deciding one first.

    A metric whose name does not say whether more is better is in no table and decides nothing, unless the study says
    which it is.

    Raises:
        StudyError: Which metric decides cannot be known.
    """
    finished = list(records)
    values: dict[str, list[float]] = {}
    for record in finished:
        for report in record.reports:
            for name, value in report.scores.items():
                values.setdefault(name, []).append(np.nan if value is None else value)
    metrics = _metrics(study, values)
    planned = max((len(record.reports) for record in finished), default=1)
    decimals = {name: decimals_of(each) for name, each in values.items()}
    results = {}
    grids: dict[tuple[str, str], Any] = {}
    columns = {(name, split): column for name in values for split, column in splits_of(name, values).items()}
    for key, column in columns.items():
        epochs = {r.epoch for record in finished for r in record.reports if r.scores.get(column) is not None}
        grids[key] = np.array(sorted(epochs), float)
    for record in finished:
        curves, points, broken = {}, {}, set()
        for key, column in columns.items():
            curve = [(r.epoch, r.scores[column]) for r in record.reports if r.scores.get(column) is not None]
            ends = next((r.scores[column] for r in reversed(record.reports) if column in r.scores), 0.0)
            broken |= {key} if ends is None else set()
            points[key], curves[key] = (np.array([pair[k] for pair in curve], float) for k in (0, 1))
        decides = next(iter(metrics), "")
        results[record.run] = ReportedResult(
            record.run.activation, record.run.seed, curves, metrics, planned, diverged_epoch(record.reports, decides),
            points=points, grids=grids, broken=frozenset(broken), record=record,
        )  # fmt: skip
    steps = rounding_steps(list(results.values()), decimals)
    return {run: replace(result, steps=steps) for run, result in results.items()}, metrics


def _metrics(study: Study, values: Mapping[str, list[float]]) -> dict[str, Metric]:
    """The metrics by name, the one that decides first."""
    if not values:
        return {}
    decides = study.compare.metric or usual_metric(list(values))
    if decides not in values:
        raise StudyError(missing_metric(decides, list(values)))
    metrics = {decides: reported_metric(decides, values[decides], study.compare.higher)}
    for name in values:
        if name != decides and direction(name) is not None:
            with suppress(StudyError):  # units that are mixed: it decides nothing here
                metrics[name] = reported_metric(name, values[name])
    return metrics


def missing_metric(decides: str, names: Sequence[str]) -> str:
    """That runs did not report what a study compares, and what to write instead."""
    nearest = next(iter(nearest_names(decides, names)), usual_metric(list(names)))
    return (
        f"the study compares {decides!r}, and the runs reported {', '.join(names)}; choose one of these: "
        f"metric = {nearest!r} under [compare] (in Python metric={nearest!r})"
    )


def usual_metric(names: list[str]) -> str:
    """Which of several reported metrics decides: a test score, else one without a split, else a validation score.

    Among these the first in which more is better, since a loss may depend on what is compared.
    """
    for split in ("test", "", "valid"):
        here = [name for name in names if split_of(name) == split and looks_like_a_score(name)]
        if here:
            return next((name for name in here if direction(name)), here[0])
    return names[0]
