"""Targets in their final form: codes of classes, or numbers to predict, of both splits together."""

import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reluctant.core.display import did_you_mean, quoted
from reluctant.core.errors import DataError
from reluctant.data.dataset import Targets
from reluctant.data.inputs import singular
from reluctant.data.labels import MOST_CLASSES, TO_INTEGERS, are_classes, are_whole, as_labels, check_kind

_LISTED = 5  # classes named in a sentence
_PARTS = ("train", "test")
Codes = tuple[NDArray[np.int64], NDArray[np.int64]]


# Train, test, the names of the classes (none for numbers), warnings.
SplitTargets = tuple[Targets, Targets, tuple[str, ...], tuple[str, ...]]


def as_targets(
    name: str, train: object, test: object, *, items: str, classes: Sequence[str] = (), kind: str = "auto"
) -> SplitTargets:
    """The labels of two splits as targets, checked together.

    Whole numbers are classes counted from 0, named by `classes` or '0', '1', … up to the largest; texts are classes in
    the order of `classes`, else sorted; floats are numbers, (n, outputs), float64, so that large ones keep their
    digits. `kind` "classes" takes floats without a fraction for classes, "numbers" whole numbers for numbers. Raises
    `DataError`: labels that nothing can be learned from, or that differ in type between the splits.
    """
    check_kind(name, kind)
    pair = as_labels(f"{name}: train", train), as_labels(f"{name}: test", test)
    first, second = ("i" if labels.dtype.kind == "u" else labels.dtype.kind for labels in pair)
    if first != second and ("U" in (first, second) or kind == "auto"):
        raise DataError(
            f"{name}: labels are {pair[0].dtype} in train and {pair[1].dtype} in test; make them equal "
            f"(whole numbers and strings are classes, floats are numbers to predict)"
        )
    item = singular(items)
    ones = pair[0] if pair[0].ndim == 2 and pair[0].dtype.kind in "iuf" else np.zeros((1, 2))
    if kind != "numbers" and ones.shape[1] > 1 and (np.sort(ones)[:, :-1] == 0).all() and (ones.max(axis=1) == 1).all():
        raise DataError(
            f"{name}: the labels of shape {pair[0].shape} are one-hot; give the class of each {item}, "
            f"y.argmax(axis=1), or say kind='numbers' to predict these numbers"
        )
    if not are_classes(pair[0], kind):
        return _as_numbers(name, pair, classes)
    for part, labels in zip(_PARTS, pair, strict=True):
        if labels.ndim != 1:
            raise DataError(f"{name}: {part} labels have shape {labels.shape}; expected (n,), one class per {item}")
    encode = _encode_texts if first == "U" else _encode_integers
    codes, names = encode(name, pair, classes)
    return *codes, names, _class_warnings(name, codes, names, item)


def _as_numbers(name: str, pair: tuple[NDArray[Any], ...], classes: Sequence[str]) -> SplitTargets:
    if classes:
        raise DataError(
            f"{name}: classes are named, and the labels are {pair[0].dtype}, numbers to predict; "
            f"{TO_INTEGERS}, or leave the classes out"
        )
    train, test = (_as_floats(f"{name}: {part}", labels) for part, labels in zip(_PARTS, pair, strict=True))
    if train.shape[1] != test.shape[1]:
        raise DataError(
            f"{name}: there are {train.shape[1]} numbers to predict in train and {test.shape[1]} in test; "
            f"make them equal"
        )
    constant = np.flatnonzero((train == train[0]).all(axis=0))
    if len(constant):
        which = "" if train.shape[1] == 1 else f" in column {constant[0]}"
        raise DataError(
            f"{name}: every training target{which} is {train[0, constant[0]]:g}; there is nothing to learn, "
            f"so choose another target"
        )
    return train, test, (), ()


