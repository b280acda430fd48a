"""Small data and small runs for tests that train."""

import functools
import json
from pathlib import Path
from typing import Any

import numpy as np

from reluctant.data import Dataset, Split, load
from reluctant.records.parts import Json
from reluctant.records.store import without_seconds
from reluctant.study import Run
from reluctant.training import TensorData, Training, build_training, prepare

SMALL = "tests.support.own_models:Small"


@functools.cache
def digits(n: int = 160) -> TensorData:
    """The first images of the bundled digits, as tensors for training."""
    dataset = load("digits")
    train = Split(dataset.train.inputs[:n], dataset.train.targets[:n])
    test = Split(dataset.test.inputs[:60], dataset.test.targets[:60])
    return prepare(Dataset("digits", "digits", "", dataset.classes, train, test, dataset.sha256), 0.8)


def noise(n: int = 64, classes: int = 4, size: int = 8) -> TensorData:
    """Random images with random labels."""
    rng = np.random.default_rng(0)

    def split(items: int) -> Split:
        pixels = rng.integers(0, 256, (items, 1, size, size), dtype=np.uint8)
        return Split(pixels, rng.integers(0, classes, items))

    names = tuple(map(str, range(classes)))
    return prepare(Dataset("noise", "noise", "", names, split(n), split(20), "0" * 64), 0.75)


def run(activation: str = "relu", **fields: Any) -> Run:
    """A run of the article's network, one epoch unless `fields` differ."""
    defaults = {"model": "convnet(dropout=0.15)", "optimizer": "adam(beta1=0.89)", "lr": 0.002, "epochs": 1}
    return Run(activation, **{**defaults, **fields})


def trained(run: Run, data: TensorData | None = None) -> Training:
    """A training that has ended."""
    training = Training(run, data or digits())
    list(training)
    return training


def small_training(**fields: Any) -> Training:
    """A training of the smallest network over three epochs, before its first step."""
    return build_training(run(**{"model": SMALL, "epochs": 3, **fields}), digits(64))


def untimed(training: Training) -> Json:
    """The record of a training as JSON, without timings: what two equal trainings have in common."""
    content: Json = without_seconds(training.record().to_json())
    return content


def records(folder: Path) -> dict[str, Any]:
    """All records of a study's folder, without timings."""
    return {path.stem: without_seconds(json.loads(path.read_text())) for path in (folder / "runs").glob("*.json")}
