"""A data set as the tensors that training reads: standardised, in memory, channels last."""

import base64
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from reluctant.catalogue.metrics import REGRESSION
from reluctant.core.errors import StudyError
from reluctant.data import Dataset, Split, split_indices
from reluctant.tasks import Classification, Regression, Task
from reluctant.tasks.regression import standardised

Indices = npt.NDArray[np.int64]
Scale = float | Tensor
_CLASSES = Classification()
KEPT, LARGEST = 16, 2**16  # test images that a study's folder keeps, and the bytes they may take


@dataclass(frozen=True)
class Part:
    """Inputs, float32 (n, …), standardised; labels, int64 (n,), or standardised numbers (n, outputs).

    Images are (n, channels, height, width), in channels-last memory.
    """

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Prepared:
    """The three parts of a data set: inputs less `mean`, divided by `deviation`.

    Both are of all values of the training part; where inputs are rows of a table, every column is brought to
    mean 0 and deviation 1 by itself, and they stand at 0 and 1.
    """

    train: Part
    valid: Part
    test: Part
    source: Dataset = field(repr=False)
    mean: float
    deviation: float
    unit: float = 1.0  # the deviation of the training pixels as networks are fed them
    task: Task = _CLASSES

    @property
    def classes(self) -> int:
        """How many outputs a network has: one per class, or per number that is predicted."""
        return self.task.outputs

    @property
    def image(self) -> tuple[int, ...]:
        """The shape of one input: channels, height and width of an image."""
        return tuple(self.train.images.shape[1:])

    def describe(self) -> dict[str, Any]:
        """What a study's folder keeps of the data, so that reports need them no more."""
        return {
            "name": self.source.name,
            "sha256": self.source.sha256,
            "classes": list(self.source.classes),
            "images": {"train": len(self.train), "valid": len(self.valid), "test": len(self.test)},
            **self._targets(),
            "warnings": list(self.source.warnings),
            **self._words(),
            **self._last_images(),
        }

    def _targets(self) -> dict[str, Any]:
        """The truth about the test part, by which predictions are scored again."""
        told = self.task.encoded(self.test.labels)
        if self.task.name == REGRESSION:
            return {"test_targets": told, "outputs": self.task.outputs}
        return {"test_labels": told}

    def _words(self) -> dict[str, Any]:
        """What the inputs are called and what was done to them, where that is not the usual."""
        told: dict[str, Any] = {"items": self.source.items} if self.source.items != "images" else {}
        return {**told, "remarks": list(self.source.remarks)} if self.source.remarks else told

    def _last_images(self) -> dict[str, Any]:
        """The last test images, where they are bytes and small: shape and base64."""
        last = self.source.test.images[-KEPT:]
        if last.ndim != 4 or last.dtype != np.uint8 or last.nbytes > LARGEST:
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


def prepare(
    dataset: Dataset, train_fraction: float, split: int = 0, pixels: str = "standardised"
) -> Prepared:
    """The data set cut into train, valid and test, standardised by the training part's mean and deviation.

    `split` is the seed that chooses what is kept for validation. With `pixels` `unit`, bytes are divided by
    255 instead. Raises `StudyError` where that cannot be.
    """
    train, valid = split_indices(len(dataset.train.labels), train_fraction, split)
    if dataset.train.images.ndim == 2:
        if pixels == "unit":
            raise StudyError(
                f"{dataset.name}: rows hold no pixels, every column is standardised; leave `pixels` out"
            )
        return _cut(dataset, train, valid, *columns(dataset.train.images[train]), 1.0)
    mean, deviation = moments(dataset.train.images[train])
    if deviation == 0:
        raise StudyError(f"{dataset.name}: all training pixels are equal; there is nothing to learn from")
    if pixels == "unit":
        if dataset.train.images.dtype != np.uint8:
            raise StudyError(f"{dataset.name}: only bytes can be scaled to 0 … 1; leave `pixels` out")
        return _cut(dataset, train, valid, 0.0, 255.0, deviation / 255)
    return _cut(dataset, train, valid, mean, deviation, 1.0)


def _cut(
    dataset: Dataset, train: Indices, valid: Indices, mean: Scale, deviation: Scale, unit: float
) -> Prepared:
    task = task_of(dataset, train)
    whole = isinstance(mean, float)

    def part(split: Split, which: Indices | slice) -> Part:
        x = torch.from_numpy(np.ascontiguousarray(split.images[which])).to(torch.float32)
        x = x.sub(mean).div_(deviation)  # a copy: the source may be the user's own array
        if x.ndim == 4:
            x = x.to(memory_format=torch.channels_last)
        return Part(x, _targets(split.labels[which], task))

    return Prepared(
        part(dataset.train, train),
        part(dataset.train, valid),
        part(dataset.test, slice(None)),
        dataset,
        float(mean) if whole else 0.0,
        float(deviation) if whole else 1.0,
        unit,
        task,
    )


def _targets(labels: npt.NDArray[Any], task: Task) -> Tensor:
    if isinstance(task, Regression):
        return standardised(labels, task)
    return torch.from_numpy(labels.astype(np.int64))


def task_of(dataset: Dataset, train: Indices) -> Task:
    """What there is to learn; numbers are standardised by the part that is trained on."""
    if dataset.classes:
        return Classification(len(dataset.classes))
    targets = dataset.train.labels[train].astype(float)
    deviation = targets.std(axis=0)
    if not deviation.all():
        raise StudyError(f"{dataset.name}: all training targets are equal; there is nothing to learn")
    return Regression(tuple(map(float, targets.mean(axis=0))), tuple(map(float, deviation)))


def columns(rows: npt.NDArray[Any]) -> tuple[Tensor, Tensor]:
    """Mean and deviation of every column, in double precision; a constant column is left as it is."""
    mean, deviation = rows.mean(axis=0, dtype=float), rows.std(axis=0, dtype=float)
    deviation[deviation <= 1e-12 * np.abs(mean)] = 1.0
    return torch.from_numpy(mean.astype(np.float32)), torch.from_numpy(deviation.astype(np.float32))


def moments(images: npt.NDArray[np.uint8] | npt.NDArray[np.float32]) -> tuple[float, float]:
    """Mean and (population) standard deviation of all pixels, in double precision."""
    if images.dtype != np.uint8:
        return float(images.mean(dtype=float)), float(images.std(dtype=float))
    counts = np.bincount(images.reshape(-1), minlength=256).astype(float)
    levels = np.arange(256.0)
    mean = float(counts @ levels / counts.sum())
    return mean, float(np.sqrt(counts @ (levels - mean) ** 2 / counts.sum()))
