"""One record by itself: its form, and whether all its numbers can be true of one training."""

import base64
import binascii
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from reluctant.metrics import confusion
from reluctant.results import SPLITS, decoded
from reluctant.store import Record
from reluctant.study import Run
from reluctant.verification.counts import every_matrix, images, is_matrix, least_loss, misplaced, unlike
from reluctant.verification.described import Described

_FORM: dict[str, tuple[type, str]] = {
    "run": (dict, "a table"),
    "recipe": (int, "a whole number"),
    "epochs": (list, "a list"),
    "test_predictions": (str, "a text"),
    "data": (str, "a text"),
    "environment": (str, "a text"),
}
_SLACK = 1e-3  # of a loss: single precision and other ways to add up


def malformed(record: Record) -> str:
    """The first thing that keeps a record from being read as one; '' where nothing does."""
    for key, (kind, word) in _FORM.items():
        if key not in record:
            return f"it has no {key!r}"
        if not isinstance(record[key], kind):
            return f"its {key!r} is not {word}"
    sources = record.get("sources", {})
    if not isinstance(sources, dict) or not all(isinstance(source, str) for source in sources.values()):
        return "its 'sources' is not a table of texts"
    if not isinstance(record.get("final"), dict | None):
        return "its 'final' is not a table"
    for number, epoch in enumerate(record["epochs"], 1):
        for part, names in (("loss", SPLITS), ("confusion", SPLITS), ("seconds", ("train", "evaluate"))):
            held = epoch.get(part) if isinstance(epoch, dict) else None
            if not isinstance(held, dict) or any(name not in held for name in names):
                return f"its epoch {number} has no {part!r} of {', '.join(names)}"
    return ""


def contradictions(record: Record, run: Run, described: Described | None) -> Iterator[str]:
    """What cannot be true in a well-formed record of a run; `described` is what is kept of its data."""
    spoilt = [*_length(record, run), *_losses(record), *_forms(record)]
    yield from spoilt
    if spoilt:
        return  # nothing can be computed from these
    yield from _rows(record, described)
    yield from _possible(record)
    yield from _predicted(record, described)
    yield from _final(record)


def _length(record: Record, run: Run) -> Iterator[str]:
    """Epochs are numbered from 1, and there are as many as asked for, or one less than where it diverged."""
    numbers, diverged = [epoch.get("epoch") for epoch in record["epochs"]], record.get("diverged")
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"its epochs are numbered {', '.join(map(str, numbers))}"
    if diverged is None:
        if len(numbers) != run.epochs:
            yield f"it has {len(numbers)} epochs, and its run asks for {run.epochs}"
    elif type(diverged) is not int or not 1 <= diverged <= run.epochs:
        yield f"it diverged in epoch {diverged!r}, and its run has epochs 1 to {run.epochs}"
    elif len(numbers) != diverged - 1:
        yield f"it diverged in epoch {diverged} and has {len(numbers)} epochs before"


def _losses(record: Record) -> Iterator[str]:
    final = record.get("final")
    told = [(f"{split} loss of epoch {number}", epoch["loss"][split])
            for number, epoch in enumerate(record["epochs"], 1) for split in SPLITS]  # fmt: skip
    told += [("final training loss", final.get("loss"))] if isinstance(final, dict) else []
    told_seconds = [(f"time of epoch {number}", value) for number, epoch in enumerate(record["epochs"], 1)
                    for value in epoch["seconds"].values()]  # fmt: skip
    for what, value in (*told, *told_seconds):
        if not _is_number(value):
            yield f"its {what} is {value!r}, which is no finite number"
        elif value < -_SLACK:
            yield f"its {what} is {value!r}, and it cannot be below 0"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _forms(record: Record) -> Iterator[str]:
    final = record.get("final")
    for split, number, matrix in every_matrix(record["epochs"]):
        if not is_matrix(matrix):
            yield f"its {split} matrix of epoch {number} is no square table of counts"
    if isinstance(final, dict) and not is_matrix(final.get("confusion")):
        yield "its final training matrix is no square table of counts"


def _rows(record: Record, described: Described | None) -> Iterator[str]:
    """Every epoch counts the same images of every class, and of the test images those that are kept."""
    if not record["epochs"]:
        return
    first = {split: images(record["epochs"][0]["confusion"][split]) for split in SPLITS}
    for split, number, matrix in every_matrix(record["epochs"]):
        if split in first and (found := unlike(images(matrix), first[split])):
            yield f"its {split} matrix of epoch {number} counts {found}, as in epoch 1"
    if described is None:
        return
    if found := unlike(first["test"], described.test):
        yield f"its test matrices count {found}, as {described.path} has it"
    trained = sum(first["train"]) + sum(first["valid"])
    if trained != described.trained:
        yield (
            f"its training and validation matrices count {trained} images, and {described.path} has "
            f"{described.trained}"
        )


def _possible(record: Record) -> Iterator[str]:
    for number, epoch in enumerate(record["epochs"], 1):
        for split in SPLITS:
            least, loss = least_loss(epoch["confusion"][split]), epoch["loss"][split]
            if loss < least * (1 - _SLACK):
                yield (
                    f"its {split} loss of epoch {number} is {loss:.4g}, which cannot be with so many images "
                    f"wrong: every wrong one costs at least ln 2, together {least:.4g}"
                )


def _predicted(record: Record, described: Described | None) -> Iterator[str]:
    """`test_predictions` give the test matrix of the last epoch again, or at least its columns."""
    epochs = record["epochs"]
    try:
        classes = len(epochs[-1]["confusion"]["test"]) if epochs else 1
        base64.b64decode(record["test_predictions"], validate=True)  # which `decoded` is too patient for
        predicted = decoded(record["test_predictions"], classes)
    except (ValueError, binascii.Error):
        yield "its test_predictions cannot be read"
        return
    if not epochs:
        if len(predicted):
            yield "it has test_predictions and no epoch"
        return
    matrix = np.array(epochs[-1]["confusion"]["test"], np.int64)
    if len(predicted) != matrix.sum():
        counted = matrix.sum()
        yield f"its test_predictions are of {len(predicted)} images, and its last test matrix of {counted}"
    elif predicted.max(initial=0) >= classes:
        yield f"its test_predictions name class {predicted.max()}, and there are {classes} classes"
    elif described is not None and len(described.labels) == len(predicted):
        if found := misplaced(confusion(described.labels, predicted, classes), matrix):
            yield f"its test_predictions give {found}, as its last test matrix has it"
    elif found := unlike(tuple(np.bincount(predicted, minlength=classes).tolist()),
                         tuple(matrix.sum(axis=0).tolist())):  # fmt: skip
        yield f"its test_predictions give {found}, as the columns of its last test matrix have it"


def _final(record: Record) -> Iterator[str]:
    """The training part in evaluation mode is counted once, after the last epoch, unless the run diverged."""
    final: Mapping[str, Any] | None = record.get("final")
    if (final is None) != (record.get("diverged") is not None):
        yield "it has a final training score only if it did not diverge, and here that is the other way round"
    elif final is not None and record["epochs"]:
        train = images(record["epochs"][0]["confusion"]["train"])
        if found := unlike(images(final["confusion"]), train):
            yield f"its final training matrix counts {found}, as in epoch 1"
