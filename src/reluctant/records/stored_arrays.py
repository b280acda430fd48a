"""The arrays that a study's folder holds as base64: predictions and targets of the test split."""

import base64
from typing import Any

import numpy as np
import numpy.typing as npt

from reluctant.records.schema import DataRecord

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[Any]


def decode_targets(data: DataRecord) -> Counts:
    """The targets of the test split: classes (n,), or numbers (n, outputs); `ValueError` where they are no base64."""
    if data.test_targets is not None:
        return numbers_from_base64(data.test_targets, data.outputs)
    return classes_from_base64(data.test_labels or "", len(data.classes))


def numbers_from_base64(text: str, outputs: int) -> Floats:
    """Numbers (n, outputs) from the base64 of float64, little-endian."""
    return np.frombuffer(base64.b64decode(text), "<f8").astype(float).reshape(-1, max(1, outputs))


def classes_from_base64(text: str, classes: int) -> npt.NDArray[np.int64]:
    """Classes from their base64: bytes, or pairs of bytes where there are more than 256 classes."""
    kind = np.uint8 if classes <= 256 else np.uint16
    return np.frombuffer(base64.b64decode(text), kind).astype(np.int64)
