"""Metrics: scores from counts. Records hold integers and sums; every score is computed from them.

Rows of a matrix are the true classes, columns the predicted ones. Above 20 classes three rows replace it:
hits, predictions and truths per class. A class that is never predicted has precision 0, one that never
occurs recall 0 (scikit-learn's `zero_division=0`). Of predicted numbers, records hold four sums per output; of
predicted tokens six sums.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from reluctant.catalogue.token_sums import TOKEN_SUMS, bits_per, perplexity, ratio_of_sums
from reluctant.core.display import did_you_mean, normalised
from reluctant.core.errors import StudyError

Counts = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

CLASSIFICATION, REGRESSION, TOKENS = "classification", "regression", "tokens"
SPLITS = ("train", "valid", "test")
MOST = 20  # classes of which a record holds whole matrices; a hundred would fill megabytes


@dataclass(frozen=True)
class Metric:
    """A metric: `higher` is whether more is better, `margin` the largest difference that does not matter.

    `tasks` are those it belongs to, `unit` what it is counted in.
    """

    name: str
    title: str
    higher: bool
    margin: float
    meaning: str
    compute: Callable[[Counts], Floats] | None = None  # None: not a function of the counts (loss)
    aliases: tuple[str, ...] = ()
    unit: str = "share of 1"
    tasks: tuple[str, ...] = (CLASSIFICATION,)


def _ratio(numerator: npt.ArrayLike, denominator: npt.ArrayLike) -> Floats:
    above, below = np.asarray(numerator, float), np.asarray(denominator, float)
    ratios: Floats = np.divide(above, below, out=np.zeros_like(above), where=below != 0)
    return ratios


def per_class(counts: Counts) -> tuple[Floats, Floats, Floats]:
    """Precision, recall and F1 of every class, shape (..., classes) each."""
    tallies = tally(counts)
    return _rate(0, *tallies), _rate(1, *tallies), _rate(2, *tallies)


def _rate(which: int, hits: Counts, predicted: Counts, true: Counts) -> Floats:
    """Precision (0), recall (1) or F1 (2) of every class."""
    return _ratio(*((hits, predicted), (hits, true), (2 * hits, predicted + true))[which])


def tally(counts: Counts) -> tuple[Counts, Counts, Counts]:
    """Hits, predictions and truths per class, (..., classes) each: of a matrix, or of the three rows."""
    if counts.shape[-1] == counts.shape[-2]:
        return np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(axis=-2), counts.sum(axis=-1)
    return counts[..., 0, :], counts[..., 1, :], counts[..., 2, :]


def stored_counts(matrix: Counts) -> Counts:
    """What a record holds of a matrix: itself, or its three rows where there are more than 20 classes."""
    return matrix if len(matrix) <= MOST else np.stack(tally(matrix))


def total_items(counts: Counts) -> int:
    """How many inputs were counted, in counts of any kind: (classes, classes), (3, classes), (4, outputs), (6, 1)."""
    return int(tally(counts)[2].sum()) if task_of_counts(counts) == CLASSIFICATION else int(counts[0, 0])


def task_of_counts(counts: Counts) -> str:
    """The task whose counts these are, by their type and last two axes."""
    if counts.dtype.kind != "f":
        return CLASSIFICATION
    return TOKENS if counts.shape[-2] == len(TOKEN_SUMS) else REGRESSION


def _accuracy(counts: Counts) -> Floats:
    hits, _, true = tally(counts)
    return _ratio(hits.sum(axis=-1), true.sum(axis=-1))


def _macro(which: int) -> Callable[[Counts], Floats]:
    """The mean over the classes that occur, in the targets or in the predictions (as scikit-learn has it)."""

    def compute(counts: Counts) -> Floats:
        hits, predicted, true = tally(counts)
        return _ratio(_rate(which, hits, predicted, true).sum(axis=-1), ((predicted > 0) | (true > 0)).sum(axis=-1))

    return compute


def _weighted(which: int) -> Callable[[Counts], Floats]:
    def compute(counts: Counts) -> Floats:
        hits, predicted, true = tally(counts)
        return _ratio((_rate(which, hits, predicted, true) * true).sum(axis=-1), true.sum(axis=-1))

    return compute


def _balanced_accuracy(counts: Counts) -> Floats:
    hits, predicted, true = tally(counts)
    present = true > 0
    return _ratio((_rate(1, hits, predicted, true) * present).sum(axis=-1), present.sum(axis=-1))


def _mcc(counts: Counts) -> Floats:
    """Matthews' correlation for many classes (Gorodkin 2004), 0 where it is undefined."""
    hits, predicted, true = (each.astype(float) for each in tally(counts))
    whole = true.sum(axis=-1)
    spread = (whole**2 - (predicted**2).sum(axis=-1)) * (whole**2 - (true**2).sum(axis=-1))
    return _ratio(hits.sum(axis=-1) * whole - (true * predicted).sum(axis=-1), np.sqrt(np.maximum(spread, 0)))


def regression_sums(true: Floats, predicted: Floats) -> Floats:
    """The sums that regression is scored by, (4, outputs): inputs, |error|, error², (target − its mean)²."""
    error = predicted - true
    centred = true - true.mean(axis=0)
    rows = (np.full(true.shape[1], len(true)), np.abs(error).sum(axis=0), (error**2).sum(axis=0),
            (centred**2).sum(axis=0))  # fmt: skip
    return np.stack(rows).astype(float)


