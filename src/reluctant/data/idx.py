"""Data sets kept as four IDX files: the published ones (MNIST and its kin) and your own."""

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from reluctant.catalogue.datasets import DATASETS, DatasetEntry
from reluctant.core.errors import DataError, ReluctantError
from reluctant.core.names import Name
from reluctant.data.checks import checked
from reluctant.data.dataset import Dataset
from reluctant.data.folder import VARIABLE, by_hand, find
from reluctant.data.idx_format import REPLACE, read_idx

PARTS = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


def load_published(name: Name, folder: Path) -> Dataset:
    """A published data set from `folder/<name>/`, its files compressed as published or unpacked.

    With `first`, only so many of the training images. Files of the user's that are not the published ones are
    used, with a warning. Raises `DataError` for
    missing files (how to get them) and for damaged ones.
    """
    row = DATASETS[name.head]
    place = folder / row.name
    paths = _present(place, lambda missing: _not_fetched(row, place, missing))
    mend = f"delete it and run `reluctant fetch {row.name}`"
    warnings = [warning for path in paths if (warning := _unpublished(row, path))]
    known = {"title": row.title, "classes": row.classes, "note": row.note, "warnings": warnings}
    return _load(str(name), paths, mend, DATASETS.arguments(name)["first"], **known)


def load_own(name: Name, folder: Path) -> Dataset:
    """The user's own four files, named as MNIST's, from the `root` of the name, relative to here.

    `folder` is not used. Classes are '0' up to the largest label. Raises `DataError`.
    """
    given = DATASETS.arguments(name)["root"]
    if not given:
        raise DataError("idx: say which folder holds the files, as in idx(root='my_digits')")
    place = _folder_of(str(name), given)
    paths = _present(
        place,
        lambda missing: (
            f"{name}: {place} has no {', '.join(missing)}; name your files as MNIST's, with or without .gz"
        ),
    )
    return _load(str(name), paths, REPLACE, 0, title=place.name)


def _folder_of(name: str, given: str) -> Path:
    try:
        return Path(os.path.abspath(Path(given).expanduser()))  # noqa: PTH100  (resolve() fails on '\0')
    except (RuntimeError, ValueError) as fault:
        raise DataError(f"{name}: there can be no such folder: {fault}") from None


def _load(name: str, paths: Sequence[Path], mend: str, first: int, **known: Any) -> Dataset:
    arrays = [
        _read_labels(path, mend) if "labels" in path.name else _read_images(path, mend) for path in paths
    ]
    train = arrays[0], arrays[1]
    if first and len(train[0]) == len(train[1]):
        if first > len(train[0]):
            raise DataError(
                f"{name}: there are only {len(train[0]):,} training images; write first={len(train[0])}"
            )
        train = train[0][:first], train[1][:first]
    try:
        return checked(name, train, (arrays[2], arrays[3]), **known)
    except ReluctantError as fault:
        raise DataError(f"{fault} (the files are in {paths[0].parent})") from None


def _present(place: Path, say_missing: Callable[[list[str]], str]) -> list[Path]:
    found = {part: find(place, part) for part in PARTS}
    missing = [part for part, path in found.items() if path is None]
    if missing:
        raise DataError(say_missing(missing))
    return [path for path in found.values() if path is not None]


def _not_fetched(row: DatasetEntry, place: Path, missing: list[str]) -> str:
    return (
        f"{row.title} is not complete in {place}: {len(missing)} of {len(PARTS)} files are missing. "
        f"Run `reluctant fetch {row.name}`, or set {VARIABLE} to the folder that holds {row.name}/, "
        f"or {by_hand(row, place, missing)}"
    )


def _unpublished(row: DatasetEntry, path: Path) -> str:
    """What to warn of where a file is not, or cannot be shown to be, the published one."""
    if path.name not in row.files:
        return f"{path} is unpacked, so it was not held against the published sum of {path.name}.gz"
    found = file_sum(path)
    if found == row.files[path.name][1]:
        return ""
    return f"{path} is not the published file (SHA-256 {found}, published {row.files[path.name][1]})"


def file_sum(path: Path) -> str:
    """SHA-256 of a file as it lies there; `DataError` where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as fault:
        raise DataError(f"{path} cannot be read: {fault.strerror or fault}") from None


def _read_images(path: Path, mend: str) -> NDArray[Any]:
    array = read_idx(path, mend)
    if array.ndim == 1:
        raise DataError(f"{path} holds labels where images are wanted (1 dimension); are two names swapped?")
    if array.ndim not in (3, 4) or array.dtype.name != "uint8":
        raise DataError(
            f"{path} holds {array.dtype} of shape {array.shape}; images are unsigned bytes of shape "
            f"(n, height, width) or (n, channels, height, width); write the file anew"
        )
    return array


def _read_labels(path: Path, mend: str) -> NDArray[Any]:
    array = read_idx(path, mend)
    if array.ndim in (3, 4):
        raise DataError(
            f"{path} holds images where labels are wanted ({array.ndim} dimensions); are two names swapped?"
        )
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise DataError(
            f"{path} holds {array.dtype} of shape {array.shape}; labels are whole numbers of shape (n,); "
            f"write the file anew"
        )
    return array
