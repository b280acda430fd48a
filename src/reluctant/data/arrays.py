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
from reluctant.data.dataset import Dataset, Split
from reluctant.data.groups import as_groups
from reluctant.data.joint_parts import encode_frames, interpret_parts
from reluctant.data.labels import check_kind
from reluctant.data.materialise import LIMIT, LabelledArrays, is_torch_data, materialise
from reluctant.data.splits import hold_out, order_fields
from reluctant.data.streamed import StreamedInputs
from reluctant.data.tokens import find_tokens
from reluctant.data.torch_items import is_whole_tensor, tensor_as_array

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
    tokens: bool | int | None = None,
    padding: int | None = None,
    test_split: str = "random",
    groups: object = None,
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
        tokens: Whether x holds token ids, (n, t), or the size of their vocabulary; by default see `find_tokens`.
        padding: The token id that fills up short sequences.
        test_split: "random", or "last" where the items are in an order of time or text: the last ones are the test
            part, unless there is one, and validation is the last part of the training items.
        groups: The group of every item, such as a patient, (n,): items of one group stay in one part. Where there is a
            test part, those of the training items, or of all.
        stream: Whether the inputs of a PyTorch data set are read batch by batch in every epoch, and are never all in
            memory. Without it they are where they take more bytes than `limit`; False refuses these.
        loader_workers: How many processes read ahead for each training, where inputs are streamed; 0 for none. Without
            it 2 on Linux and 0 elsewhere.

    Raises `DataError`: nothing can be trained on these data.
    """
    if isinstance(data, Dataset):
        if (tokens, padding, test_split) != (None, None, "random") or groups is not None:
            raise DataError(
                f"{name}: a Dataset has its parts; write tokens=, by_position= and groups= there, and leave out "
                f"tokens, padding, test_split and groups here"
            )
        return data if data.sha256 and not classes else _check_dataset(data, data.name, classes)
    check_kind(name, kind)
    sources = _as_parts(name, data)
    reading = {"limit": limit, "stream": stream, "loader_workers": loader_workers, "tokens": tokens}
    parts = [_read_part(name, part, reading) for part in sources]
    parts, columns = encode_frames(name, parts)
    parts, label_fields = interpret_parts(name, parts, kind, tuple(classes))
    known, token_remarks = find_tokens(
        name,
        [part.inputs for part in parts],
        [part.labels for part in parts],
        tokens=tokens,
        padding=padding,
        kind=kind,
        whole_tensors=any(map(_has_whole_tensors, sources, parts)),
    )
    remarks = tuple(dict.fromkeys((*(remark for part in parts for remark in part.remarks), *token_remarks)))
    fields: dict[str, Any] = {"title": title or name, **columns, **label_fields, "remarks": remarks, "tokens": known}
    if len(parts) == 1:
        x, y, random = parts[0].inputs, parts[0].labels, parts[0].random
        return hold_out(name, x, y, test_fraction, random=random, test_split=test_split, groups=groups, **fields)
    train, test = ((part.inputs, part.labels) for part in parts)
    fields |= order_fields(name, test_split, groups, len(train[1]), len(test[1]))
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
    return _check_pairs(str(name), (x_train, y_train), (x_test, y_test), title=name.head)


def _check_pairs(name: str, train: tuple[Any, Any], test: tuple[Any, Any], **fields: Any) -> Dataset:
    """The data set of user-defined code, in which token ids are recognised."""
    parts = train, test
    if fields.get("tokens") is None:
        whole = any(is_whole_tensor(x) for x, _ in parts)
        plain = [[np.asarray(each) if is_whole_tensor(each) else each for each in part] for part in parts]
        inputs, labels = zip(*plain, strict=True)
        fields["tokens"], remarks = find_tokens(name, inputs, labels, whole_tensors=whole)
        fields["remarks"] = (*fields.get("remarks", ()), *remarks)
    return checked(name, train, test, **fields)


def _check_dataset(data: Dataset, name: str, classes: Sequence[str] = ()) -> Dataset:
    """A data set that somebody built without `checked`, checked and under this name.

    Streamed inputs were checked with their data set: a second pass would only cost time.
    """
    if data.sha256 and not classes and isinstance(data.train.inputs, StreamedInputs):
        return replace(data, name=name)
    if not (isinstance(data.train, Split) and isinstance(data.test, Split)):
        raise DataError(f"the Dataset {data.name!r} has no two Splits; give it train=Split(x, y), test=…")
    dataset = _check_pairs(
        name,
        (data.train.inputs, data.train.targets),
        (data.test.inputs, data.test.targets),
        title=data.title,
        classes=tuple(classes) or data.classes,
        note=data.note,
        warnings=data.warnings,
        items=data.items if data.items != Dataset.items else None,
        remarks=data.remarks,
        tokens=data.tokens,
        by_position=data.by_position,
        groups=None if data.groups is None else as_groups(name, data.groups, len(data.train.targets)),
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


def _read_part(name: str, part: Any, reading: dict[str, Any]) -> LabelledArrays:
    if is_torch_data(part):
        return materialise(name, part, **reading)
    if reading["stream"]:
        raise DataError(f"{name}: only a torch Dataset can be streamed, and these are arrays; leave out stream=True")
    for half, other in zip(part, ("y", "x"), strict=True):
        if is_torch_data(half):
            raise DataError(f"{name}: a torch Dataset holds its labels, so leave {other} out; {_EXPECTED}")
    return LabelledArrays(*(_without_tensors(value, bool(reading["tokens"])) for value in part))


def _has_whole_tensors(part: Any, read: LabelledArrays) -> bool:
    """Whether the inputs of a part would reach a network in PyTorch as whole numbers."""
    if is_torch_data(part):
        return read.inputs.dtype in (np.int64, np.int32)
    return is_whole_tensor(part[0])


def _without_tensors(value: Any, tokens: bool) -> Any:
    """A tensor as an array, whole numbers in nested lists as floats unless they are tokens; anything else as it is."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return tensor_as_array(value)
    if isinstance(value, list) and value and isinstance(value[0], list):
        try:
            array = np.asarray(value)
        except ValueError:  # ragged; the checks report it
            return value
        return array.astype(np.float32) if array.dtype.kind == "i" and not tokens else array
    return value
