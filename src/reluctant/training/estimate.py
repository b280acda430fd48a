"""How long a run will take, from a few timed steps."""

import time
from pathlib import Path

from reluctant.study import Run
from reluctant.training.evaluation import BATCH, evaluate
from reluctant.training.procedures import training_for
from reluctant.training.runner import data_of
from reluctant.training.tensors import Part
from reluctant.training.training import Training, threads


def seconds_expected(run: Run, folder: Path | None = None, steps: int = 20) -> float:
    """The seconds one run will take, from a few timed steps of training and one batch of evaluation."""
    data = data_of(run, str(folder) if folder else None)
    training = training_for(run, data)
    with threads(run.threads):
        step = _median_step(training, steps)
        look = _median_look(training)
    per_epoch = step * -(-len(data.train) // run.batch_size) + look * (len(data.valid) + len(data.test))
    return run.epochs * per_epoch + look * len(data.train)


def _median_step(training: Training, steps: int) -> float:
    size = training.run.batch_size
    images, labels = training.data.train.images[:size], training.data.train.labels[:size]
    times = []
    training.model.train()
    for _ in range(steps):
        began = time.perf_counter()
        training.step(images, labels)
        times.append(time.perf_counter() - began)
    return sorted(times)[steps // 2]


def _median_look(training: Training) -> float:
    some = Part(training.data.test.images[:BATCH], training.data.test.labels[:BATCH])
    times = []
    for _ in range(5):
        began = time.perf_counter()
        evaluate(training.model, some, training.task)
        times.append((time.perf_counter() - began) / len(some))
    return sorted(times)[2]
