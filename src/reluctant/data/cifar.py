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
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reluctant.catalogue.datasets import CIFAR100_COARSE, DATASETS
from reluctant.core.errors import DataError
from reluctant.core.names import Name
from reluctant.data.checks import checked
from reluctant.data.dataset import Dataset
from reluctant.data.folder import VARIABLE, user_path

HOME = "https://www.cs.toronto.edu/~kriz/cifar.html"
SHAPE = (3, 32, 32)
_PIXELS = 3 * 32 * 32
_LARGEST_FILE = 50_000 * (_PIXELS + 2)  # bytes


@dataclass(frozen=True)
class CifarFiles:
    """What is published of a CIFAR: its archive with size and MD5 checksum, the folder in it, the files."""

    archive: str
    size: int  # bytes
    md5: str
    folder: str
    train: tuple[str, ...]
    test: str
    train_images: int  # in each file for training
    test_images: int
    labels: int  # bytes before the pixels of a record


CIFAR10 = CifarFiles(
    "cifar-10-binary.tar.gz", 170_052_171, "c32a1d4ab5d03f1284b67883e8d87530", "cifar-10-batches-bin",
    tuple(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin", 10_000, 10_000, 1,
)  # fmt: skip
CIFAR100 = CifarFiles(
    "cifar-100-binary.tar.gz", 168_513_733, "03b5dce01913d631647c71ecec9e9cb8", "cifar-100-binary",
    ("train.bin",), "test.bin", 50_000, 10_000, 2,
)  # fmt: skip


def load_cifar10(name: Name, folder: Path) -> Dataset:
    """CIFAR-10, 50,000 training and 10,000 test images, (n, 3, 32, 32) uint8, from `root`.

    Without `root`, from `folder/cifar10`. Another number of images than published gives a warning. Raises `DataError`:
    missing files (where to get them) and damaged ones.
    """
    return _load_cifar(name, folder, CIFAR10, DATASETS[name.head].classes, 0)


def load_cifar100(name: Name, folder: Path) -> Dataset:
    """CIFAR-100, as CIFAR-10 from `root` or `folder/cifar100`; `labels` chooses the 100 classes or 20."""
    if DATASETS.arguments(name)["labels"] == "coarse":
        return _load_cifar(name, folder, CIFAR100, CIFAR100_COARSE, 0)
    return _load_cifar(name, folder, CIFAR100, DATASETS[name.head].classes, 1)


def _load_cifar(name: Name, folder: Path, files: CifarFiles, classes: tuple[str, ...], label_byte: int) -> Dataset:
    root = DATASETS.arguments(name)["root"]
    path = user_path(str(name), root, "", "the folder") if root else folder / name.head
    contents, warnings = _read_files(name, path, files)
    splits = {
        file: _parse_records(path, file, contents[file], files, classes, label_byte)
        for file in (*files.train, files.test)
    }
    sizes = dict.fromkeys(files.train, files.train_images) | {files.test: files.test_images}
    warnings += [
        f"{file} holds {len(splits[file][1]):,} of the {n:,} images published"
        for file, n in sizes.items()
        if len(splits[file][1]) != n
    ]
    train = tuple(np.concatenate([splits[file][i] for file in files.train]) for i in (0, 1))
    fields: dict[str, Any] = {"title": DATASETS[name.head].title, "classes": classes, "warnings": warnings}
    return checked(str(name), (train[0], train[1]), splits[files.test], **fields)


def _read_files(name: Name, path: Path, files: CifarFiles) -> tuple[Mapping[str, bytes], list[str]]:
    """The content of every file, from a folder or the archive, and warnings."""
    needed = (*files.train, files.test)
    try:
        for folder in (path, path / files.folder):
            present = [file for file in needed if (folder / file).is_file()]
            if len(present) == len(needed):
                return {file: _read_bytes(folder / file) for file in needed}, []
            if present:
                missing = ", ".join(file for file in needed if file not in present)
                raise DataError(f"{name}: {folder} has no {missing}; {_how_to_get(files, path)}")
        for archive in (path, path / files.archive):
            if archive.is_file():
                return _unpack(archive, files)
    except OSError as fault:
        raise DataError(f"{path} cannot be read: {fault.strerror or fault}") from None
    python_version = any(
        (folder / "data_batch_1").is_file() or (folder / "train").is_file()
        for folder in (path, path / "cifar-10-batches-py", path / "cifar-100-python")
    )
    state = "holds the Python version, not the binary one" if python_version else "does not hold it"
    raise DataError(f"{name}: {path} {state}; {_how_to_get(files, path)}")


def _how_to_get(files: CifarFiles, path: Path) -> str:
    return (
        f"get the binary version, {files.archive} ({files.size:,} bytes, MD5 {files.md5}), from {HOME}, copy "
        f"it or the files in it to {path}, or write where they are: root='…' (or set {VARIABLE})"
    )


def _read_bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_LARGEST_FILE + 1)


def _unpack(archive: Path, files: CifarFiles) -> tuple[Mapping[str, bytes], list[str]]:
    """The files in the archive, nothing written to the disk, and warnings."""
    needed = {*files.train, files.test}
    contents: dict[str, bytes] = {}
    try:
        with tarfile.open(archive, "r:*") as tar:
            for member in tar:
                file = PurePosixPath(member.name).name
                if member.isreg() and file in needed and (content := tar.extractfile(member)):
                    contents[file] = content.read(_LARGEST_FILE + 1)
    except (tarfile.TarError, EOFError, zlib.error, OSError) as fault:
        reason = str(fault).partition("\n")[0].rstrip(":")
        raise DataError(f"{archive} is damaged: {reason}; {_how_to_get(files, archive.parent)}") from None
    if missing := sorted(needed - set(contents)):
        raise DataError(f"{archive} has no {', '.join(missing)} in it; {_how_to_get(files, archive.parent)}")
    with archive.open("rb") as packed:
        md5 = hashlib.file_digest(packed, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    other = f"{archive} is not the published archive (MD5 {md5}, published {files.md5})"
    return contents, [] if md5 == files.md5 else [other]


def _parse_records(
    path: Path, file: str, content: bytes, files: CifarFiles, classes: tuple[str, ...], label_byte: int
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The images of a file and the label of each; `DataError` for content that is no records."""
    size = files.labels + _PIXELS
    if not content or len(content) % size:
        raise DataError(
            f"{file} in {path} has {len(content):,} bytes, no whole number of records of {size:,}; replace "
            f"it by the published file"
        )
    records = np.frombuffer(content, np.uint8).reshape(-1, size)
    labels = records[:, label_byte].astype(np.int64)
    if (largest := int(labels.max())) >= len(classes):
        raise DataError(
            f"{file} in {path} is damaged: record {int(np.argmax(labels))} has the label {largest}, of "
            f"{len(classes)} classes; replace it by the published file"
        )
    return records[:, files.labels :].reshape(-1, *SHAPE), labels
