"""What must hold of any arrays before something is trained on them, whoever made them."""

from collections.abc import Sequence

import numpy as np

from reluctant.core.errors import DataError
from reluctant.data.dataset import Dataset, Inputs, Split, content_sum
from reluctant.data.inputs import as_inputs, singular, usual_word
from reluctant.data.labels import labelled
from reluctant.data.leak import leak
from reluctant.data.overlap import overlap

_NAMED = 5  # so many columns are named in a sentence


def checked(
    name: str,
    train: tuple[object, object],
    test: tuple[object, object],
    *,
    title: str,
    classes: Sequence[str] = (),
    note: str = "",
    warnings: Sequence[str] = (),
    items: str | None = None,
    kind: str = "auto",
    remarks: Sequence[str] = (),
    columns: Sequence[str] = (),
) -> Dataset:
    """A data set from two pairs (inputs, labels), each array in its final form.

    Inputs: see `as_inputs`; `items` is what they are called, `columns` are the names of a table's. Labels:
    see `labelled`. Test items that occur in train, classes in test alone and columns that never change are
    warned of. Raises `DataError`.
    """
    first, second = (
        as_inputs(f"{name}: {part}", pair[0], items) for part, pair in (("train", train), ("test", test))
    )
    items = items or usual_word(first)
    known = labelled(name, train[1], test[1], items=items, classes=classes, kind=kind)
    splits = Split(first, known.train), Split(second, known.test)
    for part, split in zip(("train", "test"), splits, strict=True):
        check_lengths(f"{name}: {part}", len(split.images), len(split.labels), items)
    _check_alike(name, first, second, items)
    doubts = (
        *known.warnings,
        _still(first, columns),
        leak(first, known.train, columns),
        overlap(first, second, items),
    )
    return Dataset(
        name,
        title,
        note,
        known.classes,
        *splits,
        content_sum(*splits),
        (*warnings, *(doubt for doubt in doubts if doubt and doubt not in warnings)),
        items,
        tuple(remarks),
    )


def check_lengths(where: str, inputs: int, labels: int, items: str) -> None:
    """`DataError` unless there are as many labels as inputs."""
    if inputs != labels:
        raise DataError(
            f"{where} has {inputs} {items} and {labels} labels; every {singular(items)} needs one label"
        )


def _check_alike(name: str, train: Inputs, test: Inputs, items: str) -> None:
    for what, one, other in (
        ("type", train.dtype, test.dtype),
        ("shape", train.shape[1:], test.shape[1:]),
    ):
        if one != other:
            raise DataError(
                f"{name}: {items} have the {what} {one} in train and {other} in test; make them equal"
            )


def _still(train: Inputs, columns: Sequence[str]) -> str:
    """A sentence about the columns of a table that never change."""
    if train.ndim != 2 or train.shape[1] < 2:
        return ""
    still = np.flatnonzero((train == train[0]).all(axis=0))
    if not len(still):
        return ""
    names = [columns[i] if i < len(columns) else str(i) for i in still[:_NAMED]]
    more = f" and {len(still) - _NAMED} more" if len(still) > _NAMED else ""
    one = len(still) == 1
    return (
        f"{len(still)} of {train.shape[1]} columns never {'changes' if one else 'change'} in the training "
        f"part ({', '.join(names)}{more}); nothing can be learned from {'it' if one else 'them'}"
    )
