"""Labels as users give them: read as arrays, and taken for classes or for numbers to predict."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reluctant.core.display import quoted
from reluctant.core.errors import DataError
from reluctant.data.inputs import as_array

KINDS = ("auto", "classes", "numbers")
MOST_CLASSES = 1000
MOST_FLOAT_CLASSES = 20  # different whole floats; more are rather counts or years
TO_INTEGERS = "give whole numbers: .astype('int64')"
_LISTED = 6  # values named in a sentence


def as_labels(where: str, value: object) -> NDArray[Any]:
    """Labels as whole numbers, floats or texts; `DataError` for anything else and for missing ones."""
    labels = as_array(where, "labels", value)
    if labels.size == 0:
        raise DataError(f"{where} labels are empty (shape {labels.shape}); at least one item is needed")
    if labels.ndim == 0:
        raise DataError(f"{where} labels are a single value; expected one label an item")
    if labels.dtype.kind in "OST":
        values = labels.reshape(-1).tolist()
        missing = [i for i, each in enumerate(values) if each is None or each != each]  # noqa: PLR0124  (NaN)
        if missing:
            raise DataError(
                f"{where} has {len(missing)} items without a label, the first is item {missing[0]}, counted "
                f"from 0; label them or leave them out"
            )
        if any(isinstance(each, str | bytes) for each in values):
            values = [v.decode(errors="replace") if isinstance(v, bytes) else str(v) for v in values]
        labels = as_array(where, "labels", values).reshape(labels.shape)
    if labels.dtype.kind == "b":
        labels = labels.astype(str)  # the classes False and True, as in a frame
    if labels.dtype.kind in "mM":
        raise DataError(f"{where} labels are dates or durations; choose another target, or give numbers such as days")
    if labels.dtype.kind == "O":
        kind = type(labels.flat[0]).__name__
        raise DataError(f"{where} labels are {labels.dtype}s of the type {kind}; give one class or number an item")
    if labels.dtype.kind not in "iufU":
        raise DataError(f"{where} labels are {labels.dtype}; {TO_INTEGERS}")
    return labels


def flatten_column(labels: Any) -> Any:
    """(n, 1) labels as (n,), a frame of one column as that column; anything else as it is."""
    if hasattr(labels, "columns") and hasattr(labels, "iloc"):  # a frame of pandas
        return labels.iloc[:, 0] if labels.shape[1] == 1 else labels.to_numpy()
    if isinstance(labels, np.ndarray) and labels.ndim == 2 and labels.shape[1] == 1:
        return labels[:, 0]
    return labels


def check_kind(name: str, kind: object) -> None:
    """`DataError` unless `kind` is auto, classes or numbers."""
    if kind not in KINDS:
        raise DataError(f"{name}: kind is one of {', '.join(KINDS)}, not {quoted(kind)}")


def are_classes(labels: NDArray[Any], kind: str, *, most_floats: int = 0, most_integers: int | None = None) -> bool:
    """Whether labels are classes; if not, they are numbers to predict. Every reader decides it here.

    The kinds "classes" and "numbers" decide; "auto" looks at the labels, and texts are then classes, floats if they are
    at most `most_floats` different whole numbers, whole numbers up to `most_integers` different ones (None: always).
    """
    if kind != "auto":
        return kind == "classes"
    if labels.dtype.kind == "f":
        values = np.unique(labels) if most_floats else labels
        return len(values) <= most_floats and are_whole(values)
    if labels.dtype.kind in "iu" and most_integers is not None:
        return len(np.unique(labels)) <= most_integers
    return True


def are_whole(values: NDArray[Any]) -> bool:
    """Whether all values are finite and without a fraction."""
    return bool(np.isfinite(values).all() and (values == np.floor(values)).all())


def class_name(value: np.generic) -> str:
    """The name of a class that is a number: 3 and 3.0 are '3', and different numbers have different names."""
    number = value.item()
    return str(int(number)) if isinstance(number, int) or number.is_integer() else str(value)


def classes_remark(n: int, what: str) -> str:
    """The sentence that says that numbers were taken for classes, and how to predict them as numbers."""
    return f"the {n} whole numbers of {what} are taken for classes; kind='numbers' predicts them as numbers"


class InterpretedLabels(NamedTuple):
    """The labels of every part, the names of their classes, the kind, and remarks about the decision."""

    labels: tuple[Any, ...]
    classes: tuple[str, ...]
    kind: str
    remarks: tuple[str, ...] = ()


def interpret_labels(name: str, parts: Sequence[object], kind: str, classes: Sequence[str] = ()) -> InterpretedLabels:
    """The labels of all parts together, ready for `checked`.

    Floats (n,) that are at most 20 different whole numbers are classes unless `kind` says otherwise. Whole
    numbers that are classes, and do not count from 0 without a gap, become codes, and their values names,
    unless `classes` names them. All else stays as it is. Raises `DataError` for what cannot be labels.
    """
    names = [name] if len(parts) == 1 else [f"{name}: train", f"{name}: test"]
    labels = tuple(as_labels(where, part) for where, part in zip(names, parts, strict=True))
    unchanged = InterpretedLabels(labels, tuple(classes), kind)
    floats = {each.dtype.kind == "f" for each in labels}
    if kind == "numbers" or any(each.ndim != 1 or each.dtype.kind not in "iuf" for each in labels):
        return unchanged
    if kind == "auto" and len(floats) > 1:  # `as_targets` refuses the mixture
        return unchanged
    values = np.unique(np.concatenate(labels))
    remarks: tuple[str, ...] = ()
    if kind == "auto" and True in floats:
        if not are_classes(values, kind, most_floats=MOST_FLOAT_CLASSES):
            return unchanged
        kind, remarks = "classes", (classes_remark(len(values), "the labels"),)
    counted_from_zero = values[0] == 0 and values[-1] == len(values) - 1
    if classes or len(values) > MOST_CLASSES or not are_whole(values) or counted_from_zero:
        return InterpretedLabels(labels, tuple(classes), kind, remarks)
    codes = tuple(np.searchsorted(values, each).astype(np.int64) for each in labels)
    class_names = tuple(map(class_name, values))
    listed = ", ".join(class_names[:_LISTED]) + (", …" if len(values) > _LISTED else "")
    renamed = f"the labels {listed} do not count from 0 without a gap; each is a class of that name"
    return InterpretedLabels(codes, class_names, kind, (*remarks, renamed))
