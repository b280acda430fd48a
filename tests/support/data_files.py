"""IDX files for tests, written from the description of the format and not with the code under test."""

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, settings
from numpy.typing import NDArray

PARTS = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no fault
CODES = {"uint8": 8, "int8": 9, "int16": 11, "int32": 12, "float32": 13, "float64": 14}


def idx_bytes(array: NDArray[Any]) -> bytes:
    """An array as an IDX file."""
    header = struct.pack(">BBBB", 0, 0, CODES[array.dtype.name], array.ndim)
    sizes = b"".join(struct.pack(">I", size) for size in array.shape)
    return header + sizes + array.astype(array.dtype.newbyteorder(">")).tobytes()


def write(path: Path, content: bytes) -> Path:
    """A file of these bytes, compressed where its name ends in .gz."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
    return path


def arrays(train: int = 12, test: int = 4, side: int = 5) -> list[NDArray[Any]]:
    """Small images and labels (three classes) for the four files."""
    rng = np.random.default_rng(0)
    content: list[NDArray[Any]] = []
    for n in (train, test):
        content.append(rng.integers(0, 256, (n, side, side), dtype=np.uint8))
        content.append((np.arange(n) % 3).astype(np.uint8))
    return content


def write_four(folder: Path, content: list[NDArray[Any]], suffix: str = ".gz") -> Path:
    """The four files of a data set in a folder."""
    for part, array in zip(PARTS, content, strict=True):
        write(folder / (part + suffix), idx_bytes(array))
    return folder
