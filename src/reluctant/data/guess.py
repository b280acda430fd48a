"""What labels that come without a word are taken for: classes, and their names, or numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reluctant.data.labels import MOST_CLASSES, as_labels

MOST_WHOLE_FLOATS = 20  # more different ones are rather counts or years
_NAMED = 6  # so many values are named in a sentence


@dataclass(frozen=True)
class Guess:
    """The labels of every part, the names of classes that are no 0, 1, …, the kind, and what to say."""

    labels: tuple[Any, ...]
    classes: tuple[str, ...]
    kind: str
    remarks: tuple[str, ...] = ()


def guessed(name: str, parts: Sequence[object], kind: str, classes: Sequence[str] = ()) -> Guess:
    """The labels of all parts together, ready for `checked`.

    Floats (n,) that are few whole numbers are classes (`few_whole`) unless `kind` says otherwise. Whole
    numbers that are classes, and are not 0, 1, … without a gap, become codes, and their values names, unless
    `classes` names them. All else stays as it is. Raises `DataError` for what cannot be labels.
    """
    names = [name] if len(parts) == 1 else [f"{name}: train", f"{name}: test"]
    labels = [as_labels(where, part) for where, part in zip(names, parts, strict=True)]
    kept = Guess(tuple(labels), tuple(classes), kind)
    if any(each.ndim != 1 or each.dtype.kind not in "iuf" for each in labels) or kind == "numbers":
        return kept
    sorts = {each.dtype.kind == "f" for each in labels}
    if kind == "auto" and len(sorts) > 1:  # `labelled` says so
        return kept
    values = np.unique(np.concatenate(labels))
    remarks: tuple[str, ...] = ()
    if kind == "auto" and True in sorts:
        if not few_whole(values):
            return kept
        kind, remarks = "classes", (taken_for_classes(len(values), "the labels"),)
    if classes or len(values) > MOST_CLASSES or not _are_whole(values) or _counted(values):
        return Guess(kept.labels, kept.classes, kind, remarks)
    codes = tuple(np.searchsorted(values, each).astype(np.int64) for each in labels)
    return Guess(codes, tuple(map(value_name, values)), kind, (*remarks, _renamed(values)))


def few_whole(values: NDArray[Any]) -> bool:
    """Whether floats, each value once, are so few whole numbers that they are taken for classes."""
    return len(values) <= MOST_WHOLE_FLOATS and _are_whole(values)


def taken_for_classes(n: int, what: str) -> str:
    """The sentence about a guess, and how to get the other."""
    return f"the {n} whole numbers of {what} are taken for classes; kind='numbers' predicts them as numbers"


def value_name(value: float) -> str:
    """The name of a class that is a number: 3 and 3.0 are '3'."""
    return str(int(value)) if value == np.floor(value) else f"{value:g}"


def _are_whole(values: NDArray[Any]) -> bool:
    return bool(np.isfinite(values).all() and (values == np.floor(values)).all())


def _counted(values: NDArray[Any]) -> bool:
    """Whether these are 0, 1, … without a gap."""
    return bool(values[0] == 0 and values[-1] == len(values) - 1)


def _renamed(values: NDArray[Any]) -> str:
    some = ", ".join(map(value_name, values[:_NAMED])) + (", …" if len(values) > _NAMED else "")
    return f"the labels {some} do not count from 0 without a gap; each is a class of that name"
