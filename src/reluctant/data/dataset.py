"""What a data set is: two splits of inputs and labels, the names of its classes, a sum of its content."""

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Inputs = NDArray[np.uint8] | NDArray[np.float32]
Labels = NDArray[Any]  # int64 (n,) for classes, float64 (n, outputs) for numbers


@dataclass(frozen=True, eq=False)
class Split:
    """Inputs with their labels, in order.

    `images` holds the inputs, whatever they are: (n, …), C-contiguous, uint8 or float32; pictures are
    (n, channels, height, width), signals (n, channels, length), rows of a table (n, columns). `labels` is
    (n,), int64, where classes are told apart, and (n, outputs), float64, where numbers are predicted.
    """

    images: Inputs
    labels: Labels

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A training and a test split and what is known of them; `warnings` belong before a reader's eyes.

    `items` is what the inputs are called, `remarks` what was done to them on the way here. Without `classes`
    numbers are predicted.
    """

    name: str  # canonical, as in a study
    title: str
    note: str  # said in titles where data are not what a reader would take them for; '' otherwise
    classes: tuple[str, ...]
    train: Split
    test: Split
    sha256: str = ""  # of the content; `load` fills it in
    warnings: tuple[str, ...] = ()
    items: str = "images"
    remarks: tuple[str, ...] = ()

    @property
    def task(self) -> Literal["classification", "regression"]:
        """Whether classes are told apart or numbers predicted."""
        return "classification" if self.classes else "regression"


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
