"""Small data and small runs for tests that train."""

import functools
from pathlib import Path
from typing import Any

import numpy as np

from reluctant.data import Dataset, Split, load
from reluctant.records.store import without_seconds
from reluctant.study import Run
from reluctant.training import Prepared, Training, prepare

SMALL = "tests.own_models:Small"


@functools.cache
def digits(images: int = 160) -> Prepared:
    """The first images of the bundled digits, prepared as for training."""
    whole = load("digits")
    train = Split(whole.train.images[:images], whole.train.labels[:images])
    test = Split(whole.test.images[:60], whole.test.labels[:60])
    return prepare(Dataset("digits", "digits", "", whole.classes, train, test, whole.sha256), 0.8)


def noise(images: int = 64, classes: int = 4, size: int = 8) -> Prepared:
    """Random images with random labels."""
    rng = np.random.default_rng(0)

    def split(n: int) -> Split:
        pixels = rng.integers(0, 256, (n, 1, size, size), dtype=np.uint8)
        return Split(pixels, rng.integers(0, classes, n))

    names = tuple(map(str, range(classes)))
    return prepare(Dataset("noise", "noise", "", names, split(images), split(20), "0" * 64), 0.75)


def run(activation: str = "relu", **fields: Any) -> Run:
    """A run of the article's network, one epoch unless told otherwise."""
    given = {"model": "convnet(dropout=0.15)", "optimizer": "adam(beta1=0.89)", "lr": 0.002, "epochs": 1}
    return Run(activation, **{**given, **fields})


def trained(run: Run, data: Prepared | None = None) -> Training:
    """A training carried to its end."""
    training = Training(run, data or digits())
    list(training)
    return training


def records(folder: Path) -> dict[str, Any]:
    """All records of a study's folder, without timings."""
    import json

    return {
        path.stem: without_seconds(json.loads(path.read_text())) for path in (folder / "runs").glob("*.json")
    }
