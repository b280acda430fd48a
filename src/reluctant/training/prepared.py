"""A data set as the tensors that training reads: standardised, in memory, channels last."""

import base64
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from reluctant.data import Dataset, Split, split_indices
from reluctant.names import StudyError

KEPT, LARGEST = 16, 2**16  # test images that a study's folder keeps, and the bytes they may take


@dataclass(frozen=True)
class Part:
    """Images, float32 (n, channels, height, width), standardised; labels, int64 (n,)."""

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Prepared:
    """The three parts of a data set: pixels less `mean`, divided by `deviation`."""

    train: Part
    valid: Part
    test: Part
    source: Dataset = field(repr=False)
    mean: float
    deviation: float
    unit: float = 1.0  # the deviation of the training pixels as networks are fed them

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return len(self.source.classes)

    @property
    def image(self) -> tuple[int, int, int]:
        """Channels, height and width."""
        _, channels, height, width = self.train.images.shape
        return channels, height, width

    def describe(self) -> dict[str, Any]:
        """What a study's folder keeps of the data, so that reports need them no more."""
        return {
            "name": self.source.name,
            "sha256": self.source.sha256,
            "classes": list(self.source.classes),
            "images": {"train": len(self.train), "valid": len(self.valid), "test": len(self.test)},
            "test_labels": encoded(self.test.labels, self.classes),
            "warnings": list(self.source.warnings),
            **self._last_images(),
        }

    def _last_images(self) -> dict[str, Any]:
        """The last test images, where they are bytes and small: shape and base64."""
        last = self.source.test.images[-KEPT:]
        if last.dtype != np.uint8 or last.nbytes > LARGEST:
            return {}
        pixels = base64.b64encode(np.ascontiguousarray(last).tobytes()).decode()
        return {"last_images": {"shape": list(last.shape), "pixels": pixels}}

    def to(self, device: torch.device) -> "Prepared":
        """The same on a device."""
        parts = {
            name: Part(part.images.to(device), part.labels.to(device))
            for name, part in (("train", self.train), ("valid", self.valid), ("test", self.test))
        }
        return Prepared(**{**self.__dict__, **parts})


def encoded(classes: Tensor, number: int) -> str:
    """Classes as base64 of bytes, or of pairs of bytes where there are more than 256 classes."""
    kind = np.uint8 if number <= 256 else np.uint16
    return base64.b64encode(classes.cpu().numpy().astype(kind).tobytes()).decode()


def prepare(
    dataset: Dataset, train_fraction: float, split: int = 0, pixels: str = "standardised"
) -> Prepared:
    """The data set cut into train, valid and test, standardised by the training part's mean and deviation.

    `split` is the seed that chooses the validation images. With `pixels` `unit`, bytes are divided by 255
    instead. Raises `StudyError` where that cannot be.
    """
    train, valid = split_indices(len(dataset.train.labels), train_fraction, split)
    mean, deviation = moments(dataset.train.images[train])
    if deviation == 0:
        raise StudyError(f"{dataset.name}: all training pixels are equal; there is nothing to learn from")
    unit = 1.0
    if pixels == "unit":
        if dataset.train.images.dtype != np.uint8:
            raise StudyError(f"{dataset.name}: only bytes can be scaled to 0 … 1; leave `pixels` out")
        mean, deviation, unit = 0.0, 255.0, deviation / 255

    def part(whole: Split, which: npt.NDArray[np.int64] | slice) -> Part:
        pixels = torch.from_numpy(np.ascontiguousarray(whole.images[which])).to(torch.float32)
        pixels = pixels.sub_(mean).div_(deviation).to(memory_format=torch.channels_last)
        return Part(pixels, torch.from_numpy(whole.labels[which].astype(np.int64)))

    return Prepared(
        part(dataset.train, train),
        part(dataset.train, valid),
        part(dataset.test, slice(None)),
        dataset,
        mean,
        deviation,
        unit,
    )


def moments(images: npt.NDArray[np.uint8] | npt.NDArray[np.float32]) -> tuple[float, float]:
    """Mean and (population) standard deviation of all pixels, in double precision."""
    if images.dtype != np.uint8:
        return float(images.mean(dtype=float)), float(images.std(dtype=float))
    counts = np.bincount(images.reshape(-1), minlength=256).astype(float)
    levels = np.arange(256.0)
    mean = float(counts @ levels / counts.sum())
    return mean, float(np.sqrt(counts @ (levels - mean) ** 2 / counts.sum()))
