"""Mean and standard deviation of the training inputs, in double precision.

Those of streamed inputs are equal to the bit to those of the same values in memory: NumPy's sums are repeated in the
order in which it adds, which is part by part for a type that it converts, and pairwise (Higham 1993) otherwise.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from reluctant.data.inputs import Inputs
from reluctant.data.streamed import StreamedInputs

Numbers = npt.NDArray[np.float64]
_CONVERTED = 8192  # values that NumPy converts at a time
_LEAF = 2**16  # values that are left to NumPy's own pairwise sum; the same for any number


def column_moments(rows: Inputs | StreamedInputs) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of every column; of a constant column mean and 1."""
    if isinstance(rows, StreamedInputs):
        mean, std = _streamed(rows, "columns")
    else:
        mean, std = rows.mean(axis=0, dtype=float), rows.std(axis=0, dtype=float)
    std = np.where(std <= 1e-12 * np.abs(mean), 1.0, std)
    return torch.from_numpy(mean.astype(np.float32)), torch.from_numpy(std.astype(np.float32))


def pixel_moments(images: Inputs | StreamedInputs) -> tuple[float, float]:
    """Mean and (population) standard deviation of all pixels."""
    if isinstance(images, StreamedInputs):
        mean, std = _streamed(images, "pixels")
        return float(mean), float(std)
    if images.dtype != np.uint8:
        return float(images.mean(dtype=float)), float(images.std(dtype=float))
    return _of_levels(np.bincount(images.reshape(-1), minlength=256))


def _of_levels(histogram: npt.NDArray[np.int64]) -> tuple[float, float]:
    counts, levels = histogram.astype(float), np.arange(256.0)
    mean = float(counts @ levels / counts.sum())
    return mean, float(np.sqrt(counts @ (levels - mean) ** 2 / counts.sum()))


def _streamed(inputs: StreamedInputs, what: str) -> Any:
    """The moments of all values or of columns, computed once: in one pass for bytes of images, two for other values."""
    if (key := inputs.finding(what)) not in inputs.findings:
        if what == "pixels" and inputs.dtype == np.uint8:
            counts = sum(np.bincount(block.reshape(-1), minlength=256) for block in inputs.blocks())
            inputs.findings[key] = _of_levels(np.asarray(counts))
        elif what == "columns" and inputs.shape[1] > 1:
            means = _row_sum(inputs.blocks()) / len(inputs)
            squares = _row_sum((block - means) ** 2 for block in inputs.blocks())
            inputs.findings[key] = means, np.sqrt(squares / len(inputs))
        else:
            size = int(np.prod(inputs.shape))
            values = _Values(inputs)
            parts = (values.take(min(_CONVERTED, size - start)) for start in range(0, size, _CONVERTED))
            mean = sum(map(np.add.reduce, parts)) / np.float64(size)
            std = np.sqrt(_pairwise_square(_Values(inputs), mean, size) / size)
            inputs.findings[key] = (np.array([mean]), np.array([std])) if what == "columns" else (mean, std)
    return inputs.findings[key]


def _row_sum(blocks: Iterator[npt.NDArray[Any]]) -> Numbers:
    """The sum of rows, one after the other."""
    total: Numbers | None = None
    for block in blocks:
        rows = block.astype(float)
        total = np.add.reduce(rows if total is None else np.vstack([total, rows]), axis=0)
    assert total is not None
    return total


def _pairwise_square(values: "_Values", mean: Any, size: int) -> Any:
    """The sum of squared deviations, in halves that NumPy chooses."""
    if size <= _LEAF:
        return np.add.reduce((values.take(size) - mean) ** 2)
    half = size // 2 - size // 2 % 8
    return _pairwise_square(values, mean, half) + _pairwise_square(values, mean, size - half)


class _Values:
    """The values of streamed inputs, one after the other."""

    def __init__(self, inputs: StreamedInputs) -> None:
        self.blocks = inputs.blocks()
        self.rest: npt.NDArray[Any] = np.empty(0, inputs.dtype)

    def take(self, n: int) -> Numbers:
        """The next n values, in double precision."""
        parts = []
        while n:
            if not len(self.rest):
                self.rest = next(self.blocks).reshape(-1)
            parts.append(self.rest[:n])
            self.rest = self.rest[n:]
            n -= len(parts[-1])
        return np.concatenate(parts).astype(float)
