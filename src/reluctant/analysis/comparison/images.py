"""How much of a difference hangs on the test images: a jackknife over groups of them."""

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from reluctant.catalogue.metrics import REGRESSION, scores, summed
from reluctant.records.run_result import Result
from reluctant.records.study_results import Results
from reluctant.statistics import jackknife_variance

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


def image_variance(results: Results, one: str, other: str, metric: str, groups: int) -> float | None:
    """The variance that the choice of test images gives to the mean difference of two activations.

    One of `groups` groups of images is left out at a time, and both scores are computed again (Tukey 1958;
    Wolter 2007, chapter 4). None where labels or predictions were not kept, or images are too few.
    """
    pairs = _pairs(results, one, other)
    if not pairs:
        return None
    labels = results.labels(pairs[0][0])
    if labels is None or len(labels) < 2 * groups:
        return None
    without = [
        _without(first, labels, metric, groups) - _without(second, labels, metric, groups)
        for first, second in pairs
    ]
    return jackknife_variance(np.mean(without, axis=0))


def _pairs(results: Results, one: str, other: str) -> list[tuple[Result, Result]]:
    second = {r.run.seed: r for r in results.of(other) if r.diverged is None}
    return [(r, second[r.run.seed]) for r in results.of(one) if r.diverged is None and r.run.seed in second]


def _without(result: Result, labels: npt.NDArray[Any], metric: str, groups: int) -> Floats:
    """The score of a run on all test images but those of each group, shape (groups,)."""
    return _cached(result, metric, groups, labels.tobytes())


@lru_cache(maxsize=4096)
def _cached(result: Result, metric: str, groups: int, labels: bytes) -> Floats:
    predicted = result.predictions
    group = np.arange(len(predicted)) % groups  # spread over the set, whose parts may differ in difficulty
    if result.task == REGRESSION:
        truth = np.frombuffer(labels, float).reshape(predicted.shape)
        return scores(_sums(truth, predicted, group, groups), metric)
    counts = _rows(np.frombuffer(labels, np.int64), predicted, group, result.counts["test"].shape[-1])
    return scores(counts.sum(axis=0) - counts, metric)


def _rows(true: Labels, predicted: Labels, group: Labels, classes: int) -> npt.NDArray[np.int64]:
    """Hits, predictions and truths per class of every group, (groups, 3, classes): what every score needs."""

    def per_group(which: Labels, where: npt.NDArray[np.bool_] | slice) -> npt.NDArray[np.int64]:
        groups = int(group.max()) + 1
        cells = np.bincount((group * classes + which)[where], minlength=groups * classes)
        return cells.reshape(groups, classes)

    every = slice(None)
    return np.stack(
        [per_group(true, true == predicted), per_group(predicted, every), per_group(true, every)], axis=1
    )


def _sums(true: Floats, predicted: Floats, group: Labels, groups: int) -> Floats:
    """The sums of all numbers but those of each group, (groups, 4, outputs)."""
    return np.stack([summed(true[group != left], predicted[group != left]) for left in range(groups)])
