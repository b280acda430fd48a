"""Data from Python: arrays, tensors, frames, PyTorch data sets, and functions that return them."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from reluctant.core.display import did_you_mean
from reluctant.core.errors import DataError, ReluctantError
from reluctant.core.names import Name
from reluctant.core.user_objects import load_user_object
from reluctant.data.checks import checked
from reluctant.data.columns import as_numbers, check_unique_names
from reluctant.data.dataset import Dataset, Split
from reluctant.data.labels import check_kind, flatten_column, interpret_labels
from reluctant.data.materialise import LIMIT, LabelledArrays, is_torch_data, materialise
from reluctant.data.splits import hold_out
from reluctant.data.streamed import StreamedInputs
from reluctant.data.table import interpret_target, series_labels
from reluctant.data.torch_items import tensor_as_array

_EXPECTED = (
    "expected (x, y), (x, y, x_test, y_test), ((x, y), (x_test, y_test)), (frame, 'target'), a torch Dataset, or two "
    "of them for training and test"
)
_EXPECTED_FACTORY = "a function that returns (x_train, y_train, x_test, y_test) or a reluctant.data.Dataset"


def from_data(
    data: object,
    name: str = "data",
    *,
    test_fraction: float = 0.2,
    title: str | None = None,
    classes: Sequence[str] = (),
    kind: str = "auto",
    limit: int = LIMIT,
    stream: bool | None = None,
    loader_workers: int | None = None,
) -> Dataset:
    """A data set from objects in Python, checked; without a test part some items are held out.

    Args:
        data: A `reluctant.data.Dataset` (returned as it is where it was checked), (x, y), (x, y, x_test, y_test), ((x,
            y), (x_test, y_test)), (frame, "target"), a `torch.utils.data.Dataset` of (input, label), or two of them for
            training and test. x and y are arrays, tensors on any device, lists, pandas frames or series.
        classes: The names of the classes; without them see `interpret_labels`.
        kind: "classes", "numbers" or "auto", see `interpret_labels`.
        limit: PyTorch data sets are read once, in order, into at most so many bytes. The training items of one with
            random transforms are drawn afresh in every epoch.
        stream: Whether the inputs of a PyTorch data set are read batch by batch in every epoch, and are never all in
            memory. Without it they are where they take more bytes than `limit`; False refuses these.
        loader_workers: How many processes read ahead for each training, where inputs are streamed; 0 for none. Without
            it 2 on Linux and 0 elsewhere.

    Raises `DataError`: nothing can be trained on these data.
    """
    if isinstance(data, Dataset):
        return data if data.sha256 and not classes else _check_dataset(data, data.name, classes)
    check_kind(name, kind)
    parts = [_read_part(name, part, limit, stream, loader_workers) for part in _as_parts(name, data)]
    parts, columns = _encode_frames(name, parts)
    parts, label_fields = _interpret_parts(name, parts, kind, tuple(classes))
    remarks = tuple(dict.fromkeys(remark for part in parts for remark in part.remarks))
    fields: dict[str, Any] = {"title": title or name, **columns, **label_fields, "remarks": remarks}
    if len(parts) == 1:
        return hold_out(name, parts[0].inputs, parts[0].labels, test_fraction, random=parts[0].random, **fields)
    train, test = ((part.inputs, part.labels) for part in parts)
    return replace(checked(name, train, test, **fields), random=parts[0].random)


def from_factory(name: Name) -> Dataset:
    """The data set that the user-defined function `module:name` returns for the name's arguments, checked.

    Inputs may be uint8, or floats (stored as float32). Raises `DataError`.
    """
    factory = load_user_object(name.head, "data set")
    if isinstance(factory, Dataset) and factory.sha256:  # handed over as an object, and checked there
        return replace(factory, name=str(name))
    if not callable(factory):
        raise DataError(f"data set {name.head!r} is {type(factory).__name__}; expected {_EXPECTED_FACTORY}")
    try:
        data = factory(**name.arguments)
    except ReluctantError:
        raise
    except Exception as fault:
        raise DataError(f"data set {str(name)!r} failed: {type(fault).__name__}: {fault}") from fault
    if isinstance(data, Dataset) and isinstance(data.train, Split) and isinstance(data.test, Split):
        return _check_dataset(data, str(name))
    if not isinstance(data, tuple | list) or len(data) != 4:
        size = f" of {len(data)}" if isinstance(data, tuple | list) else ""
        raise DataError(f"data set {name.head!r} returned {type(data).__name__}{size}; expected {_EXPECTED_FACTORY}")
    x_train, y_train, x_test, y_test = data
    return checked(str(name), (x_train, y_train), (x_test, y_test), title=name.head)


def _check_dataset(data: Dataset, name: str, classes: Sequence[str] = ()) -> Dataset:
    """A data set that somebody built without `checked`, checked and under this name.

    Streamed inputs were checked with their data set: a second pass would only cost time.
    """
    if data.sha256 and not classes and isinstance(data.train.inputs, StreamedInputs):
        return replace(data, name=name)
    if not (isinstance(data.train, Split) and isinstance(data.test, Split)):
        raise DataError(f"the Dataset {data.name!r} has no two Splits; give it train=Split(x, y), test=…")
    dataset = checked(
        name,
        (data.train.inputs, data.train.targets),
        (data.test.inputs, data.test.targets),
        title=data.title,
        classes=tuple(classes) or data.classes,
        note=data.note,
        warnings=data.warnings,
        items=data.items if data.items != Dataset.items else None,
        remarks=data.remarks,
    )
    return replace(dataset, random=data.random)


def _as_parts(name: str, data: Any) -> list[Any]:
    """One part or two, each a torch data set or a pair."""
    if isinstance(data, str):
        raise DataError(f"{name}: {data!r} is a name and no data; give it to reluctant.data.load")
    if is_torch_data(data):
        return [data]
    if not isinstance(data, tuple | list):
        raise DataError(f"{name}: {type(data).__module__}.{type(data).__name__} cannot be data; {_EXPECTED}")
    data = _split_off_targets(name, data)
    if len(data) == 4:
        return [tuple(data[:2]), tuple(data[2:])]
    if len(data) == 2:
        pairs = [is_torch_data(part) or (isinstance(part, tuple) and len(part) == 2) for part in data]
        return list(data) if all(pairs) else [tuple(data)]
    raise DataError(f"{name}: {type(data).__name__} of {len(data)} cannot be data; {_EXPECTED}")


def _split_off_targets(name: str, data: Sequence[Any]) -> Sequence[Any]:
    """(frame, "target") as the frame without that column, and the column; anything else as it is."""
    frames = [hasattr(each, "columns") and hasattr(each, "drop") for each in data[::2]]
    names = [
        isinstance(each, str) or (isinstance(each, int) and frame)
        for each, frame in zip(data[1::2], frames, strict=False)
    ]
    if len(data) % 2 or not any(names):
        return data
    parts: list[Any] = []
    for frame, target in zip(data[::2], data[1::2], strict=True):
        if not (isinstance(target, str | int) and hasattr(frame, "columns") and hasattr(frame, "drop")):
            raise DataError(f"{name}: the name of a column goes with a pandas frame; {_EXPECTED}")
        if target not in frame.columns:
            columns = list(map(str, frame.columns))
            hint = did_you_mean(str(target), columns) or f"; there are {', '.join(columns)}"
            raise DataError(f"{name}: there is no column {target!r}{hint}")
        parts += [frame.drop(columns=[target]), frame[target]]
    return tuple(parts)


def _read_part(name: str, part: Any, limit: int, stream: bool | None, loader_workers: int | None) -> LabelledArrays:
    if is_torch_data(part):
        return materialise(name, part, limit, stream, loader_workers)
    if stream:
        raise DataError(f"{name}: only a torch Dataset can be streamed, and these are arrays; leave out stream=True")
    for half, other in zip(part, ("y", "x"), strict=True):
        if is_torch_data(half):
            raise DataError(f"{name}: a torch Dataset holds its labels, so leave {other} out; {_EXPECTED}")
    return LabelledArrays(*map(_without_tensors, part))


def _without_tensors(value: Any) -> Any:
    """A tensor as an array, whole numbers in nested lists as floats; anything else as it is."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return tensor_as_array(value)
    if isinstance(value, list) and value and isinstance(value[0], list):
        try:
            array = np.asarray(value)
        except ValueError:  # ragged; the checks report it
            return value
        return array.astype(np.float32) if array.dtype.kind == "i" else array
    return value


