"""Data handed over in Python: arrays, tensors, frames and PyTorch data sets, in pairs or not."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from reluctant.core.errors import DataError
from reluctant.core.suggestions import did_you_mean
from reluctant.data.checks import checked
from reluctant.data.dataset import Dataset, Split
from reluctant.data.guess import guessed
from reluctant.data.labels import check_kind
from reluctant.data.materialise import LIMIT, Materialised, is_torch_data, materialised
from reluctant.data.table import as_given, as_numbers, as_target, check_names
from reluctant.data.whole import held_out

if TYPE_CHECKING:
    import pandas as pd

_WANTED = (
    "wanted is (x, y), (x, y, x_test, y_test), ((x, y), (x_test, y_test)), a torch Dataset, or a pair of them"
)
_TWO, _FOUR = 2, 4


def from_data(
    given: object,
    name: str = "data",
    *,
    test_fraction: float = 0.2,
    title: str | None = None,
    classes: Sequence[str] = (),
    kind: str = "auto",
    limit: int = LIMIT,
) -> Dataset:
    """A data set from what a user holds in hands, checked; without a test part some items are held out.

    `given` is one of `reluctant.data`'s own (kept as it is), (x, y), (x, y, x_test, y_test), ((x, y),
    (x_test, y_test)), (frame, "target"), a `torch.utils.data.Dataset` of (input, label), or two of them for
    training and test. x and y are arrays, tensors on any device, lists, pandas frames or series. PyTorch data
    sets are read once, in order, into at most `limit` bytes: what a random transform gives that once is used
    in every epoch.
    `kind`: see `labelled`; labels without `classes`: see `guessed`. Raises `DataError`.
    """
    if isinstance(given, Dataset):
        return given if given.sha256 and not classes else _again(given, classes)
    check_kind(name, kind)
    parts = [_read(name, part, limit) for part in _parts(name, given)]
    parts, columns = _without_frames(name, parts)
    parts, more = _with_labels(name, parts, kind, tuple(classes))
    notes = tuple(dict.fromkeys(note for part in parts for note in part.notes))
    known: dict[str, Any] = {"title": title or name, **columns, **more, "remarks": notes}
    if len(parts) == 1:
        return held_out(name, parts[0].inputs, parts[0].labels, test_fraction, **known)
    train, test = ((part.inputs, part.labels) for part in parts)
    return checked(name, train, test, **known)


def _again(given: Dataset, classes: Sequence[str]) -> Dataset:
    """A data set made by hand, checked."""
    if not (isinstance(given.train, Split) and isinstance(given.test, Split)):
        raise DataError(f"the Dataset {given.name!r} has no two Splits; give it train=Split(x, y), test=…")
    return checked(
        given.name,
        (given.train.images, given.train.labels),
        (given.test.images, given.test.labels),
        title=given.title,
        classes=tuple(classes) or given.classes,
        note=given.note,
        warnings=given.warnings,
        items=given.items if given.items != Dataset.items else None,
        remarks=given.remarks,
    )


def _parts(name: str, given: Any) -> list[Any]:
    """One part or two, each a torch data set or a pair."""
    if isinstance(given, str):
        raise DataError(f"{name}: {given!r} is a name and no data; give it to reluctant.data.load")
    if is_torch_data(given):
        return [given]
    if isinstance(given, tuple | list):
        given = _with_columns(name, given)
        if len(given) == _FOUR:
            return [tuple(given[:2]), tuple(given[2:])]
        if len(given) == _TWO:
            halves = [
                is_torch_data(part) or (isinstance(part, tuple) and len(part) == _TWO) for part in given
            ]
            return list(given) if all(halves) else [tuple(given)]
        raise DataError(f"{name}: {type(given).__name__} of {len(given)} cannot be data; {_WANTED}")
    raise DataError(f"{name}: {type(given).__module__}.{type(given).__name__} cannot be data; {_WANTED}")


def _with_columns(name: str, given: "Sequence[Any]") -> "Sequence[Any]":
    """(frame, "target") as the frame without that column, and the column."""
    if len(given) % 2 or not any(isinstance(each, str) for each in given[1::2]):
        return given
    found: list[Any] = []
    for frame, target in zip(given[::2], given[1::2], strict=True):
        if not (isinstance(target, str) and hasattr(frame, "columns") and hasattr(frame, "drop")):
            raise DataError(f"{name}: the name of a column goes with a pandas frame; {_WANTED}")
        if target not in frame.columns:
            known = list(map(str, frame.columns))
            hint = did_you_mean(target, known) or f"; there are {', '.join(known)}"
            raise DataError(f"{name}: there is no column {target!r}{hint}")
        found += [frame.drop(columns=[target]), frame[target]]
    return tuple(found)


def _read(name: str, part: Any, limit: int) -> Materialised:
    if is_torch_data(part):
        return materialised(name, part, limit)
    for half, other in zip(part, ("y", "x"), strict=True):
        if is_torch_data(half):
            raise DataError(f"{name}: a torch Dataset holds its labels, so leave {other} out; {_WANTED}")
    return Materialised(*map(_plain, part))


def _plain(value: Any) -> Any:
    """A tensor as an array, whole numbers in nested lists as floats; anything else as it is."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        return (
            (value.float() if value.dtype == torch.bfloat16 else value).resolve_conj().resolve_neg().numpy()
        )
    if isinstance(value, list) and value and isinstance(value[0], list):
        try:
            array = np.asarray(value)
        except ValueError:  # ragged; the checks say so
            return value
        return array.astype(np.float32) if array.dtype.kind == "i" else array
    return value


