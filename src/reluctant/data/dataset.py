"""What a data set is: two splits of images and labels, the names of its classes, a sum of its content."""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8] | NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Split:
    """Images with their labels, in order.

    `images` is (n, channels, height, width), C-contiguous, uint8 (float32 from a user's own code);
    `labels` is (n,), int64.
    """

    images: Images
    labels: Labels

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A training and a test split and what is known of them; `warnings` belong before a reader's eyes."""

    name: str  # canonical, as in a study
    title: str
    note: str  # said in titles where data are not what a reader would take them for; '' otherwise
    classes: tuple[str, ...]
    train: Split
    test: Split
    sha256: str = ""  # of the content; `load` fills it in
    warnings: tuple[str, ...] = ()


def content_sum(train: Split, test: Split) -> str:
    """SHA-256 of shape, type and values of the four arrays, however their files are compressed."""
    digest = hashlib.sha256()
    for array in (train.images, train.labels, test.images, test.labels):
        digest.update(f"{array.dtype.name} {array.shape}\n".encode())
        digest.update(_little_endian(array))
    return digest.hexdigest()


def _little_endian(array: NDArray[Any]) -> memoryview:
    """The bytes of an array, the same on every machine; no copy where it is so already."""
    ordered = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return ordered.reshape(-1).view(np.uint8).data
