"""Scores of a confusion matrix: integers are stored, whatever is asked for is computed from them.

Rows of a matrix are the true classes, columns the predicted ones. A class that is never predicted has
precision 0, one that never occurs recall 0 (scikit-learn's `zero_division=0`).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reluctant.names import StudyError, did_you_mean, normal

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Metric:
    """A metric: `higher` is whether more is better, `margin` the smallest difference that matters."""

    name: str
    title: str
    higher: bool
    margin: float
    meaning: str
    score: Callable[[Counts], Floats] | None = None  # None: not a function of the matrix (loss)
    aliases: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        """`share of 1` for scores, `nats per image` for the loss."""
        return "nats per image" if self.name == "loss" else "share of 1"


def _ratio(above: npt.ArrayLike, below: npt.ArrayLike) -> Floats:
    above, below = np.asarray(above, float), np.asarray(below, float)
    shares: Floats = np.divide(above, below, out=np.zeros_like(above), where=below != 0)
    return shares


def per_class(matrix: Counts) -> tuple[Floats, Floats, Floats]:
    """Precision, recall and F1 of every class, shape (..., classes) each."""
    hits, predicted, true = _hits(matrix), matrix.sum(axis=-2), matrix.sum(axis=-1)
    return _ratio(hits, predicted), _ratio(hits, true), _ratio(2 * hits, predicted + true)


def _hits(matrix: Counts) -> Counts:
    return np.diagonal(matrix, axis1=-2, axis2=-1)


def _accuracy(matrix: Counts) -> Floats:
    return _ratio(_hits(matrix).sum(axis=-1), matrix.sum(axis=(-2, -1)))


def _macro(which: int) -> Callable[[Counts], Floats]:
    return lambda matrix: np.asarray(per_class(matrix)[which].mean(axis=-1))


def _weighted(which: int) -> Callable[[Counts], Floats]:
    return lambda matrix: _ratio(
        (per_class(matrix)[which] * matrix.sum(axis=-1)).sum(axis=-1), matrix.sum(axis=(-2, -1))
    )


def _balanced_accuracy(matrix: Counts) -> Floats:
    present = matrix.sum(axis=-1) > 0
    return _ratio((per_class(matrix)[1] * present).sum(axis=-1), present.sum(axis=-1))


def _mcc(matrix: Counts) -> Floats:
    """Matthews' correlation for many classes (Gorodkin 2004), 0 where it is undefined."""
    true, predicted = matrix.sum(axis=-1).astype(float), matrix.sum(axis=-2).astype(float)
    total, hits = true.sum(axis=-1), _hits(matrix).sum(axis=-1)
    spread = (total**2 - (predicted**2).sum(axis=-1)) * (total**2 - (true**2).sum(axis=-1))
    return _ratio(hits * total - (true * predicted).sum(axis=-1), np.sqrt(np.maximum(spread, 0)))


def _family(name: str, title: str, which: int) -> tuple[Metric, ...]:
    return (
        Metric(name, title, True, 0.002, f"{title} of each class, averaged over classes (macro)",
               _macro(which), (f"{name}_macro", f"macro_{name}")),
        Metric(f"{name}_weighted", f"{title}, weighted", True, 0.002,
               f"{title} of each class, averaged with the class sizes as weights", _weighted(which)),
        Metric(f"{name}_micro", f"{title}, micro", True, 0.002,
               f"{title} over all images at once; with one label per image this is the accuracy", _accuracy),
    )  # fmt: skip


METRICS: tuple[Metric, ...] = (
    Metric("accuracy", "Accuracy", True, 0.002, "share of images classified right", _accuracy),
    *_family("precision", "Precision", 0),
    *_family("recall", "Recall", 1),
    *_family("f1", "F1", 2),
    Metric(
        "balanced_accuracy",
        "Balanced accuracy",
        True,
        0.002,
        "recall averaged over the classes that occur",
        _balanced_accuracy,
    ),
    Metric("mcc", "MCC", True, 0.002, "Matthews' correlation of true and predicted classes", _mcc),
    Metric("loss", "Loss", False, 0.005, "cross entropy, mean over images"),
)

_BY_NAME = {normal(name): metric for metric in METRICS for name in (metric.name, *metric.aliases)}


def metric(name: str) -> Metric:
    """The metric of this name or alias; `StudyError` with the nearest names otherwise."""
    found = _BY_NAME.get(normal(str(name)))
    if found is None:
        known = [each.name for each in METRICS]
        hint = did_you_mean(str(name), known) or f"; known: {', '.join(known)}"
        raise StudyError(f"no metric is called {name!r}{hint}")
    return found


def scores(matrices: Counts, name: str) -> Floats:
    """One score of every confusion matrix (rows true, columns predicted); (..., classes, classes) → (...)."""
    compute = metric(name).score
    if compute is None:
        raise StudyError(f"{name} cannot be computed from a confusion matrix")
    return compute(np.asarray(matrices))


def score(matrix: Counts, name: str) -> float:
    """One score of one confusion matrix (rows true, columns predicted)."""
    return float(scores(matrix, name))


def confusion(true: npt.ArrayLike, predicted: npt.ArrayLike, classes: int) -> Counts:
    """The matrix of counts, rows true, columns predicted, shape (classes, classes).

    ValueError for a label outside 0 … classes − 1, which would be counted in another's cell.
    """
    rows, columns = np.asarray(true, np.int64), np.asarray(predicted, np.int64)
    for labels in (rows, columns):
        if labels.size and not (labels.min() >= 0 and labels.max() < classes):
            raise ValueError(f"labels from {labels.min()} to {labels.max()} do not fit {classes} classes")
    cells = rows * classes + columns
    return np.bincount(cells, minlength=classes * classes).reshape(classes, classes)
