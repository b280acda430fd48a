"""CIFAR-10 and CIFAR-100 in their binary form: records of labels and 3×32×32 bytes, one after the other.

The files may lie in a folder or in the archive they are published in. Source: Krizhevsky 2009,
https://www.cs.toronto.edu/~kriz/cifar.html
"""

import hashlib
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from reluctant.catalogue.datasets import CIFAR100_COARSE, DATASETS
from reluctant.core.errors import StudyError
from reluctant.core.names import Name
from reluctant.data.checks import checked
from reluctant.data.dataset import Dataset
from reluctant.data.folder import VARIABLE, own_path

HOME = "https://www.cs.toronto.edu/~kriz/cifar.html"
SHAPE = (3, 32, 32)
_PIXELS = 3 * 32 * 32
_MOST = 50_000 * (_PIXELS + 2)  # bytes, of the largest file


@dataclass(frozen=True)
class Published:
    """What is published of a CIFAR: its archive with its size and MD5 sum, the folder in it, the files."""

    archive: str
    size: int  # bytes
    md5: str
    inside: str
    train: tuple[str, ...]
    test: str
    images: int  # of one file for training
    tested: int  # images of the file for testing
    labels: int  # bytes before the pixels of a record


CIFAR10 = Published(
    "cifar-10-binary.tar.gz", 170_052_171, "c32a1d4ab5d03f1284b67883e8d87530", "cifar-10-batches-bin",
    tuple(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin", 10_000, 10_000, 1,
)  # fmt: skip
CIFAR100 = Published(
    "cifar-100-binary.tar.gz", 168_513_733, "03b5dce01913d631647c71ecec9e9cb8", "cifar-100-binary",
    ("train.bin",), "test.bin", 50_000, 10_000, 2,
)  # fmt: skip
_Read = tuple[NDArray[np.uint8], NDArray[np.int64]]


def load_ten(name: Name, folder: Path) -> Dataset:
    """CIFAR-10, 50,000 training and 10,000 test images, (n, 3, 32, 32) uint8, from `root`.

    Without `root`, from `folder/cifar10`. Raises `StudyError` for missing files (where to get them) and for
    damaged ones; other numbers of images than published are warned of.
    """
    return _load(name, folder, CIFAR10, DATASETS[name.head].classes, 0)


def load_hundred(name: Name, folder: Path) -> Dataset:
    """CIFAR-100 like `load_ten`, from `root` or `folder/cifar100`; `labels` chooses the 100 classes or 20."""
    if DATASETS.arguments(name)["labels"] == "coarse":
        return _load(name, folder, CIFAR100, CIFAR100_COARSE, 0)
    return _load(name, folder, CIFAR100, DATASETS[name.head].classes, 1)


def _load(name: Name, folder: Path, known: Published, classes: tuple[str, ...], which: int) -> Dataset:
    given = DATASETS.arguments(name)["root"]
    place = own_path(str(name), given, "", "the folder") if given else folder / name.head
    files, warnings = _files(name, place, known)
    parts = {file: _records(place, file, files[file], known, classes, which) for file in files}
    wanted = dict.fromkeys(known.train, known.images) | {known.test: known.tested}
    warnings += [
        f"{file} holds {len(parts[file][1]):,} of the {n:,} images published"
        for file, n in wanted.items()
        if len(parts[file][1]) != n
    ]
    train = tuple(np.concatenate([parts[file][i] for file in known.train]) for i in (0, 1))
    return checked(
        str(name),
        (train[0], train[1]),
        parts[known.test],
        title=DATASETS[name.head].title,
        classes=classes,
        warnings=warnings,
    )


def _files(name: Name, place: Path, known: Published) -> tuple[Mapping[str, bytes], list[str]]:
    """The content of every file, from a folder or the archive, and what to warn of."""
    wanted = (*known.train, known.test)
    try:
        for at in (place, place / known.inside):
            there = [file for file in wanted if (at / file).is_file()]
            if len(there) == len(wanted):
                return {file: _bytes(at / file) for file in wanted}, []
            if there:
                missing = ", ".join(file for file in wanted if file not in there)
                raise StudyError(f"{name}: {at} has no {missing}; {_how(known, place)}")
        for archive in (place, place / known.archive):
            if archive.is_file():
                return _unpacked(archive, known)
    except OSError as fault:
        raise StudyError(f"{place} cannot be read: {fault.strerror or fault}") from None
    python = any((at / "data_batch_1").is_file() or (at / "train").is_file()
                 for at in (place, place / "cifar-10-batches-py", place / "cifar-100-python"))  # fmt: skip
    why = "holds the Python version, not the binary one" if python else "does not hold it"
    raise StudyError(f"{name}: {place} {why}; {_how(known, place)}")


def _how(known: Published, place: Path) -> str:
    return (
        f"get the binary version, {known.archive} ({known.size:,} bytes, MD5 {known.md5}), from {HOME}, put "
        f"it or the files in it into {place}, or say where they are: root='…' (or {VARIABLE})"
    )


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_MOST + 1)


def _unpacked(archive: Path, known: Published) -> tuple[Mapping[str, bytes], list[str]]:
    """The files in the archive, nothing written to the disk."""
    wanted = {*known.train, known.test}
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(archive, "r:*") as tar:
            for member in tar:
                file = PurePosixPath(member.name).name
                if member.isreg() and file in wanted and (content := tar.extractfile(member)):
                    found[file] = content.read(_MOST + 1)
    except (tarfile.TarError, EOFError, zlib.error, OSError) as fault:
        why = str(fault).partition("\n")[0].rstrip(":")
        raise StudyError(f"{archive} is damaged: {why}; {_how(known, archive.parent)}") from None
    if missing := sorted(wanted - set(found)):
        raise StudyError(f"{archive} has no {', '.join(missing)} in it; {_how(known, archive.parent)}")
    with archive.open("rb") as packed:
        md5 = hashlib.file_digest(packed, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    other = f"{archive} is not the published archive (MD5 {md5}, published {known.md5})"
    return found, [] if md5 == known.md5 else [other]


def _records(
    place: Path, file: str, content: bytes, known: Published, classes: tuple[str, ...], which: int
) -> _Read:
    """The images of a file and the label at the byte `which` of each; `StudyError` for what is no record."""
    record = known.labels + _PIXELS
    if not content or len(content) % record:
        raise StudyError(
            f"{file} in {place} has {len(content):,} bytes, no whole number of records of {record:,}; put "
            f"the published file in its place"
        )
    records = np.frombuffer(content, np.uint8).reshape(-1, record)
    labels = records[:, which].astype(np.int64)
    if (wrong := int(labels.max())) >= len(classes):
        item = int(np.argmax(labels))
        raise StudyError(
            f"{file} in {place} is damaged: record {item} has the label {wrong}, of {len(classes)} classes; "
            f" put the published file in its place"
        )
    return records[:, known.labels :].reshape(-1, *SHAPE), labels
