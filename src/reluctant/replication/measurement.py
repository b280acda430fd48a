"""One epoch's score as the published code computes it, and as each of its parts is put right."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from reluctant.catalogue.metrics import Counts, confusion_counts, score_from_counts

Record = dict[str, Any]


@dataclass(frozen=True)
class Measure:
    """How an epoch is scored.

    `images`: the `last` 16 of the test set, or `all`. `decision`: a class counts as predicted where its
    output is `sure`, above one half, or where it is the `largest`. `formula`: `published`, the harmonic mean
    of accuracy and precision, or `f1`, the mean over classes of F1.
    """

    images: Literal["last", "all"] = "all"
    decision: Literal["sure", "largest"] = "largest"
    formula: Literal["published", "f1"] = "f1"

    def of(self, epoch: Record) -> float:
        """The score of an epoch of a record of `reluctant.replication.training`."""
        matrix, support = self._counts(epoch)
        return published_f1(matrix, support) if self.formula == "published" else macro_f1(matrix, support)

    def _counts(self, epoch: Record) -> tuple[Counts, Counts]:
        """The confusion matrix of the images that count as predicted, and the images of every true class."""
        whole = np.asarray(epoch["confusion"]["test"], np.int64)
        if self.images == "all":
            sure = np.asarray(epoch["published"]["sure"], np.int64)
            return sure if self.decision == "sure" else whole, whole.sum(axis=1)
        labels, largest, held = (np.asarray(epoch["published"]["last"][key], np.int64)
                                 for key in ("labels", "largest", "sure"))  # fmt: skip
        counted = held > 0 if self.decision == "sure" else np.full(len(labels), fill_value=True)
        matrix = confusion_counts(labels[counted], largest[counted], len(whole))
        return matrix, np.bincount(labels, minlength=len(whole))


def published_f1(matrix: npt.ArrayLike, support: npt.ArrayLike) -> float:
    """The harmonic mean of subset accuracy and weighted precision; recall is not in it.

    `matrix` (classes, classes) counts the images for which a class was predicted, rows true; `support`
    (classes,) all images of every true class. Accuracy is the share of all images predicted and right;
    precision is taken per class, 0 where it was never predicted, and weighted by support (scikit-learn's
    `weighted`).
    """
    counts, of = np.asarray(matrix, float), np.asarray(support, float)
    hits, predicted = np.diagonal(counts), counts.sum(axis=0)
    accuracy = hits.sum() / of.sum()
    precision = float(
        (np.divide(hits, predicted, out=np.zeros(len(hits)), where=predicted > 0) * of).sum() / of.sum()
    )
    both = accuracy + precision
    # Equal scores have to be equal numbers, or rounding decides who is first.
    return round(float(2 * accuracy * precision / both), 12) if both > 0 else 0.0


def macro_f1(matrix: npt.ArrayLike, support: npt.ArrayLike) -> float:
    """F1 per class, 2·hits / (predicted + true), averaged over the classes that occur or are predicted."""
    counts, of = np.asarray(matrix, np.int64), np.asarray(support, np.int64)
    if (counts.sum(axis=1) == of).all() and (of > 0).all():
        return score_from_counts(counts, "f1")
    hits, either = np.diagonal(counts), counts.sum(axis=0) + of
    return float((2 * hits[either > 0] / either[either > 0]).mean())