def _r2(sums: Counts) -> Floats:
    """1 − squared errors over those of the mean, averaged over outputs; 0 where targets do not vary."""
    errors, spread = sums[..., 2, :], sums[..., 3, :]
    each = 1 - np.divide(errors, spread, out=np.ones_like(errors), where=spread != 0)
    return np.asarray(each.mean(axis=-1))


def _rmse(sums: Counts) -> Floats:
    return np.asarray(np.sqrt(sums[..., 2, :] / sums[..., 0, :]).mean(axis=-1))


def _mae(sums: Counts) -> Floats:
    return np.asarray((sums[..., 1, :] / sums[..., 0, :]).mean(axis=-1))


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
    Metric("accuracy", "Accuracy", True, 0.002, "share of images classified right", _accuracy, ("acc",)),
    *_family("precision", "Precision", 0),
    *_family("recall", "Recall", 1),
    *_family("f1", "F1", 2),
    Metric("balanced_accuracy", "Balanced accuracy", True, 0.002, "recall averaged over the classes that occur",
           _balanced_accuracy),
    Metric("mcc", "MCC", True, 0.002, "Matthews' correlation of true and predicted classes", _mcc),
    Metric("r2", "R²", True, 0.01, "share of the targets' variance explained, averaged over outputs", _r2,
           ("r_squared", "r2_score"), "share of variance explained", (REGRESSION,)),
    Metric("rmse", "RMSE", False, 0.0, "root of the mean squared error, averaged over outputs", _rmse,
           (), "units of the target", (REGRESSION,)),
    Metric("mae", "MAE", False, 0.0, "mean absolute error, averaged over outputs", _mae,
           (), "units of the target", (REGRESSION,)),
    Metric("bits_per_byte", "Bits per byte", False, 0.005, "cross entropy of a text in bits, over its bytes in UTF-8",
           bits_per("bytes"), ("bpb",), "bits per byte", (TOKENS,)),
    Metric("bits_per_character", "Bits per character", False, 0.005, "cross entropy of a text in bits, over its "
           "characters", bits_per("characters"), ("bpc",), "bits per character", (TOKENS,)),
    Metric("perplexity", "Perplexity", False, 0.05, "exponential of the cross entropy per token", perplexity,
           (), "choices per token", (TOKENS,)),
    Metric("token_accuracy", "Token accuracy", True, 0.002, "share of tokens predicted right",
           ratio_of_sums("right", "tokens"), ("next_token_accuracy",), tasks=(TOKENS,)),
    Metric("loss", "Loss", False, 0.005, "cross entropy, mean over images or tokens; of numbers, squared error of "
           "standardised targets", unit="nats per image", tasks=(CLASSIFICATION, REGRESSION, TOKENS)),
)  # fmt: skip

DEFAULT_COLUMNS = {
    CLASSIFICATION: ("accuracy", "precision", "recall", "f1", "loss"),
    REGRESSION: ("r2", "rmse", "mae", "loss"),
    TOKENS: ("loss", "perplexity", "bits_per_byte", "token_accuracy"),
}  # columns of tables by default
USUAL = {CLASSIFICATION: "f1", REGRESSION: "r2", TOKENS: "loss"}  # the metric that decides by default

_BY_NAME = {normalised(name): metric for metric in METRICS for name in (metric.name, *metric.aliases)}


def unit(row: Metric, task: str = CLASSIFICATION) -> str:
    """The unit of a metric where a network does this task."""
    units_of_loss = {REGRESSION: "squared standard deviations", TOKENS: "nats per token"}
    return units_of_loss.get(task, row.unit) if row.name == "loss" else row.unit


def metric(name: str) -> Metric:
    """The metric of this name or alias; `StudyError` with the nearest names otherwise."""
    known = _BY_NAME.get(normalised(str(name)))
    if known is None:
        names = [each.name for each in METRICS]
        hint = did_you_mean(str(name), names) or f"; there are {', '.join(names)}"
        raise StudyError(f"there is no metric {name!r}{hint}")
    return known


def scores_from_counts(matrices: Counts, name: str) -> Floats:
    """One score of all counts, whose last two axes are those of one; (..., classes, classes) → (...)."""
    compute = metric(name).compute
    if compute is None:
        raise StudyError(f"{name} cannot be computed from counts")
    counts = np.asarray(matrices)
    task = task_of_counts(counts)
    if task not in metric(name).tasks:
        known = ", ".join(each.name for each in METRICS if task in each.tasks)
        what = {CLASSIFICATION: "classes", REGRESSION: "numbers", TOKENS: "tokens"}[task]
        raise StudyError(
            f"this study predicts {what}; {name} is only for {' and '.join(metric(name).tasks)}. "
            f"Metrics for {what}: {known}"
        )
    return compute(counts)


def score_from_counts(matrix: Counts, name: str) -> float:
    """One score of one confusion matrix (rows true, columns predicted), or of other counts."""
    return float(scores_from_counts(matrix, name))


def confusion_counts(true: npt.ArrayLike, predicted: npt.ArrayLike, classes: int) -> Counts:
    """The matrix of counts, rows true, columns predicted, shape (classes, classes).

    ValueError for a label outside 0 … classes − 1, which would be counted in another's cell.
    """
    rows, columns = np.asarray(true, np.int64), np.asarray(predicted, np.int64)
    for labels in (rows, columns):
        if labels.size and not (labels.min() >= 0 and labels.max() < classes):
            raise ValueError(f"labels from {labels.min()} to {labels.max()} do not fit {classes} classes")
    cells = rows * classes + columns
    return np.bincount(cells, minlength=classes * classes).reshape(classes, classes)
