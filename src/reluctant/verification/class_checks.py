"""A record of predicted classes: do its counts and predictions fit each other, its losses and its data?"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from reluctant.catalogue.metrics import SPLITS, confusion_counts, stored_counts, tally
from reluctant.records.run_result import RunResult
from reluctant.verification.drawn_inputs import check_drawn, constant_splits
from reluctant.verification.findings import CheckedData

Counts = npt.NDArray[np.int64]
SLACK = 1e-3  # of a loss: single precision and other ways to add up


def check_classes(result: RunResult, predictions: Counts, data: CheckedData | None) -> Iterator[str]:
    """What cannot be true of a record of classes, with those predicted for the test split after the last epoch."""
    yield from _check_inputs(result, data)
    yield from _check_losses(result)
    yield from _check_predictions(predictions, result.counts["test"][-1], data)
    yield from _check_final(result)


def _check_inputs(result: RunResult, data: CheckedData | None) -> Iterator[str]:
    """Every epoch counts the same inputs of every class, in the test split those that the folder keeps.

    With steps, an epoch trains on what its batches hold.
    """
    for split in constant_splits(result):
        _, _, true = tally(result.counts[split])  # (epochs, classes)
        for epoch in np.flatnonzero((true != true[0]).any(axis=1)):
            difference = _class_difference(true[epoch], true[0], "in epoch 1")
            yield f"its {split} matrix of epoch {epoch + 1} counts {difference}"
    if data is None:
        return
    first = {split: tally(result.counts[split][0])[2] for split in SPLITS}
    described = np.bincount(data.targets, minlength=len(data.record.classes))
    if difference := _class_difference(first["test"], described, f"in {data.path}"):
        yield f"its test matrices count {difference}"
    trained = int(first["train"].sum() + first["valid"].sum())
    if result.run.steps:
        yield from check_drawn(result, data)
    elif trained != data.trained:
        yield f"its training and validation matrices count {trained} images, and {data.path} has {data.trained}"


def _check_losses(result: RunResult) -> Iterator[str]:
    """The true class of a wrong image has a probability of at most 1/2, so it costs ln 2 nats or more."""
    for split in SPLITS:
        hits, _, true = (each.sum(axis=-1) for each in tally(result.counts[split]))  # (epochs,)
        least = np.log(2) * (true - hits) / np.maximum(true, 1)
        for epoch in np.flatnonzero(result.loss[split] < least * (1 - SLACK)):
            loss = result.loss[split][epoch]
            yield (
                f"its {split} loss of epoch {epoch + 1} is {loss:.4g}, too low for so many wrong images: "
                f"every wrong one costs at least ln 2, together {least[epoch]:.4g}"
            )


def _check_predictions(predictions: Counts, last: Counts, data: CheckedData | None) -> Iterator[str]:
    """The predictions give the test matrix of the last epoch again, or at least its columns."""
    _, predicted, true = tally(last)
    classes, number = len(true), int(true.sum())
    if len(predictions) != number:
        yield f"its test_predictions are of {len(predictions)} images, and its last test matrix of {number}"
    elif predictions.max(initial=0) >= classes:
        yield f"its test_predictions name class {predictions.max()}, and there are {classes} classes"
    elif data is not None and len(data.targets) == number and data.targets.max(initial=0) < classes:
        again = stored_counts(confusion_counts(data.targets, predictions, classes))
        if difference := _cell_difference(again, last, "in its last test matrix"):
            yield f"its test_predictions give {difference}"
    else:
        again = np.bincount(predictions, minlength=classes)
        if difference := _class_difference(again, predicted, "in the columns of its last test matrix"):
            yield f"its test_predictions give {difference}"


def _check_final(result: RunResult) -> Iterator[str]:
    """The training split in evaluation mode holds the same images; so does the whole test matrix."""
    final = result.record.final
    if final is None:
        return
    trained, first = tally(np.array(final.confusion, np.int64))[2], tally(result.counts["train"][0])[2]
    if not result.run.steps and (difference := _class_difference(trained, first, "in epoch 1")):
        yield f"its final training matrix counts {difference}"
    if final.test_confusion is not None:
        whole = stored_counts(np.array(final.test_confusion, np.int64))
        if difference := _cell_difference(whole, result.counts["test"][-1], "in its last epoch"):
            yield f"its whole test matrix counts {difference}"


def _class_difference(images: Counts, others: Counts, where: str) -> str:
    """The first class in which two counts differ, as `21 images of class 4, and 20 in epoch 1`; else ''."""
    if len(images) != len(others):
        return f"{len(images)} classes, and {len(others)} {where}"
    for i in np.flatnonzero(images != others):
        return f"{images[i]} images of class {i}, and {others[i]} {where}"
    return ""


def _cell_difference(counts: Counts, others: Counts, where: str) -> str:
    """The first cell in which two counts differ, as `19 images of class 3 as class 5, and 20 …`; else ''."""
    if counts.shape != others.shape:
        return f"{counts.shape[-1]} classes, and {others.shape[-1]} {where}"
    for row, column in np.argwhere(counts != others):
        name = f"images of class {row} as class {column}"
        if len(counts) != len(counts[0]):  # hits, predictions and truths
            name = f"{('right images', 'predictions', 'images')[row]} of class {column}"
        return f"{counts[row, column]} {name}, and {others[row, column]} {where}"
    return ""
