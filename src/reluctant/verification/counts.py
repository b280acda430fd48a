"""Confusion matrices as they must be: whole counts, square, of the same images everywhere."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]
Images = tuple[int, ...]  # how many images of every class

_MOST = 2**53  # beyond it a number in a JSON file is not surely whole


def is_matrix(value: Any) -> bool:
    """Whether a value is a square table of whole numbers that count something."""
    return (
        isinstance(value, list)
        and len(value) > 0
        and all(isinstance(row, list) and len(row) == len(value) for row in value)
        and all(type(cell) is int and 0 <= cell < _MOST for row in value for cell in row)
    )


def images(matrix: Sequence[Sequence[int]]) -> Images:
    """How many images of every class a matrix counts: the sums of its rows."""
    return tuple(map(sum, matrix))


def unlike(one: Images, other: Images) -> str:
    """The first class in which two counts of images differ, as `21 images of class 4 and not 20`; else ''."""
    if len(one) != len(other):
        return f"{len(one)} classes and not {len(other)}"
    for number, (here, there) in enumerate(zip(one, other, strict=True)):
        if here != there:
            return f"{here} images of class {number} and not {there}"
    return ""


def misplaced(matrix: Counts, other: Counts) -> str:
    """The first cell in which two matrices differ: `19 images of class 3 as class 5 and not 20`; else ''."""
    for true, predicted in np.argwhere(matrix != other):
        here, there = matrix[true, predicted], other[true, predicted]
        return f"{here} images of class {true} as class {predicted} and not {there}"
    return ""


def least_loss(matrix: Sequence[Sequence[int]]) -> float:
    """The least mean loss with which so many images can be wrong.

    The true class of a wrong image has a probability of at most 1/2, so it costs ln 2 nats or more.
    """
    total = sum(map(sum, matrix))
    right = sum(row[i] for i, row in enumerate(matrix))
    return float(np.log(2)) * (total - right) / total if total else 0.0


def every_matrix(epochs: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, int, Any]]:
    """(split, epoch from 1, matrix) of a record's epochs."""
    for number, epoch in enumerate(epochs, 1):
        for split, matrix in epoch["confusion"].items():
            yield split, number, matrix
