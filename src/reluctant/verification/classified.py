"""A record of classes by itself: whether its counts and its predictions can be true of one training."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from reluctant.catalogue.metrics import confusion_counts, stored_counts, total_items
from reluctant.records.run_result import SPLITS, decoded
from reluctant.records.store import Record
from reluctant.verification.counts import (
    SLACK,
    columns,
    every_matrix,
    images,
    is_matrix,
    least_loss,
    misplaced,
    unlike,
)
from reluctant.verification.described import Described


def forms(record: Record) -> Iterator[str]:
    """Counts are square tables, or three rows above 20 classes."""
    final = record.get("final")
    for split, number, matrix in every_matrix(record["epochs"]):
        if not is_matrix(matrix):
            yield f"its {split} matrix of epoch {number} is no square table of counts"
    if not isinstance(final, dict):
        return
    if not is_matrix(final.get("confusion")):
        yield "its final training matrix is no square table of counts"
    if not is_matrix(final.get("test_confusion", [[0]])):
        yield "its whole test matrix is no square table of counts"


def contradictions(record: Record, described: Described | None) -> Iterator[str]:
    """What cannot be true of counts that have their form."""
    yield from _rows(record, described)
    yield from _possible(record)
    yield from _predicted(record, described)
    yield from _final(record)


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
            if loss < least * (1 - SLACK):
                yield (
                    f"its {split} loss of epoch {number} is {loss:.4g}, which cannot be with so many images "
                    f"wrong: every wrong one costs at least ln 2, together {least:.4g}"
                )


def _predicted(record: Record, described: Described | None) -> Iterator[str]:
    """`test_predictions` give the test matrix of the last epoch again, or at least its columns."""
    epochs = record["epochs"]
    try:
        classes = len(epochs[-1]["confusion"]["test"][0]) if epochs else 1
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
    if len(predicted) != (number := total_items(matrix)):
        yield f"its test_predictions are of {len(predicted)} images, and its last test matrix of {number}"
    elif predicted.max(initial=0) >= classes:
        yield f"its test_predictions name class {predicted.max()}, and there are {classes} classes"
    elif described is not None and len(described.labels) == len(predicted):
        if found := misplaced(stored_counts(confusion_counts(described.labels, predicted, classes)), matrix):
            yield f"its test_predictions give {found}, as its last test matrix has it"
    elif found := unlike(tuple(np.bincount(predicted, minlength=classes).tolist()),
                         columns(matrix.tolist())):  # fmt: skip
        yield f"its test_predictions give {found}, as the columns of its last test matrix have it"


def _final(record: Record) -> Iterator[str]:
    """The training part in evaluation mode holds the same images; so does the whole test matrix."""
    final: Mapping[str, Any] | None = record.get("final")
    if final is None or not record["epochs"]:
        return
    first, last = record["epochs"][0]["confusion"], record["epochs"][-1]["confusion"]
    if found := unlike(images(final["confusion"]), images(first["train"])):
        yield f"its final training matrix counts {found}, as in epoch 1"
    whole = final.get("test_confusion")
    if whole is not None and (
        found := misplaced(stored_counts(np.array(whole, np.int64)), np.array(last["test"]))
    ):
        yield f"its whole test matrix counts {found}, as in its last epoch"
