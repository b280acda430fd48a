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
    score: Callable[[Counts], float] | None = None  # None: not a function of the matrix (loss)
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
    """Precision, recall and F1 of every class, shape (classes,) each."""
    hits, predicted, true = np.diag(matrix), matrix.sum(axis=0), matrix.sum(axis=1)
    return _ratio(hits, predicted), _ratio(hits, true), _ratio(2 * hits, predicted + true)


def _accuracy(matrix: Counts) -> float:
    return float(_ratio(np.trace(matrix), matrix.sum()))


def _macro(which: int) -> Callable[[Counts], float]:
    return lambda matrix: float(per_class(matrix)[which].mean())


def _weighted(which: int) -> Callable[[Counts], float]:
    return lambda matrix: float(_ratio((per_class(matrix)[which] * matrix.sum(axis=1)).sum(), matrix.sum()))


def _balanced_accuracy(matrix: Counts) -> float:
    present = matrix.sum(axis=1) > 0
    recall = per_class(matrix)[1][present]
    return float(recall.mean()) if recall.size else 0.0


def _mcc(matrix: Counts) -> float:
    """Matthews' correlation for many classes (Gorodkin 2004), 0 where it is undefined."""
    true, predicted = matrix.sum(axis=1).astype(float), matrix.sum(axis=0).astype(float)
    total, hits = float(matrix.sum()), float(np.trace(matrix))
    spread = (total**2 - predicted @ predicted) * (total**2 - true @ true)
    return float((hits * total - true @ predicted) / np.sqrt(spread)) if spread > 0 else 0.0


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


def score(matrix: Counts, name: str) -> float:
    """One score of a confusion matrix (rows true, columns predicted)."""
    compute = metric(name).score
    if compute is None:
        raise StudyError(f"{name} cannot be computed from a confusion matrix")
    return compute(np.asarray(matrix))


def confusion(true: npt.ArrayLike, predicted: npt.ArrayLike, classes: int) -> Counts:
    """The matrix of counts, rows true, columns predicted, shape (classes, classes)."""
    cells = np.asarray(true, np.int64) * classes + np.asarray(predicted, np.int64)
    return np.bincount(cells, minlength=classes * classes).reshape(classes, classes)