def _encode_frames(name: str, parts: list[LabelledArrays]) -> tuple[list[LabelledArrays], dict[str, Any]]:
    """Frames of pandas as arrays, both parts together, and the names of their columns."""
    pandas = sys.modules.get("pandas")
    frames = [part.inputs for part in parts]
    if pandas is None or not all(isinstance(each, pandas.DataFrame) for each in frames):
        return parts, {}
    for frame in frames:
        check_unique_names(name, frame.columns)
    if other := sorted(set(map(str, frames[0].columns)) ^ set(map(str, frames[-1].columns))):
        raise DataError(f"{name}: train and test differ in the columns {', '.join(other)}; make them equal")
    values, columns, remarks = as_numbers(name, pandas.concat(frames, ignore_index=True))
    inputs = _cut_like(values, frames)
    encoded = [
        replace(part, inputs=x, remarks=(*part.remarks, *remarks)) for part, x in zip(parts, inputs, strict=True)
    ]
    return encoded, {"columns": columns}


def _interpret_parts(
    name: str, parts: list[LabelledArrays], kind: str, classes: tuple[str, ...]
) -> tuple[list[LabelledArrays], dict[str, Any]]:
    """Labels as arrays, series of both parts together; the classes and the kind that they turn out to be."""
    pandas = sys.modules.get("pandas")
    labels: Sequence[Any] = [flatten_column(part.labels) for part in parts]
    series = pandas is not None and all(isinstance(each, pandas.Series) for each in labels)
    joint = pandas.concat(labels, ignore_index=True) if pandas is not None and series else None
    if joint is not None and not classes:
        targets, classes, remarks = interpret_target(name, joint, kind)
        labels, kind = _cut_like(targets, labels), "classes" if classes else "numbers"
    else:
        if joint is not None:
            labels = _cut_like(series_labels(name, joint), labels)
        labels, classes, kind, remarks = interpret_labels(name, labels, kind, classes)
    interpreted_parts = [
        replace(part, labels=y, remarks=(*part.remarks, *remarks)) for part, y in zip(parts, labels, strict=True)
    ]
    return interpreted_parts, {"classes": classes, "kind": kind}


def _cut_like(values: Any, parts: Sequence[Any]) -> list[Any]:
    """One array for all parts, cut into one for each."""
    return list(np.split(values, np.cumsum([len(part) for part in parts])[:-1]))
