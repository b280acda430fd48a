"""The scores of somebody's table: one run per arm, setting and seed, whoever trained them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from reluctant.catalogue.metrics import Metric
from reluctant.catalogue.reported import direction, reported_metric, splits_of
from reluctant.core.errors import StudyError
from reluctant.records.reported_run import Floats, ReportedRun, rounding_steps
from reluctant.scores.scores import Scores
from reluctant.scores.table_file import Column, RunTable
from reluctant.scores.table_keys import Columns, value_of
from reluctant.scores.table_remarks import remarks
from reluctant.study.seeds import levels

STATES = ("state", "status")
FINISHED = frozenset(
    ("finished", "complete", "completed", "done", "success", "succeeded", "ok", "terminated", "stopped",
     "early_stopped", "early stopped", "")
)  # fmt: skip
UNFINISHED = frozenset(
    ("running", "failed", "fail", "crashed", "killed", "error", "preempted", "pending", "queued", "pruned", "waiting",
     "scheduled", "aborted", "canceled", "cancelled")
)  # fmt: skip
Key = tuple[str, str]  # a metric and a split


@dataclass(frozen=True, eq=False)
class JudgedTable:
    """A table's scores, and what a reader should know about them, a sentence each."""

    scores: Scores
    metrics: tuple[Metric, ...]  # of the columns that were asked for, the deciding one first
    notes: tuple[str, ...]  # what the columns were taken for
    remarks: tuple[str, ...]  # what a reader may not expect


def without_unfinished(table: RunTable) -> tuple[RunTable, tuple[str, ...]]:
    """The table without the rows whose `state` or `status` is that of a run that did not finish, and what was left out.

    Raises:
        StudyError: No run has finished.
    """
    column = next((name for name in table.columns if name.lower().rpartition(".")[2] in STATES), None)
    if column is None:
        return table, ()
    states = [state.lower().rpartition(".")[2] for state in table.texts(column)]
    if not set(states) <= FINISHED | UNFINISHED:
        return table, ()  # the word means something else here
    rows = [row for row, state in enumerate(states) if state in FINISHED]
    words = " or ".join(sorted(set(states) - FINISHED))
    if not rows:
        raise StudyError(
            f"no run of {table.name} has finished: {column} is {words}; leave out that column to judge them"
        )
    left_out = len(states) - len(rows)
    return (
        (table, ())
        if not left_out
        else (table.only(rows), (f"{left_out} rows are left out: their {column} is {words}",))
    )


def read_scores(table: RunTable, columns: Columns, higher: bool | None = None) -> JudgedTable:
    """The scores of a table whose columns are known.

    A run whose last score is no number counts as diverged.

    Raises:
        StudyError: A score that is a text, an empty arm, seed or epoch.
    """
    arms = table.texts(columns.arm)
    for name in (columns.arm, columns.identity, columns.epoch):
        if name is not None and "" in (texts := table.texts(name)):
            row = texts.index("")
            raise StudyError(f"{table.name}, {table.line(row)}: {name} is empty; write it, or leave out the row")
    if columns.seed and _is_seed_table(table.texts(columns.seed)):
        raise StudyError("these seeds are those of a [seed] table, which measures variance and compares nothing")
    cells = {name: table.numbers(name) for score in columns.scores for name in splits_of(score, table.columns).values()}
    metrics = tuple(
        reported_metric(
            name, cells[name].values, higher if not i or direction(name) is None else None,
            percent=any("%" in note for note in cells[name].notes),
        )
        for i, name in enumerate(columns.scores)
    )  # fmt: skip
    notes = [f"score: {m.name}, {'more' if m.higher else 'less'} is better" for m in metrics]
    if columns.epoch and not table.first_line and _only_gaps(columns, table, cells[metrics[0].name]):
        cells = {name: replace(each, empty=~np.isfinite(each.values)) for name, each in cells.items()}
        notes.append("cells that are NaN were taken as not measured, since every run ends with one")
    runs = _group_rows(table, columns, cells, metrics)
    planned = [run for run in runs if not run.values.get("control")]
    settings = {tuple(run.values[name] for name in columns.settings): None for run in planned}
    scores = Scores(
        arms=tuple(dict.fromkeys(arms)),
        seeds=tuple(dict.fromkeys(run.seed for run in planned)),
        runs=tuple(planned),
        settings=tuple(dict(zip(columns.settings, values, strict=True)) for values in settings),
        metrics={metric.name: metric for metric in metrics},
        control=tuple(run for run in runs if run.values.get("control")),
        axes=columns.settings,
    )
    return JudgedTable(scores, metrics, (*table.notes, *columns.notes, *notes), remarks(table, columns, scores, cells))


