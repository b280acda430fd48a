"""What the labels of a data set may be: classes by number or by name, or numbers to be predicted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reluctant.core.display import quoted
from reluctant.core.errors import DataError
from reluctant.core.suggestions import did_you_mean
from reluctant.data.dataset import Labels
from reluctant.data.inputs import as_array, singular

MOST_CLASSES = 1000
KINDS = ("auto", "classes", "numbers")
_SORTS = {"i": "whole", "u": "whole", "f": "floats", "U": "texts"}
_NAMED = 5  # so many classes are named in a sentence
_TO_WHOLE = "give whole numbers: .astype('int64')"


@dataclass(frozen=True)
class Labelled:
    """The labels of both parts in their final form, the classes (none for numbers), what to warn of."""

    train: Labels
    test: Labels
    classes: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def as_labels(where: str, value: object) -> NDArray[Any]:
    """Labels as whole numbers, floats or texts; `DataError` for anything else and for missing ones."""
    labels = as_array(where, "labels", value)
    if labels.size == 0:
        raise DataError(f"{where} labels are empty (shape {labels.shape}); at least one item is needed")
    if labels.ndim == 0:
        raise DataError(f"{where} labels are a single value; wanted is one label an item")
    if labels.dtype.kind in "OST":
        labels = _from_objects(where, labels)
    if labels.dtype.kind not in _SORTS:
        raise DataError(f"{where} labels are {labels.dtype}; {_TO_WHOLE}")
    return labels


def _from_objects(where: str, labels: NDArray[Any]) -> NDArray[Any]:
    values = labels.reshape(-1).tolist()
    missing = [i for i, value in enumerate(values) if value is None or value != value]  # noqa: PLR0124  (NaN)
    if missing:
        raise DataError(
            f"{where} has {len(missing)} items without a label, the first is item {missing[0]}, counted "
            f"from 0; label them or leave them out"
        )
    if any(isinstance(value, str | bytes) for value in values):
        values = [v.decode(errors="replace") if isinstance(v, bytes) else str(v) for v in values]
    return as_array(where, "labels", values).reshape(labels.shape)


def check_kind(name: str, kind: object) -> None:
    """`DataError` unless `kind` is auto, classes or numbers."""
    if kind not in KINDS:
        raise DataError(f"{name}: kind is one of {', '.join(KINDS)}, not {quoted(kind)}")


def told_apart(labels: NDArray[Any], kind: str) -> bool:
    """Whether these labels are classes; else they are numbers to be predicted."""
    return kind == "classes" or (kind == "auto" and labels.dtype.kind != "f")


def labelled(
    name: str, train: object, test: object, *, items: str, classes: Sequence[str] = (), kind: str = "auto"
) -> Labelled:
    """The labels of two parts, checked together.

    Whole numbers are classes counted from 0, named by `classes` or '0', '1', … up to the largest; texts are
    classes in the order of `classes`, else sorted; floats are numbers, (n, outputs), float64, so that large
    ones keep their digits. `kind` `classes` takes floats without a fraction for classes, `numbers` whole
    numbers for numbers. Raises `DataError`.
    """
    check_kind(name, kind)
    pair = as_labels(f"{name}: train", train), as_labels(f"{name}: test", test)
    first, second = (_SORTS[part.dtype.kind] for part in pair)
    if first != second and ("texts" in (first, second) or kind == "auto"):
        raise DataError(
            f"{name}: labels are {pair[0].dtype} in train and {pair[1].dtype} in test; make them equal "
            f"(whole numbers and texts are classes, floats are numbers to be predicted)"
        )
    if not told_apart(pair[0], kind):
        return _as_numbers(name, pair, classes)
    for part, labels in zip(("train", "test"), pair, strict=True):
        if labels.ndim != 1:
            raise DataError(
                f"{name}: {part} labels have shape {labels.shape}; "
                f"wanted is (n,), one class {_article(singular(items))}"
            )
    if first == "texts":
        codes, names = _from_texts(name, pair, classes)
    else:
        codes, names = _from_whole(name, pair, classes)
    return Labelled(*codes, names, _doubts(name, codes, names, singular(items)))


def _article(word: str) -> str:
    return f"{'an' if word[:1] in tuple('aeiou') else 'a'} {word}"


def _as_numbers(name: str, pair: tuple[NDArray[Any], ...], classes: Sequence[str]) -> Labelled:
    if classes:
        raise DataError(
            f"{name}: classes are named, and the labels are {pair[0].dtype}, numbers to be predicted; "
            f"{_TO_WHOLE}, or leave the classes out"
        )
    train, test = (
        _floats(f"{name}: {part}", labels) for part, labels in zip(("train", "test"), pair, strict=True)
    )
    if train.shape[1] != test.shape[1]:
        raise DataError(
            f"{name}: {train.shape[1]} numbers are to be predicted in train and {test.shape[1]} in test; "
            f"make them equal"
        )
    still = np.flatnonzero((train == train[0]).all(axis=0))
    if len(still):
        which = "" if train.shape[1] == 1 else f" in column {still[0]}"
        raise DataError(
            f"{name}: every training target{which} is {train[0, still[0]]:g}; there is nothing to be "
            f"learned, so choose another target"
        )
    return Labelled(train, test, ())


def _floats(where: str, labels: NDArray[Any]) -> NDArray[np.float64]:
    if labels.dtype.kind == "U":
        raise DataError(f"{where} labels are texts such as {quoted(str(labels.flat[0]))}; numbers are wanted")
    if labels.ndim not in (1, 2):
        raise DataError(f"{where} labels have shape {labels.shape}; wanted is (n,) or (n, outputs)")
    floats = np.ascontiguousarray(labels, np.float64).reshape(len(labels), -1)
    with np.errstate(over="ignore"):  # training sees float32, so its range is the limit
        bad = ~np.isfinite(floats.astype(np.float32)).all(axis=1)
    if bad.any():
        raise DataError(
            f"{where} labels hold {np.count_nonzero(bad)} values that are not finite (NaN, inf), the first "
            f"in item {int(np.argmax(bad))}, counted from 0; remove such items"
        )
    return floats


Codes = tuple[NDArray[np.int64], NDArray[np.int64]]


def _from_texts(
    name: str, pair: tuple[NDArray[Any], ...], given: Sequence[str]
) -> tuple[Codes, tuple[str, ...]]:
    found, codes = np.unique(np.concatenate(pair), return_inverse=True)
    if len(found) > MOST_CLASSES:
        raise DataError(
            f"{name}: the labels are {len(found):,} different texts; at most {MOST_CLASSES} classes are told "
            f"apart, so is this the label?"
        )
    names = tuple(map(str, given)) or tuple(map(str, found))
    unknown = sorted(set(map(str, found)) - set(names))
    if unknown:
        raise DataError(f"{name}: the label {unknown[0]!r} is none of the classes given"
                         f"{did_you_mean(unknown[0], names)}")  # fmt: skip
    places = np.array([names.index(str(text)) for text in found], np.int64)[codes.reshape(-1)]
    return (places[: len(pair[0])], places[len(pair[0]) :]), names


def _from_whole(
    name: str, pair: tuple[NDArray[Any], ...], given: Sequence[str]
) -> tuple[Codes, tuple[str, ...]]:
    train, test = (
        _counted(f"{name}: {part}", labels) for part, labels in zip(("train", "test"), pair, strict=True)
    )
    largest = max(int(train.max()), int(test.max()))
    names = tuple(map(str, given)) or tuple(map(str, range(largest + 1)))
    if largest >= len(names):
        raise DataError(
            f"{name}: a label is {largest}, and the {len(names)} classes are counted from 0 to "
            f"{len(names) - 1}"
        )
    return (train, test), names


def _counted(where: str, labels: NDArray[Any]) -> NDArray[np.int64]:
    if labels.dtype.kind == "f" and not (np.isfinite(labels).all() and (labels == np.floor(labels)).all()):
        raise DataError(f"{where} labels are {labels.dtype} and have fractions; {_TO_WHOLE}")
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= MOST_CLASSES:
        raise DataError(
            f"{where} labels go from {low} to {high}; "
            f"classes are counted from 0 to at most {MOST_CLASSES - 1}"
        )
    return np.ascontiguousarray(labels, np.int64)


def _doubts(name: str, codes: Codes, names: tuple[str, ...], item: str) -> tuple[str, ...]:
    """What to warn of; `DataError` where one class is all that there is to learn."""
    learned, asked = (np.bincount(part, minlength=len(names)) for part in codes)
    if np.count_nonzero(learned) < 2:
        only = int(codes[0][0])
        called = "" if names[only] == str(only) else f" ({names[only]})"
        raise DataError(
            f"{name}: every training {item} has the label {only}{called}; at least two classes are needed, "
            f"so add {item}s of another class"
        )
    unlearned = tuple(
        f"the class {names[i]} is in the test part only ({asked[i]} of {len(codes[1])} {item}s); nothing "
        f"can be learned of it"
        for i in np.flatnonzero((learned == 0) & (asked > 0))
    )
    empty = [names[i] for i in np.flatnonzero(learned + asked == 0)]
    if not empty:
        return unlearned
    some = ", ".join(empty[:_NAMED]) + (", …" if len(empty) > _NAMED else "")
    which, it = (f"classes {some} have", "them") if len(empty) > 1 else (f"class {some} has", "it")
    return (*unlearned, f"the {which} no {item} in either part; nothing is learned or asked of {it}")
