"""One record by itself: can all its numbers be true of one training?"""

import base64
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from reluctant.catalogue.metrics import CLASSIFICATION, MOST, REGRESSION, SPLITS, TOKENS, tally, total_items
from reluctant.catalogue.token_sums import TOKEN_SUMS
from reluctant.records.reported_run import diverged_epoch
from reluctant.records.run_result import RunResult
from reluctant.records.schema import RunRecord
from reluctant.study.schedule import early_stop
from reluctant.verification.class_checks import SLACK, check_classes
from reluctant.verification.findings import CheckedData, Inputs
from reluctant.verification.sum_checks import check_numbers, check_tokens

LARGEST = 2**53  # beyond it a number in a JSON file is not surely whole


def find_contradictions(record: RunRecord, data: CheckedData | None) -> Iterator[str]:
    """What cannot be true in a record that the schema accepts, and beside what its folder keeps of its data."""
    if record.run.reported:
        yield from _check_reports(record)
        return
    faults = [*_check_length(record), *_check_signs(record), *_check_tables(record)]
    yield from faults
    if faults:
        return  # nothing can be computed from these
    stop = early_stop(record.run, [epoch.loss.valid for epoch in record.epochs])
    if stop != record.stopped:
        expected = f"a stop after epoch {stop}" if stop else "no early stop"
        actual = f"it stopped after epoch {record.stopped}" if record.stopped else "it did not stop"
        yield f"a patience of {record.run.patience} and its validation losses give {expected}, and {actual}"
    if record.final is None and record.diverged is None:
        yield "it has no final training score although it did not diverge"
    elif record.final is not None and record.diverged is not None:
        yield "it has a final training score although it diverged"
    if not record.epochs:
        if record.test_predictions:
            yield "it has test_predictions and no epoch"
        return
    try:
        result = RunResult.of(record)
    except ValueError:
        yield "its counts have not the same shape in every epoch"
        return
    try:
        base64.b64decode(record.test_predictions, validate=True)  # decoding for a result skips other signs
        predictions = result.predictions
    except ValueError:
        yield "its test_predictions cannot be read"
        return
    if data is not None and _task_of_data(data) != result.task:
        yield f"it is of {result.task}, and {data.path} keeps targets of another task"
        data = None
    checks: dict[str, Callable[[RunResult, Any, CheckedData | None], Iterator[str]]]
    checks = {CLASSIFICATION: check_classes, REGRESSION: check_numbers, TOKENS: check_tokens}
    yield from checks[result.task](result, predictions, data)


def _task_of_data(data: CheckedData) -> str:
    """The task whose targets a description of data keeps."""
    if data.targets.ndim == 1:
        return CLASSIFICATION
    return TOKENS if data.record.tokens else REGRESSION


def _check_reports(record: RunRecord) -> Iterator[str]:
    """What cannot be true in what the user's own training reported."""
    numbers = [report.epoch for report in record.reports]
    if not numbers:
        yield "it reports no score"
    elif numbers != sorted(set(numbers)):
        yield f"its epochs are not in order: {', '.join(map(str, numbers[:8]))}"
    elif (diverged := diverged_epoch(record.reports)) != record.diverged:
        yield f"its scores give a divergence in epoch {diverged}, and it has epoch {record.diverged}"


def count_inputs(record: RunRecord) -> dict[str, Inputs]:
    """How many inputs of every class the first epoch counts in each split; of numbers, how many in all."""
    first = record.epochs[0]
    splits = SPLITS[1:] if record.run.steps else SPLITS  # with steps, training counts depend on the batches
    tables = {split: np.array(getattr(first.counts, split)) for split in splits}
    return {s: (total_items(t),) if first.sums is not None else tuple(tally(t)[2].tolist()) for s, t in tables.items()}


def _check_length(record: RunRecord) -> Iterator[str]:
    """Epochs are numbered from 1 and as many as planned, unless the run diverged or stopped early."""
    numbers, ended, planned = [e.epoch for e in record.epochs], len(record.epochs), record.run.epochs
    diverged, stopped = record.diverged, record.stopped
    if numbers != list(range(1, ended + 1)):
        yield f"its epochs are numbered {', '.join(map(str, numbers))}"
    if stopped is not None:
        if diverged is not None:
            yield f"it stopped early in epoch {stopped} and diverged too"
        elif stopped != ended:
            yield f"it stopped early after epoch {stopped} and has {ended} epochs"
        elif not record.run.patience:
            yield f"it stopped early after epoch {stopped}, and its run has no patience"
    elif diverged is None:
        if ended != planned:
            yield f"it has {ended} epochs, and its run has {planned}"
    elif not 1 <= diverged <= planned:
        yield f"it diverged in epoch {diverged}, and its run has epochs 1 to {planned}"
    elif ended != diverged - 1:
        yield f"it diverged in epoch {diverged} and has {ended} epochs before"


def _check_signs(record: RunRecord) -> Iterator[str]:
    """Losses and times are not below 0."""
    values = [("final training loss", record.final.loss)] if record.final is not None else []
    for epoch in record.epochs:
        values += [(f"{split} loss of epoch {epoch.epoch}", getattr(epoch.loss, split)) for split in SPLITS]
        seconds = (epoch.seconds.train, epoch.seconds.evaluate, epoch.seconds.probe or 0.0)
        values += [(f"time of epoch {epoch.epoch}", each) for each in seconds]
    for name, value in values:
        if value < -SLACK:
            yield f"its {name} is {value!r}, and it cannot be below 0"


def _check_tables(record: RunRecord) -> Iterator[str]:
    """Counts and sums have their form."""
    numbers, final = any(epoch.sums is not None for epoch in record.epochs), record.final
    kind, form = ("sums", "a table of sums") if numbers else ("matrix", "square table of counts")
    tables: list[tuple[str, object]] = []
    for epoch in record.epochs:
        tables += [(f"{split} {kind} of epoch {epoch.epoch}", getattr(epoch.counts, split)) for split in SPLITS]
    if final is not None:
        tables.append((f"final training {kind}", final.sums if numbers else final.confusion))
        if final.test_confusion is not None:
            tables.append(("whole test matrix", final.test_confusion))
    for name, table in tables:
        if not _has_form(table, numbers=numbers):
            yield f"its {name} {'are not' if numbers else 'is no'} {form}"


def _has_form(value: object, *, numbers: bool) -> bool:
    """Whether a value is a square table of counts, or above 20 classes the three rows of `metrics.tally`.

    Of `numbers`: whether it is the four rows of `metrics.regression_sums`, or the six of `token_sums`.
    """
    try:
        table = np.array(value, float)
    except (TypeError, ValueError, OverflowError):  # ragged, for one
        return False
    if table.ndim != 2 or not table.size or not np.isfinite(table).all() or table.min() < 0:
        return False
    (rows, columns), first = table.shape, float(table[0, 0])
    if numbers:
        if rows == len(TOKEN_SUMS):
            return columns == 1 and bool(table[3, 0] <= table[1, 0]) and first.is_integer() and first > 0
        return rows == 4 and bool((table[0] == first).all()) and first.is_integer() and first > 0
    if rows == columns or rows != 3 or columns <= MOST:
        return rows == columns and float(table.max()) < LARGEST
    hits, predicted, true = tally(table)
    return bool(predicted.sum() == true.sum() and (hits <= np.minimum(predicted, true)).all())
