"""Data sets stored as four IDX files: the published ones (MNIST and its relatives) and the user's own."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from reluctant.catalogue.datasets import DATASETS, DatasetEntry
from reluctant.core.errors import DataError
from reluctant.core.names import Name
from reluctant.data.checks import checked
from reluctant.data.dataset import Dataset
from reluctant.data.folder import VARIABLE, find_file, manual_download
from reluctant.data.idx_format import REPLACE, read_idx

PARTS = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


def load_published_idx(name: Name, folder: Path) -> Dataset:
    """A published data set from `folder/<name>/`, its files compressed as published or unpacked.

    With `first`, only so many of the training images. Files there that are not the published ones are used, with a
    warning. Raises `DataError`: missing files (how to get them) and damaged ones.
    """
    row = DATASETS[name.head]
    files = folder / row.subfolder
    paths, missing = _find_parts(files)
    if missing:
        raise DataError(
            f"{row.title} is not complete in {files}: {len(missing)} of {len(PARTS)} files are missing. "
            f"Run `reluctant fetch {row.name}`, or set {VARIABLE} to the folder that holds {row.name}/, "
            f"or {manual_download(row, files, missing)}"
        )
    warnings = [warning for path in paths if (warning := unpublished_warning(row, path))]
    fields = {"title": row.title, "classes": row.classes, "note": row.note, "warnings": warnings}
    advice = f"delete it and run `reluctant fetch {row.name}`"
    return _read_idx_dataset(str(name), paths, advice, DATASETS.arguments(name)["first"], **fields)


def load_user_idx(name: Name, folder: Path) -> Dataset:
    """The user's four files, named as MNIST's, from the `root` of the name, relative to the current folder.

    `folder` is not used. Classes are '0' up to the largest label. Raises `DataError`.
    """
    root = DATASETS.arguments(name)["root"]
    if not root:
        raise DataError("idx: write which folder holds the files, as in idx(root='my_digits')")
    try:
        files = Path(os.path.abspath(Path(root).expanduser()))  # noqa: PTH100  (resolve() fails on '\0')
    except (RuntimeError, ValueError) as fault:
        raise DataError(f"{name}: this folder is not possible: {fault}") from None
    paths, missing = _find_parts(files)
    if missing:
        raise DataError(f"{name}: {files} has no {', '.join(missing)}; name your files as MNIST's, with or without .gz")
    return _read_idx_dataset(str(name), paths, REPLACE, 0, title=files.name)


def _find_parts(folder: Path) -> tuple[list[Path], list[str]]:
    """The files that exist, and the names of those that do not."""
    paths = {part: find_file(folder, part) for part in PARTS}
    return [path for path in paths.values() if path], [part for part, path in paths.items() if path is None]


def _read_idx_dataset(name: str, paths: Sequence[Path], advice: str, first: int, **fields: Any) -> Dataset:
    """The data set of four files; `advice` ends the message where one is damaged."""
    images, labels, *test = [_read_part(path, advice) for path in paths]
    train = images, labels
    if first and len(train[0]) == len(train[1]):
        if first > len(train[0]):
            raise DataError(f"{name}: there are only {len(train[0]):,} training images; write first={len(train[0])}")
        train = train[0][:first], train[1][:first]
    try:
        return checked(name, train, (test[0], test[1]), **fields)
    except DataError as fault:
        raise DataError(f"{fault} (the files are in {paths[0].parent})") from None


def unpublished_warning(row: DatasetEntry, path: Path) -> str:
    """A warning where a file is not, or cannot be shown to be, the published one; else ''."""
    if path.name not in row.files:
        return f"{path} is unpacked, so it was not compared with the published checksum of {path.name}.gz"
    sha256 = file_checksum(path)
    if sha256 == row.files[path.name][1]:
        return ""
    return f"{path} is not the published file (SHA-256 {sha256}, published {row.files[path.name][1]})"


def file_checksum(path: Path) -> str:
    """SHA-256 of a file; `DataError` where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as fault:
        raise DataError(f"{path} cannot be read: {fault.strerror or fault}") from None


def _read_part(path: Path, advice: str) -> NDArray[Any]:
    """The images or the labels of a file, whichever its name says."""
    array = read_idx(path, advice)
    if "labels" in path.name:
        if array.ndim in (3, 4):
            raise DataError(f"{path} holds images instead of labels ({array.ndim} dimensions); are two names swapped?")
        valid, expected = array.ndim == 1 and array.dtype.kind in "iu", "labels are whole numbers of shape (n,)"
    else:
        if array.ndim == 1:
            raise DataError(f"{path} holds labels instead of images (1 dimension); are two names swapped?")
        valid = array.ndim in (3, 4) and array.dtype.name == "uint8"
        expected = "images are unsigned bytes of shape (n, height, width) or (n, channels, height, width)"
    if not valid:
        raise DataError(f"{path} holds {array.dtype} of shape {array.shape}; {expected}; write the file again")
    return array