def _without_frames(name: str, parts: list[Materialised]) -> tuple[list[Materialised], dict[str, Any]]:
    """Frames of pandas as arrays, both parts together, and the names of their columns."""
    pandas = sys.modules.get("pandas")
    frames = [part.inputs for part in parts]
    if pandas is None or not all(isinstance(each, pandas.DataFrame) for each in frames):
        return parts, {}
    _check_columns(name, frames)
    values, columns = as_numbers(name, pandas.concat(frames, ignore_index=True))
    x = _cut(values, frames)
    return [Materialised(a, part.labels, part.notes) for a, part in zip(x, parts, strict=True)], {
        "columns": columns
    }


def _with_labels(
    name: str, parts: list[Materialised], kind: str, classes: tuple[str, ...]
) -> tuple[list[Materialised], dict[str, Any]]:
    """Labels as arrays, series of both parts together; the classes and the kind that they turn out to be."""
    pandas = sys.modules.get("pandas")
    y = [_column(part.labels) for part in parts]
    if pandas is not None and all(isinstance(each, pandas.Series) for each in y):
        whole = pandas.concat(y, ignore_index=True)
        if not classes:
            codes, found, said = as_target(name, whole, kind)
            told = {"classes": found, "kind": "classes" if found else "numbers"}
            return _relabelled(parts, _cut(codes, y), said), told
        y = _cut(as_given(name, whole), y)
    guess = guessed(name, y, kind, classes)
    return _relabelled(parts, guess.labels, guess.remarks), {"classes": guess.classes, "kind": guess.kind}


def _relabelled(
    parts: list[Materialised], labels: Sequence[Any], said: tuple[str, ...]
) -> list[Materialised]:
    return [Materialised(part.inputs, y, (*part.notes, *said)) for part, y in zip(parts, labels, strict=True)]


def _cut(values: Any, parts: Sequence[Any]) -> list[Any]:
    """One array for all parts as one for each."""
    return list(np.split(values, np.cumsum([len(part) for part in parts])[:-1]))


def _check_columns(name: str, frames: "list[pd.DataFrame]") -> None:
    for frame in frames:
        check_names(name, frame.columns)
    first = list(map(str, frames[0].columns))
    for frame in frames[1:]:
        if other := sorted(set(map(str, frame.columns)) ^ set(first)):
            raise DataError(
                f"{name}: train and test differ in the columns {', '.join(other)}; make them alike"
            )


def _column(labels: Any) -> Any:
    """(n, 1) labels as (n,), a frame of one column as that column."""
    if hasattr(labels, "columns") and hasattr(labels, "iloc"):
        return labels.iloc[:, 0] if labels.shape[1] == 1 else labels.to_numpy()
    if isinstance(labels, np.ndarray) and labels.ndim == _TWO and labels.shape[1] == 1:
        return labels[:, 0]
    return labels