def _as_floats(where: str, labels: NDArray[Any]) -> NDArray[np.float64]:
    """Numbers to predict, (n, outputs)."""
    if labels.dtype.kind == "U":
        raise DataError(f"{where} labels are strings such as {quoted(str(labels.flat[0]))}; numbers are expected")
    if labels.ndim not in (1, 2):
        raise DataError(f"{where} labels have shape {labels.shape}; expected (n,) or (n, outputs)")
    floats = np.ascontiguousarray(labels, np.float64).reshape(len(labels), -1)
    with np.errstate(over="ignore"):  # training sees float32, so its range is the limit
        bad = ~np.isfinite(floats.astype(np.float32)).all(axis=1)
    if bad.any():
        raise DataError(
            f"{where} labels hold {np.count_nonzero(bad)} values that are not finite (NaN, inf), the first "
            f"in item {int(np.argmax(bad))}, counted from 0; remove such items"
        )
    return floats


def _encode_texts(name: str, pair: tuple[NDArray[Any], ...], classes: Sequence[str]) -> tuple[Codes, tuple[str, ...]]:
    """Codes of texts in the order of `classes`, else sorted, and the names of the classes."""
    texts, codes = np.unique(np.concatenate(pair), return_inverse=True)
    if len(texts) > MOST_CLASSES:
        raise DataError(
            f"{name}: the labels are {len(texts):,} different strings, and at most {MOST_CLASSES} classes "
            f"are possible; is this the right label?"
        )
    names = tuple(map(str, classes)) or tuple(map(str, texts))
    if unknown := sorted(set(map(str, texts)) - set(names)):
        raise DataError(f"{name}: the label {unknown[0]!r} is none of the classes given"
                         f"{did_you_mean(unknown[0], names)}")  # fmt: skip
    ordered = np.array([names.index(str(text)) for text in texts], np.int64)[codes.reshape(-1)]
    return (ordered[: len(pair[0])], ordered[len(pair[0]) :]), names


def _encode_integers(
    name: str, pair: tuple[NDArray[Any], ...], classes: Sequence[str]
) -> tuple[Codes, tuple[str, ...]]:
    """Whole numbers as they are, and the names of the classes from 0 to the largest."""
    for part, labels in zip(_PARTS, pair, strict=True):
        if labels.dtype.kind == "f" and not are_whole(labels):
            raise DataError(f"{name}: {part} labels are {labels.dtype} and have fractions; {TO_INTEGERS}")
        low, high = int(labels.min()), int(labels.max())
        if low < 0 or high >= MOST_CLASSES:
            raise DataError(
                f"{name}: {part} labels go from {low} to {high}; "
                f"classes are counted from 0 to at most {MOST_CLASSES - 1}"
            )
    train, test = (np.ascontiguousarray(labels, np.int64) for labels in pair)
    largest = max(int(train.max()), int(test.max()))
    names = tuple(map(str, classes)) or tuple(map(str, range(largest + 1)))
    if largest >= len(names):
        raise DataError(f"{name}: a label is {largest}, but the {len(names)} classes are 0 to {len(names) - 1}")
    return (train, test), names


def _written_alike(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def _class_warnings(name: str, codes: Codes, names: tuple[str, ...], item: str) -> tuple[str, ...]:
    """Warnings of classes without training items; `DataError` where all training items are of one class."""
    in_train, in_test = (np.bincount(part, minlength=len(names)) for part in codes)
    if np.count_nonzero(in_train) < 2:
        raise DataError(
            f"{name}: all training {item}s are of the class {names[codes[0][0]]!r}; at least two classes are needed, "
            f"so add {item}s of another class"
        )
    class_warnings = tuple(
        f"the class {names[i]} is in the test part only ({in_test[i]} of {len(codes[1])} {item}s); nothing "
        f"can be learned of it"
        for i in np.flatnonzero((in_train == 0) & (in_test > 0))
    )
    by_lower_case: dict[str, list[str]] = {}
    for class_name in names:
        by_lower_case.setdefault(_written_alike(class_name), []).append(class_name)
    class_warnings += tuple(
        f"the classes {' and '.join(map(repr, alike))} differ only in upper and lower case, blanks or stored accents"
        for alike in by_lower_case.values()
        if len(alike) > 1
    )
    empty = [names[i] for i in np.flatnonzero(in_train + in_test == 0)]
    if not empty:
        return class_warnings
    listed = ", ".join(empty[:_LISTED]) + (", …" if len(empty) > _LISTED else "")
    which, pronoun = (f"classes {listed} have", "they are") if len(empty) > 1 else (f"class {listed} has", "it is")
    return (*class_warnings, f"the {which} no {item} in either part; {pronoun} neither trained nor tested")
