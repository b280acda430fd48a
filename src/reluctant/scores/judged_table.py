"""The scores of somebody's table: one run per arm, setting and seed, whoever trained them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reluctant.catalogue.metrics import Metric
from reluctant.catalogue.reported import reported_metric, splits_of
from reluctant.core.errors import StudyError
from reluctant.records.reported_run import ReportedRun
from reluctant.scores.scores import Scores, Seed
from reluctant.scores.table_columns import FINISHED, STATES, Columns
from reluctant.scores.table_file import Column, RunTable
from reluctant.scores.table_remarks import remarks
from reluctant.study.seeds import levels


@dataclass(frozen=True, eq=False)
class JudgedTable:
    """A table's scores, and what a reader should know about them, a sentence each."""

    scores: Scores
    metrics: tuple[Metric, ...]  # of the columns that were asked for, the deciding one first
    notes: tuple[str, ...]  # what the columns were taken for
    remarks: tuple[str, ...]  # what a reader may not expect


def read_scores(table: RunTable, columns: Columns, higher: bool | None = None) -> JudgedTable:
    """The scores of a table whose columns are known.

    A run whose last score is no number counts as diverged. Rows whose `state` is not finished are left out.

    Raises:
        StudyError: A score that is a text, an empty arm or seed, no run left.
    """
    usable, notes = _finished_rows(table)
    arms, seeds = table.texts(columns.arm), table.texts(columns.seed) if columns.seed else [""] * len(table.cells)
    for name, texts in ((columns.arm, arms), *(((columns.seed, seeds),) if columns.seed else ())):
        if "" in (texts[row] for row in usable):
            row = next(row for row in usable if texts[row] == "")
            raise StudyError(f"{table.name}, {table.line(row)}: {name} is empty; write it, or leave out the row")
    if columns.seed and levels_of(seeds):
        raise StudyError("these seeds are those of a [seed] table, which measures variance and compares nothing")
    cells = {name: table.numbers(name) for score in columns.scores for name in splits_of(score, table.columns).values()}
    metrics = tuple(reported_metric(name, cells[name].values, higher) for name in columns.scores)
    runs = _group_rows(table, columns, usable, cells, metrics)
    if not runs:
        raise StudyError(f"{table.name} holds no finished run; there is nothing to judge")
    by_arm: dict[str, list[ReportedRun]] = {}
    for run in runs:
        by_arm.setdefault(run.arm, []).append(run)
    planned = [run for run in runs if not run.values.get("control")]
    scores = Scores(
        arms=tuple(by_arm),
        seeds=tuple(dict.fromkeys(run.seed for run in planned)),
        runs=tuple(planned),
        settings=tuple({tuple(_setting(run, columns).items()): _setting(run, columns) for run in planned}.values()),
        metrics={metric.name: metric for metric in metrics},
        control=tuple(run for run in runs if run.values.get("control")),
        axes=columns.settings,
    )
    return JudgedTable(
        scores, metrics, (*table.notes, *columns.notes), (*notes, *remarks(table, columns, scores, usable))
    )


def levels_of(seeds: Sequence[str]) -> bool:
    """Whether seeds are those of a `[seed]` table, one number per source of randomness."""
    try:
        return bool(levels(seeds))
    except ValueError:
        return False


def _finished_rows(table: RunTable) -> tuple[list[int], list[str]]:
    """The rows of finished runs, and what was left out."""
    rows = list(range(len(table.cells)))
    column = next((name for name in table.columns if name.lower() in STATES), None)
    if column is None:
        return rows, []
    states = [state.lower().rpartition(".")[2] for state in table.texts(column)]
    if not set(states) & FINISHED:
        return rows, []  # the word means something else here
    left_out = sorted({states[row] for row in rows if states[row] not in FINISHED})
    finished = [row for row in rows if states[row] in FINISHED]
    number = len(rows) - len(finished)
    return finished, [
        f"{number} rows are left out, because their {column} is {' or '.join(left_out)}"
    ] if number else []


def _setting(run: ReportedRun, columns: Columns) -> dict[str, Any]:
    return {name: run.values[name] for name in columns.settings}


def _group_rows(
    table: RunTable, columns: Columns, usable: Sequence[int], cells: Mapping[str, Column], metrics: Sequence[Metric]
) -> list[ReportedRun]:
    """The rows of each run brought together, in the order of its epochs."""
    arms = table.texts(columns.arm)
    seeds = [_seed(text) for text in table.texts(columns.seed)] if columns.seed else None
    settings = {name: [_value(text) for text in table.texts(name)] for name in columns.settings}
    control = [text.lower() in ("true", "1") for text in table.texts(columns.control)] if columns.control else None
    epochs = table.numbers(columns.epoch).values if columns.epoch else None
    splits = table.texts(columns.split) if columns.split else None
    items = table.numbers(columns.items).values if columns.items else None
    rows_of: dict[tuple[Any, ...], list[int]] = {}
    number: dict[tuple[Any, ...], int] = {}
    for row in usable:
        setting = tuple(settings[name][row] for name in columns.settings)
        seed: Any = seeds[row] if seeds else None
        if seeds is None:  # without seeds, and without epochs to count from, each row is a run
            key = (arms[row], setting)
            begins = epochs is None or key not in number or epochs[row] <= epochs[rows_of[*key, number[key]][-1]]
            number[key] = number.get(key, 0) + begins
            seed = number[key]
        rows_of.setdefault((arms[row], setting, seed), []).append(row)
    planned = max(
        (len({row if epochs is None else epochs[row] for row in rows}) for rows in rows_of.values()), default=1
    )
    runs = []
    for (arm, setting, seed), rows in rows_of.items():
        ordered = rows if epochs is None else sorted(rows, key=lambda row: float(epochs[row]))
        values = dict(zip(columns.settings, setting, strict=True)) | (
            {"control": True} if control and control[rows[0]] else {}
        )
        known = (
            {splits[row]: int(items[row]) for row in rows if np.isfinite(items[row])}
            if splits and items is not None
            else {}
        )
        curves, diverged = _curves(table, metrics, cells, ordered, splits)
        steps = {m.name: 10.0**-d for m in metrics if (d := cells[m.name].decimals) is not None}
        runs.append(
            ReportedRun(arm, seed, curves, {m.name: m for m in metrics}, planned, diverged, values, steps, known)
        )
    return runs


def _curves(
    table: RunTable,
    metrics: Sequence[Metric],
    cells: Mapping[str, Column],
    rows: Sequence[int],
    splits: Sequence[str] | None,
) -> tuple[dict[tuple[str, str], Any], int | None]:
    """A run's curves by metric and split, and the epoch at which its score stopped being a number."""
    curves, diverged = {}, None
    for metric in metrics:
        columns = dict.fromkeys(dict.fromkeys(splits), metric.name) if splits else splits_of(metric.name, table.columns)
        for split, name in columns.items():
            own = [row for row in rows if splits is None or splits[row] == split]
            column = cells[name]
            if not column.empty[own].all():  # steps at which nothing was measured are no points of the curve
                own = [row for row in own if not column.empty[row]]
            values = column.values[own]
            finite = np.isfinite(values)
            if split == "test" and not finite[-1:].any():
                end = int(np.flatnonzero(finite)[-1]) + 2 if finite.any() else 1
                diverged = min(end, diverged or end)
            curves[metric.name, split] = values[finite]
    return curves, diverged


def _seed(text: str) -> Seed:
    return int(text) if text.isdecimal() else text


def _value(text: str) -> Any:
    """A setting as a number where it is one."""
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() and abs(number) < 2**53 else number