def _is_seed_table(seeds: Sequence[str]) -> bool:
    """Whether seeds are those of a `[seed]` table, one number per source of randomness."""
    try:
        return bool(levels(seeds))
    except ValueError:
        return False


def _only_gaps(columns: Columns, table: RunTable, column: Column) -> bool:
    """Whether the last row of every run has no score, so that a frame's NaN can only mean: not measured."""
    last: dict[tuple[Any, ...], tuple[float, int]] = {}
    epochs = table.numbers(columns.epoch or "").values
    keys = [
        table.texts(name)
        for name in (columns.arm, *([columns.identity] if columns.identity else []), *columns.settings)
    ]
    for row, key in enumerate(zip(*keys, strict=True)):
        last[key] = max(last.get(key, (-np.inf, row)), (float(epochs[row]), row))
    return (
        bool(np.isfinite(column.values).any())
        and not np.isfinite(column.values[[row for _, row in last.values()]]).any()
    )


def _group_rows(
    table: RunTable, columns: Columns, cells: Mapping[str, Column], metrics: Sequence[Metric]
) -> list[ReportedRun]:
    """The rows of each run brought together, in the order of its epochs."""
    arms, named = table.texts(columns.arm), {metric.name: metric for metric in metrics}
    identity = list(map(value_of, table.texts(columns.identity))) if columns.identity else None
    settings = [list(map(value_of, table.texts(name))) for name in columns.settings]
    control = [text.lower() in ("true", "1") for text in table.texts(columns.control)] if columns.control else None
    epochs = table.numbers(columns.epoch).values if columns.epoch else None
    splits = table.texts(columns.split) if columns.split else None
    items = table.numbers(columns.items).values if columns.items else None
    rows_of: dict[tuple[Any, ...], list[int]] = {}
    number: dict[tuple[Any, ...], int] = {}
    for row, arm in enumerate(arms):
        setting = tuple(values[row] for values in settings)
        seed: Any = identity[row] if identity else None
        if identity is None:  # each row is a run, or each block of rising epochs
            key = (arm, setting)
            begins = epochs is None or key not in number or epochs[row] <= epochs[rows_of[*key, number[key]][-1]]
            number[key] = number.get(key, 0) + begins
            seed = number[key]
        rows_of.setdefault((arm, setting, seed), []).append(row)
    every = {
        (metric.name, split): np.unique(epochs[~cells[name].empty]) if epochs is not None else np.ones(1)
        for metric in metrics
        for split, name in _split_columns(metric, splits, table).items()
    }
    runs = []
    for (arm, setting, seed), rows in rows_of.items():
        ordered = rows if epochs is None else sorted(rows, key=lambda row: float(epochs[row]))
        values: dict[str, Any] = dict(zip(columns.settings, setting, strict=True))
        if control and control[rows[0]]:
            values["control"] = True
        known = {splits[row]: int(items[row]) for row in rows if items[row] > 0} if splits and items is not None else {}
        curves, points, broken = {}, {}, set()
        for metric in metrics:
            for split, name in _split_columns(metric, splits, table).items():
                own = [row for row in ordered if splits is None or splits[row] == split]
                curve = _curve(cells[name], own, epochs)
                points[metric.name, split], curves[metric.name, split], ends = curve
                broken |= set() if ends else {(metric.name, split)}
        decides = metrics[0].name, "test"
        lost = int(points[decides][-1] if len(points[decides]) else 0) + 1 if decides in broken else None
        runs.append(
            ReportedRun(
                arm, seed, curves, named, max(map(len, every.values())), lost, values, {}, known, points, every,
                frozenset(broken),
            )
        )  # fmt: skip
    steps = rounding_steps(runs, {metric.name: cells[metric.name].decimals for metric in metrics})
    return [replace(run, steps=steps) for run in runs]


def _split_columns(metric: Metric, splits: Sequence[str] | None, table: RunTable) -> dict[str, str]:
    """The columns of a metric by split: one for all, where a column `split` tells rows apart."""
    return dict.fromkeys(dict.fromkeys(splits), metric.name) if splits else splits_of(metric.name, table.columns)


def _curve(column: Column, rows: list[int], epochs: Floats | None) -> tuple[Floats, Floats, bool]:
    """Epochs and scores of one run, and whether it ends with a number; rows without a measurement are left out."""
    if not column.empty[rows].all():
        rows = [row for row in rows if not column.empty[row]]
    values = column.values[rows]
    numbers = np.arange(1.0, len(rows) + 1) if epochs is None else epochs[rows]
    finite = np.isfinite(values)
    return numbers[finite], values[finite], bool(finite[-1:].any())
