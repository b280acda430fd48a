"""Data handed over in Python: arrays, tensors, frames and PyTorch data sets, in pairs or not."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from reluctant.data.checks import checked
from reluctant.data.dataset import Dataset, Split
from reluctant.data.materialise import LIMIT, Materialised, is_torch_data, materialised
from reluctant.data.table import as_numbers, as_target
from reluctant.data.whole import held_out
from reluctant.names import StudyError

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
    (x_test, y_test)), a `torch.utils.data.Dataset` of (input, label), or two of them for training and test. x
    and y are arrays, tensors on any device, lists, pandas frames or series. PyTorch data sets are read once,
    in order, into at most `limit` bytes: what a random transform gives that once is used in every epoch.
    `kind`: see `labelled`. Raises `StudyError`.
    """
    if isinstance(given, Dataset):
        return given if given.sha256 and not classes else _again(given, classes)
    known: dict[str, Any] = {"title": title or name, "classes": tuple(classes), "kind": kind}
    parts = [_read(name, part, limit) for part in _parts(name, given)]
    notes = tuple(dict.fromkeys(note for part in parts for note in part.notes))
    parts, more = _without_frames(name, parts, kind)
    known = {**known, **{key: value for key, value in more.items() if not known.get(key)}, "remarks": notes}
    if len(parts) == 1:
        return held_out(name, parts[0].inputs, parts[0].labels, test_fraction, **known)
    train, test = ((part.inputs, part.labels) for part in parts)
    return checked(name, train, test, **known)


def _again(given: Dataset, classes: Sequence[str]) -> Dataset:
    """A data set made by hand, checked."""
    if not (isinstance(given.train, Split) and isinstance(given.test, Split)):
        raise StudyError(f"the Dataset {given.name!r} has no two Splits; give it train=Split(x, y), test=…")
    return checked(
        given.name,
        (given.train.images, given.train.labels),
        (given.test.images, given.test.labels),
        title=given.title,
        classes=tuple(classes) or given.classes,
        note=given.note,
        warnings=given.warnings,
        remarks=given.remarks,
    )


def _parts(name: str, given: Any) -> list[Any]:
    """One part or two, each a torch data set or a pair."""
    if isinstance(given, str):
        raise StudyError(f"{name}: {given!r} is a name and no data; give it to reluctant.data.load")
    if is_torch_data(given):
        return [given]
    if isinstance(given, tuple | list):
        if len(given) == _FOUR:
            return [tuple(given[:2]), tuple(given[2:])]
        if len(given) == _TWO:
            halves = [
                is_torch_data(part) or (isinstance(part, tuple) and len(part) == _TWO) for part in given
            ]
            return list(given) if all(halves) else [tuple(given)]
        raise StudyError(f"{name}: {type(given).__name__} of {len(given)} cannot be data; {_WANTED}")
    raise StudyError(f"{name}: {type(given).__module__}.{type(given).__name__} cannot be data; {_WANTED}")


def _read(name: str, part: Any, limit: int) -> Materialised:
    if is_torch_data(part):
        return materialised(name, part, limit)
    for half, other in zip(part, ("y", "x"), strict=True):
        if is_torch_data(half):
            raise StudyError(f"{name}: a torch Dataset holds its labels, so leave {other} out; {_WANTED}")
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


def _without_frames(
    name: str, parts: list[Materialised], kind: str
) -> tuple[list[Materialised], dict[str, Any]]:
    """Frames and series of pandas as arrays, both parts together, and what is known of them."""
    pandas = sys.modules.get("pandas")
    known: dict[str, Any] = {}
    sizes = [len(part.inputs) if hasattr(part.inputs, "__len__") else 0 for part in parts]
    x, y = [part.inputs for part in parts], [_column(part.labels) for part in parts]
    if pandas is not None and all(isinstance(each, pandas.DataFrame) for each in x):
        _check_columns(name, x)
        values, known["columns"] = as_numbers(name, pandas.concat(x, ignore_index=True))
        x = np.split(values, [sizes[0]]) if len(x) > 1 else [values]
    if pandas is not None and all(isinstance(each, pandas.Series) for each in y):
        lengths = [len(each) for each in y]
        codes, known["classes"], said = as_target(name, pandas.concat(y, ignore_index=True), kind)
        known["kind"] = "classes" if known["classes"] else "numbers"
        y = np.split(codes, [lengths[0]]) if len(y) > 1 else [codes]
        parts = [Materialised(part.inputs, part.labels, (*part.notes, *said)) for part in parts]
    return [Materialised(a, b, part.notes) for a, b, part in zip(x, y, parts, strict=True)], known


def _check_columns(name: str, frames: "list[pd.DataFrame]") -> None:
    first = list(map(str, frames[0].columns))
    for frame in frames[1:]:
        if other := sorted(set(map(str, frame.columns)) ^ set(first)):
            raise StudyError(
                f"{name}: train and test differ in the columns {', '.join(other)}; make them alike"
            )


def _column(labels: Any) -> Any:
    """(n, 1) labels as (n,), a frame of one column as that column."""
    if hasattr(labels, "columns") and hasattr(labels, "iloc"):
        return labels.iloc[:, 0] if labels.shape[1] == 1 else labels.to_numpy()
    if isinstance(labels, np.ndarray) and labels.ndim == _TWO and labels.shape[1] == 1:
        return labels[:, 0]
    return labels
