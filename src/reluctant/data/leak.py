"""Columns of a table that give the answer away."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reluctant.data.dataset import Inputs, Labels

_FIRST = 1000  # rows that are looked at first; most columns are cleared by them
_FEWEST = 20  # rows; among fewer a column may be the target by chance
_ALIKE = 1 - 1e-9  # of a correlation: the target in other units


def leak(train: Inputs, labels: Labels, columns: Sequence[str] = ()) -> str:
    """A sentence about columns that are the target under another name; empty without any.

    Such a column has one value for every class and one class for every value; or, of numbers, it is a
    straight line of the target.
    """
    if train.ndim != 2 or len(train) < _FEWEST:
        return ""
    same = _class_of if labels.ndim == 1 else _line_of
    found = [
        columns[i] if i < len(columns) else str(i)
        for i in range(train.shape[1])
        if same(train[:_FIRST, i], labels[:_FIRST]) and same(train[:, i], labels)
    ]
    if not found:
        return ""
    which = f"column {found[0]} is" if len(found) == 1 else f"columns {', '.join(found[:5])} are"
    them = "it" if len(found) == 1 else "them"
    return f"{which} the target under another name; leave {them} out of the inputs"


def _class_of(column: NDArray[np.generic], labels: Labels) -> bool:
    values = np.unique(column)
    if len(values) != len(np.unique(labels)) or len(values) < 2:
        return False
    pairs = np.unique(np.stack([np.searchsorted(values, column), labels]), axis=1)
    return bool(pairs.shape[1] == len(values))


def _line_of(column: NDArray[np.generic], targets: Labels) -> bool:
    x = np.asarray(column, float)
    x = x - x.mean()
    y = np.asarray(targets, float) - np.asarray(targets, float).mean(axis=0)
    size = np.sqrt((x**2).sum() * (y**2).sum(axis=0))
    r = np.divide(np.abs(x @ y), size, out=np.zeros(y.shape[1]), where=size > 0)
    return bool((r > _ALIKE).any())
