"""The score of one epoch as the published code computes it, each part of it corrected, and its possible values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, lcm
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from reluctant.catalogue.metrics import confusion_counts, score_from_counts


@dataclass(frozen=True)
class Measure:
    """How an epoch is scored."""

    images: Literal["last_batch", "all"] = "all"  # the last batch of the test images (16 of MNIST's), or all of them
    # a class counts as predicted where its output is above one half, or where it is the largest
    decision: Literal["above_half", "largest"] = "largest"
    # `published`, the harmonic mean of accuracy and precision, or `f1`, the mean over classes of F1
    formula: Literal["published", "f1"] = "f1"

    def score(self, matrix: npt.NDArray[Any], published: Mapping[str, Any]) -> float:
        """The score of an epoch.

        Args:
            matrix: The confusion matrix of the test split, shape (classes, classes).
            published: What `reluctant.replication.training` adds to the record of an epoch: `last`, the last
                batch, and `sure`, the confusion matrix of the images whose largest output is above one half.
        """
        classes, above_half = len(matrix), self.decision == "above_half"
        if self.images == "all":
            support = matrix.sum(axis=1)
            predicted = np.asarray(published["sure"], np.int64) if above_half else matrix
        else:
            labels, largest, sure = (
                np.asarray(published["last"][key], np.int64) for key in ("labels", "largest", "sure")
            )
            support = np.bincount(labels, minlength=classes)
            counts = sure > 0 if above_half else np.full(len(labels), fill_value=True)
            predicted = confusion_counts(labels[counts], largest[counts], classes)
        formula = published_f1 if self.formula == "published" else macro_f1
        return formula(predicted, support)


def published_f1(matrix: npt.ArrayLike, support: npt.ArrayLike) -> float:
    """The harmonic mean of subset accuracy and weighted precision; recall is not in it.

    Accuracy is the share of all images predicted and right; precision is taken per class, 0 where it was
    never predicted, and weighted by support (scikit-learn's `weighted`).

    Args:
        matrix: Images for which a class was predicted, rows true, shape (classes, classes).
        support: All images of every true class, shape (classes,).
    """
    counts, images = np.asarray(matrix, float), np.asarray(support, float)
    hits, predicted = np.diagonal(counts), counts.sum(axis=0)
    accuracy = hits.sum() / images.sum()
    per_class = np.divide(hits, predicted, out=np.zeros(len(hits)), where=predicted > 0)
    precision = float((per_class * images).sum() / images.sum())
    both = accuracy + precision
    # Equal scores have to be equal numbers, or rounding decides who is first.
    return round(float(2 * accuracy * precision / both), 12) if both > 0 else 0.0


def macro_f1(matrix: npt.ArrayLike, support: npt.ArrayLike) -> float:
    """F1 per class, 2·hits / (predicted + true), averaged over the classes that occur or are predicted."""
    counts, images = np.asarray(matrix, np.int64), np.asarray(support, np.int64)
    if (counts.sum(axis=1) == images).all() and (images > 0).all():
        return score_from_counts(counts, "f1")
    hits, either = np.diagonal(counts), counts.sum(axis=0) + images
    return float((2 * hits[either > 0] / either[either > 0]).mean())


# (hits, images predicted wrongly, the tightest class) so far → sums of precision, in units of 1 / scale
States = dict[tuple[int, int, int], set[int]]


def possible_scores(labels: Sequence[int], classes: int = 10, least: float = 0.0) -> list[Fraction]:
    """All values of the published score on images of these classes, from `least` up, exact.

    An image is predicted right, wrong as any other class, or as none. The score depends on the hits of every class and
    on how many images are wrongly predicted as it, so these are enumerated. Numbers of wrong predictions are possible
    where there are as many wrong images, and no class has to take one of its own: for every class, the wrong images
    predicted as it and its own wrong images together are no more than all wrong ones.
    """
    n, scale = len(labels), lcm(*range(1, len(labels) + 1))
    most = n - ceil(n * least / (2 - least))  # wrong images: even at a precision of 1 more would score less
    states: States = {(0, 0, 0): {0}}
    before = 0  # images of the classes so far
    for c in range(classes):
        images = list(labels).count(c)
        before += images
        states = {
            key: sums for key, sums in _add_class(states, images, n, scale).items() if before - key[0] <= most >= key[1]
        }
    scores: set[Fraction] = set()
    for (hits, wrong, tightest), sums in states.items():
        if hits + wrong <= n and tightest <= n - hits:
            accuracy = Fraction(hits, n)
            for precision in (Fraction(total, scale * n) for total in sums):
                scores.add(2 * accuracy * precision / (accuracy + precision) if hits else Fraction(0))
    return sorted(score for score in scores if score >= least)


def _add_class(states: States, images: int, n: int, scale: int) -> States:
    """The states with one more class, of so many images."""
    extended: States = {}
    for (hits, wrong, tightest), sums in states.items():
        for right in range(images + 1):
            for false in range(n - images + 1):  # images of other classes predicted as this one
                if hits + right + wrong + false > n:
                    break
                precision = images * right * (scale // (right + false)) if right else 0
                key = hits + right, wrong + false, max(tightest, false + images - right)
                extended.setdefault(key, set()).update([total + precision for total in sums])
    return extended
