"""Data sets in one NPZ file, whose arrays have one of the usual names."""

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reluctant.catalogue.datasets import DATASETS
from reluctant.core.display import did_you_mean, normalised
from reluctant.core.errors import DataError
from reluctant.core.memory import most_unpacked
from reluctant.core.names import Name
from reluctant.data.checks import checked
from reluctant.data.dataset import Dataset
from reluctant.data.folder import user_path
from reluctant.data.inputs import channels_last
from reluctant.data.labels import flatten_column, interpret_labels
from reluctant.data.splits import hold_out, order_fields
from reluctant.data.tokens import find_tokens

LARGEST = 8 * 1024**3  # bytes of values
_INPUT_NAMES = ("x", "images", "data", "inputs", "features", "samples")
_LABEL_NAMES = ("y", "labels", "targets", "target", "label")
_CLASS_NAMES = ("classes", "classnames", "labelnames", "targetnames")


def load_npz(name: Name, folder: Path) -> Dataset:
    """The data set of an NPZ file, `path`, relative to the current folder; `folder` is not used.

    Channels that come last are moved to the front, (n, 1) labels become (n,); without a test part, some items are held
    out. Raises `DataError`: a file that is no NPZ file, lacks an array or holds pickled objects.
    """
    arguments = DATASETS.arguments(name)
    path = user_path(str(name), arguments["path"], "npz(path='mine.npz')", "the file")
    arrays = _read_arrays(path)
    keys = _keys_of_parts(path, arrays)
    remarks = []
    parts: dict[str, NDArray[Any]] = {}
    for part, key in keys.items():
        parts[part] = flatten_column(arrays[key]) if part.startswith("y") else arrays[key]
        if part.startswith("x") and channels_last(arrays[key]):
            parts[part] = arrays[key].transpose(0, 3, 1, 2)
            remarks.append(f"{key} has its channels last; they were brought before height and width")
    groups = _read_groups(path, arguments["groups"], arrays)
    used = (*keys.values(), arguments["groups"])
    if unused := [key for key in arrays if key not in used and normalised(key) not in _CLASS_NAMES]:
        remarks.append(f"not used of the file: {', '.join(unused)}")
    label_parts = [part for part in parts if part.startswith("y")]
    interpreted = interpret_labels(
        str(name), [parts[part] for part in label_parts], arguments["kind"], _class_names(arguments["classes"], arrays)
    )
    parts.update(zip(label_parts, interpreted.labels, strict=True))
    known, token_remarks = find_tokens(
        str(name),
        [parts[part] for part in parts if part.startswith("x")],
        interpreted.labels,
        tokens=arguments["vocabulary"] or arguments["tokens"] or None,
        padding=None if arguments["padding"] < 0 else arguments["padding"],
        kind=arguments["kind"],
    )
    fields: dict[str, Any] = {
        "title": path.name,
        "classes": interpreted.classes,
        "kind": interpreted.kind,
        "remarks": (*remarks, *interpreted.remarks, *token_remarks),
        "tokens": known,
    }
    test_split = arguments["test_split"]
    if "x" in parts:
        order = {"test_split": test_split, "groups": groups}
        return hold_out(str(name), parts["x"], parts["y"], arguments["test_fraction"], **order, **fields)
    train, test = ((parts[f"x_{part}"], parts[f"y_{part}"]) for part in ("train", "test"))
    return checked(
        str(name), train, test, **fields, **order_fields(str(name), test_split, groups, len(train[1]), len(test[1]))
    )


def _read_groups(path: Path, key: str, arrays: Mapping[str, NDArray[Any]]) -> NDArray[Any] | None:
    """The array with the group of every item; None where the name of none is written."""
    if key and key not in arrays:
        hint = did_you_mean(key, arrays) or f"; it holds {', '.join(arrays)}"
        raise DataError(f"{path}: there is no array {key!r} with groups{hint}")
    return arrays[key] if key else None


def _read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with zipfile.ZipFile(path) as file:
            size = sum(member.file_size for member in file.infolist())
        if size > LARGEST:
            raise DataError(f"{path} unpacks to {size:,} bytes; at most {LARGEST:,} are read, so shrink it")
        if size > (most := 8 * most_unpacked(path.stat().st_size)):  # numbers 0 and 1 of eight bytes pack well
            raise DataError(
                f"{path} unpacks to {size:,} bytes, which no data of its size do (at most {most:,} are read); write it "
                f"with numpy.savez, which does not pack"
            )
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        if foreign := [key for key, array in arrays.items() if not isinstance(array, np.ndarray)]:
            raise ValueError(f"{foreign[0]} is no array")
        return arrays
    except DataError:
        raise
    except zipfile.BadZipFile:
        raise DataError(f"{path} is no complete NPZ file; write it again with numpy.savez_compressed") from None
    except OSError as fault:
        raise DataError(f"{path} cannot be read: {fault.strerror or fault}") from None
    except (ValueError, EOFError, zlib.error, MemoryError, KeyError, NotImplementedError) as fault:
        if "pickle" in str(fault):  # reading a pickle runs whatever code its author put into it
            raise DataError(f"{path} holds Python objects; save arrays of numbers or strings") from None
        raise DataError(f"{path} is damaged: {fault}; write it again") from None


def _keys_of_parts(path: Path, arrays: Mapping[str, object]) -> dict[str, str]:
    """The name in the file of every part: x_train, y_train, x_test, y_test, or x and y alone."""
    known = {normalised(key): key for key in arrays}
    keys: dict[str, str] = {}
    for letter, words in (("x", _INPUT_NAMES), ("y", _LABEL_NAMES)):
        for part in ("train", "test"):
            if matches := [known[k] for w in words for k in (w + part, part + w) if k in known]:
                keys[f"{letter}_{part}"] = matches[0]
        if alone := [known[word] for word in words if word in known]:
            keys[letter] = alone[0]
    for complete in (("x_train", "y_train", "x_test", "y_test"), ("x", "y")):
        if all(part in keys for part in complete):
            return {part: keys[part] for part in complete}
    if {"x_train", "y_train"} <= set(keys) and not {"x_test", "y_test"} & set(keys):
        return {"x": keys["x_train"], "y": keys["y_train"]}
    listed = ", ".join(arrays) or "nothing"
    raise DataError(f"{path} holds {listed}; expected x_train, y_train, x_test and y_test, or x and y")


def _class_names(written: str, arrays: Mapping[str, NDArray[Any]]) -> tuple[str, ...]:
    """The names of the classes, as written in the study, else from an array of the file."""
    if written:
        return tuple(word.strip() for word in written.split(","))
    for key, array in arrays.items():
        if normalised(key) in _CLASS_NAMES and array.ndim == 1:
            return tuple(map(str, array.tolist()))
    return ()
