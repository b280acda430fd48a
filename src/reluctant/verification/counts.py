"""Counts of classes as they must be: whole numbers, square or three rows, of the same images everywhere."""

from collections.abc import Iterator, Mapping, Sequence
from operator import le
from typing import Any

import numpy as np
import numpy.typing as npt

from reluctant.catalogue.metrics import MOST

Counts = npt.NDArray[np.int64]
Images = tuple[int, ...]  # how many images of every class

SLACK = 1e-3  # of a loss: single precision and other ways to add up
_MOST = 2**53  # beyond it a number in a JSON file is not surely whole


def is_matrix(value: Any) -> bool:
    """Whether a value is a square table of counts; or, above 20 classes, its three rows."""
    if not (isinstance(value, list) and value and all(isinstance(row, list) for row in value)):
        return False
    if not all(type(cell) is int and 0 <= cell < _MOST for row in value for cell in row):
        return False
    return all(len(row) == len(value) for row in value) or _are_rows(value)


def _are_rows(value: Sequence[Sequence[int]]) -> bool:
    """Hits, predictions and truths of every class: no more hits than either, as many of both."""
    if len(value) != 3 or len({len(row) for row in value}) != 1 or len(value[0]) <= MOST:
        return False
    hits, predicted, true = value
    return sum(predicted) == sum(true) and all(map(le, hits, predicted)) and all(map(le, hits, true))


def images(counts: Sequence[Sequence[int]]) -> Images:
    """How many images of every class are counted: the sums of a matrix's rows, or the last of three."""
    return tuple(map(sum, counts)) if len(counts) == len(counts[0]) else tuple(counts[2])


def columns(counts: Sequence[Sequence[int]]) -> Images:
    """How many images every class is predicted for."""
    if len(counts) == len(counts[0]):
        return tuple(map(sum, zip(*counts, strict=True)))
    return tuple(counts[1])


def unlike(one: Images, other: Images) -> str:
    """The first class in which two counts of images differ, as `21 images of class 4 and not 20`; else ''."""
    if len(one) != len(other):
        return f"{len(one)} classes and not {len(other)}"
    for number, (here, there) in enumerate(zip(one, other, strict=True)):
        if here != there:
            return f"{here} images of class {number} and not {there}"
    return ""


def misplaced(matrix: Counts, other: Counts) -> str:
    """The first cell in which two matrices differ: `19 images of class 3 as class 5 and not 20`; else ''.

    Of three rows each, the class: `19 right images of class 3 and not 20`.
    """
    if matrix.shape[0] != matrix.shape[1]:
        words = ("right images", "predictions", "images")
        for row, of in np.argwhere(matrix != other):
            return f"{matrix[row, of]} {words[row]} of class {of} and not {other[row, of]}"
        return ""
    for true, predicted in np.argwhere(matrix != other):
        here, there = matrix[true, predicted], other[true, predicted]
        return f"{here} images of class {true} as class {predicted} and not {there}"
    return ""


def least_loss(matrix: Sequence[Sequence[int]]) -> float:
    """The least mean loss with which so many images can be wrong.

    The true class of a wrong image has a probability of at most 1/2, so it costs ln 2 nats or more.
    """
    total = sum(images(matrix))
    right = sum(row[i] for i, row in enumerate(matrix)) if len(matrix) == len(matrix[0]) else sum(matrix[0])
    return float(np.log(2)) * (total - right) / total if total else 0.0


def every_matrix(epochs: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, int, Any]]:
    """(split, epoch from 1, matrix) of a record's epochs."""
    for number, epoch in enumerate(epochs, 1):
        for split, matrix in epoch["confusion"].items():
            yield split, number, matrix
