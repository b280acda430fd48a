"""Verification of one record by itself: every contradiction in it is found."""

import base64
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.verified import Record, add_images, contradictions, forge, move_image, record_files, set_loss


def set_cell(value: object) -> Callable[[Record], None]:
    def change(record: Record) -> None:
        record["epochs"][0]["confusion"]["valid"][3][4] = value

    return change


def set_predictions(record: Record, predicted: Any) -> None:
    record["test_predictions"] = base64.b64encode(np.asarray(predicted, np.uint8).tobytes()).decode()


def train_on_more(record: Record) -> None:
    add_images(record, "train")
    record["final"]["confusion"][0][0] += 1


def epoch_of(number: int) -> Callable[[Record], Record]:
    return lambda record: dict(record)["epochs"][number - 1]


FORGED: dict[str, tuple[Callable[[Record], Any], str]] = {
    "counts swapped": (lambda r: move_image(r, "test"), "test_predictions give"),
    "an image more": (lambda r: add_images({"epochs": [epoch_of(2)(r)]}, "test"), "test matrix of epoch 2 counts"),
    "negative": (set_cell(-1), "valid matrix of epoch 1 is no square table of counts"),
    "a fraction": (set_cell(1.0), "epochs.1.confusion.valid.4.5 must be a whole number, not 1.0"),
    "a truth": (set_cell(True), "epochs.1.confusion.valid.4.5 must be a whole number, not True"),
    "ragged": (lambda r: epoch_of(1)(r)["confusion"]["test"][0].pop(), "no square table of counts"),
    "no matrix": (lambda r: epoch_of(1)(r)["confusion"].update(test=7), "confusion.test must be a list, not 7"),
    "fewer classes": (lambda r: epoch_of(1)(r)["confusion"].update(test=[[1]]), "not the same shape in every"),
    "no loss": (set_loss(None), "is no record of a run: epochs.1.loss.valid must be a number, not None"),
    "a word": (set_loss("nan"), "epochs.1.loss.valid must be a number, not 'nan'"),
    "a truth as loss": (set_loss(True), "epochs.1.loss.valid must be a number, not True"),
    "below nothing": (set_loss(-0.5), "it cannot be below 0"),
    "too good": (set_loss(1e-6, "train"), "every wrong one costs at least ln 2"),
    "no time": (lambda r: epoch_of(2)(r)["seconds"].update(train=-1.0), "time of epoch 2 is -1.0"),
    "an epoch gone": (lambda r: r["epochs"].pop(), "it has 1 epochs, and its run has 2"),
    "misnumbered": (lambda r: epoch_of(2)(r).update(epoch=1), "its epochs are numbered 1, 1"),
    "diverged at last": (lambda r: r.update(diverged=2), "it diverged in epoch 2 and has 2 epochs before"),
    "diverged never": (lambda r: r.update(diverged=7), "in epoch 7, and its run has epochs 1 to 2"),
    "no final": (lambda r: r.update(final=None), "no final training score although it did not diverge"),
    "another final": (lambda r: r["final"]["confusion"].reverse(), "final training matrix counts"),
    "final loss": (lambda r: r["final"].update(loss=[]), "final.loss must be a number, not []"),
    "no base64": (lambda r: r.update(test_predictions="*"), "test_predictions cannot be read"),
    "too few": (lambda r: set_predictions(r, [1, 2]), "test_predictions are of 2 images"),
    "no class": (lambda r: set_predictions(r, [12] * 360), "name class 12, and there are 10 classes"),
    "trained on more": (train_on_more, "training and validation matrices count"),
    "no run": (lambda r: r.pop("run"), "run is missing"),
    "no epochs": (lambda r: r.update(epochs={}), "epochs must be a list, not {}"),
    "half an epoch": (lambda r: epoch_of(1)(r).pop("loss"), "epochs.1.loss is missing"),
    "no sources": (lambda r: r.update(sources=["x"]), "sources must be a table of keys"),
    "no run at all": (lambda r: r.update(run={"seed": {}}), "run: must be a table with an 'activation'"),
    "a number too large": (lambda r: r["run"].update(lr=10**30), "is too large a number"),
    "another run": (lambda r: r["run"].update(seed=7), "holds the record of another run"),
}


@pytest.mark.parametrize("which", FORGED)
def test_a_record_that_contradicts_itself_is_found(folder: Path, which: str) -> None:
    change, message = FORGED[which]
    path = forge(record_files(folder)[1], change)
    lines = contradictions(folder)
    assert [line for line in lines if line.startswith(f"{path}: ") and message in line], lines
    assert all(str(path) in line for line in lines)


def test_predictions_are_compared_with_columns_where_no_labels_are_known(folder: Path) -> None:
    shutil.rmtree(folder / "data")
    assert contradictions(folder) == []
    forge(record_files(folder)[0], lambda r: move_image(r, "test"))
    (line,) = contradictions(folder)
    assert "in the columns of its last test matrix" in line
