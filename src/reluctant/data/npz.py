"""Data sets in one NPZ file, the arrays called as people call them."""

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reluctant.catalogue.datasets import DATASETS
from reluctant.core.errors import DataError
from reluctant.core.names import Name
from reluctant.core.suggestions import normalised
from reluctant.data.checks import checked
from reluctant.data.dataset import Dataset
from reluctant.data.folder import own_path
from reluctant.data.guess import guessed
from reluctant.data.inputs import channels_last
from reluctant.data.whole import held_out

LARGEST = 8 * 1024**3  # bytes of values
_INPUTS = ("x", "images", "data", "inputs", "features", "samples")
_LABELS = ("y", "labels", "targets", "target", "label")
_CLASSES = ("classes", "classnames", "labelnames", "targetnames")
_WANTED = "wanted are x_train, y_train, x_test and y_test, or x and y"
_Found = dict[str, str]


def load(name: Name, folder: Path) -> Dataset:
    """The data set of an NPZ file, `path`, relative to here; `folder` is not used.

    Channels that come last are brought first, (n, 1) labels become (n,); without a test part, some items are
    held out. Raises `DataError` for a file that is none, lacks an array or holds pickled objects.
    """
    given = DATASETS.arguments(name)
    path = own_path(str(name), given["path"], "npz(path='mine.npz')", "the file")
    arrays = _read(path)
    used, classes = _parts(path, arrays), _named(given["classes"], arrays)
    remarks = []
    ready: dict[str, NDArray[Any]] = {}
    for part, key in used.items():
        ready[part] = _labels(arrays[key]) if part.startswith("y") else arrays[key]
        if part.startswith("x") and channels_last(arrays[key]):
            ready[part] = arrays[key].transpose(0, 3, 1, 2)
            remarks.append(f"{key} has its channels last; they were brought before height and width")
    left = [key for key in arrays if key not in used.values() and normalised(key) not in _CLASSES]
    if left:
        remarks.append(f"not used of the file: {', '.join(left)}")
    labels = [part for part in ready if part.startswith("y")]
    guess = guessed(str(name), [ready[part] for part in labels], given["kind"], classes)
    ready.update(zip(labels, guess.labels, strict=True))
    known: dict[str, Any] = {
        "title": path.name,
        "classes": guess.classes,
        "kind": guess.kind,
        "remarks": (*remarks, *guess.remarks),
    }
    if "x" in ready:
        return held_out(str(name), ready["x"], ready["y"], given["test_fraction"], **known)
    train, test = ((ready[f"x_{part}"], ready[f"y_{part}"]) for part in ("train", "test"))
    return checked(str(name), train, test, **known)


def _read(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with zipfile.ZipFile(path) as file:
            size = sum(member.file_size for member in file.infolist())
        if size > LARGEST:
            raise DataError(f"{path} unpacks to {size:,} bytes; at most {LARGEST:,} are read, so shrink it")
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        if foreign := [key for key, array in arrays.items() if not isinstance(array, np.ndarray)]:
            raise ValueError(f"{foreign[0]} is no array")
        return arrays
    except DataError:
        raise
    except zipfile.BadZipFile:
        raise DataError(f"{path} is no whole NPZ file; write it anew with numpy.savez_compressed") from None
    except OSError as fault:
        raise DataError(f"{path} cannot be read: {fault.strerror or fault}") from None
    except (ValueError, EOFError, zlib.error, MemoryError, KeyError, NotImplementedError) as fault:
        if "pickle" in str(fault):  # reading a pickle runs whatever code its maker put there
            raise DataError(
                f"{path} holds Python objects, which are not opened; save arrays of numbers or texts"
            ) from None
        raise DataError(f"{path} is damaged: {fault}; write it anew") from None


def _parts(path: Path, arrays: Mapping[str, object]) -> _Found:
    """Which array is which: x_train, y_train, x_test, y_test, or x and y alone."""
    known = {normalised(key): key for key in arrays}
    found: _Found = {}
    for letter, words in (("x", _INPUTS), ("y", _LABELS)):
        for part in ("train", "test"):
            keys = [known[k] for w in words for k in (w + part, part + w) if k in known]
            if keys:
                found[f"{letter}_{part}"] = keys[0]
        alone = [known[word] for word in words if word in known]
        if alone:
            found[letter] = alone[0]
    for wanted in (("x_train", "y_train", "x_test", "y_test"), ("x", "y")):
        if all(part in found for part in wanted):
            return {part: found[part] for part in wanted}
    if {"x_train", "y_train"} <= set(found) and not {"x_test", "y_test"} & set(found):
        return {"x": found["x_train"], "y": found["y_train"]}
    held = ", ".join(arrays) or "nothing"
    raise DataError(f"{path} holds {held}; {_WANTED}")


def _named(given: str, arrays: Mapping[str, NDArray[Any]]) -> tuple[str, ...]:
    if given:
        return tuple(word.strip() for word in given.split(","))
    for key, array in arrays.items():
        if normalised(key) in _CLASSES and array.ndim == 1:
            return tuple(map(str, array.tolist()))
    return ()


def _labels(labels: NDArray[Any]) -> NDArray[Any]:
    return labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
