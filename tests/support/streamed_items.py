"""Data sets of PyTorch that are streamed: generated items, with the faults that users' data sets have."""

import os
from typing import Any

import numpy as np
import torch
from torch import Tensor

from reluctant.data import Dataset, from_data

Source = torch.utils.data.Dataset[Any]


class Pictures(Source):
    """Images (3, 22, 22) of three classes, each from its number alone; floats are divided by 7."""

    def __init__(self, n: int = 90, dtype: str = "uint8") -> None:
        self.n, self.dtype = n, dtype

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, i: int) -> tuple[Tensor, int]:
        pixels = np.random.default_rng(i).integers(0, 256, (3, 22, 22), dtype=np.uint8) // (1 + i % 3)
        return torch.from_numpy(pixels if self.dtype == "uint8" else (pixels / 7).astype(self.dtype)), i % 3


class MirroredPictures(Pictures):
    """The same, mirrored at random."""

    def __getitem__(self, i: int) -> tuple[Tensor, int]:
        image, label = super().__getitem__(i)
        return image.flip(2) if torch.rand(()) < 0.5 else image, label


class Table(Source):
    """Rows of a table with their labels: given, or normal numbers."""

    def __init__(self, rows: Any = None, columns: int = 3, n: int = 90) -> None:
        values = np.random.default_rng(8).normal(5, 2, (n, columns)) if rows is None else np.asarray(rows)
        self.rows, self.labels = torch.from_numpy(values), np.arange(len(values)) % 2

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, i: int) -> tuple[Tensor, Any]:
        return self.rows[i], self.labels[i]


class Faulty(Pictures):
    """Pictures with one fault, in item 40 or in the length after its first use."""

    def __init__(self, fault: str) -> None:
        super().__init__()
        self.fault, self.used = fault, 0

    def __len__(self) -> int:
        self.used += 1
        return self.n + (self.fault == "length" and self.used > 1)

    def __getitem__(self, i: int) -> tuple[Any, int]:
        image, label = super().__getitem__(i)
        if i != 40:
            return image, label
        if self.fault == "error":
            raise OSError("the file is damaged")
        if self.fault == "exit":
            os._exit(7)
        if self.fault == "shape":
            return image[:, 1:], label
        if self.fault == "type":
            return image.float(), label
        if self.fault == "label":
            return image, np.array([label, 0])  # type: ignore[return-value]
        return image, label


def pictures(loader_workers: int = 0, n: int = 90) -> Dataset:
    """A data set for study files: `tests.support.streamed_items:pictures`."""
    return from_data(Pictures(n), stream=True, loader_workers=loader_workers)
