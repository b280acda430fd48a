"""Mean and standard deviation of the training inputs, in double precision."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor


def column_moments(rows: npt.NDArray[Any]) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of every column; of a constant column mean and 1."""
    return _of_columns(rows.mean(axis=0, dtype=float), rows.std(axis=0, dtype=float))


def _of_columns(mean: npt.NDArray[np.float64], std: npt.NDArray[np.float64]) -> tuple[Tensor, Tensor]:
    std[std <= 1e-12 * np.abs(mean)] = 1.0
    return torch.from_numpy(mean.astype(np.float32)), torch.from_numpy(std.astype(np.float32))


def pixel_moments(images: npt.NDArray[Any]) -> tuple[float, float]:
    """Mean and (population) standard deviation of all pixels."""
    if images.dtype != np.uint8:
        return float(images.mean(dtype=float)), float(images.std(dtype=float))
    return _of_levels(np.bincount(images.reshape(-1), minlength=256))


def _of_levels(histogram: npt.NDArray[np.int64]) -> tuple[float, float]:
    counts, levels = histogram.astype(float), np.arange(256.0)
    mean = float(counts @ levels / counts.sum())
    return mean, float(np.sqrt(counts @ (levels - mean) ** 2 / counts.sum()))
