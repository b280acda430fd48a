"""A data set as the tensors that training reads: standardised, in memory, channels last."""

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from reluctant.catalogue.metrics import REGRESSION
from reluctant.core.errors import StudyError
from reluctant.data import Dataset, Split, split_indices
from reluctant.data.inputs import as_inputs
from reluctant.data.random_items import RandomItems
from reluctant.data.streamed import StreamedInputs
from reluctant.models.layers import channels_first
from reluctant.tasks import Classification, Regression, Task, to_numpy
from reluctant.training.moments import column_moments, pixel_moments
from reluctant.training.streamed_tensors import StreamedTensors, read_batches

Indices = npt.NDArray[np.int64]
_CLASSES = Classification()
IMAGES_STORED, LARGEST_STORED = 16, 2**16  # test images in a study's folder, and the most bytes of them


@dataclass(frozen=True)
class TensorSplit:
    """One split on a device."""

    # float32 (n, …), standardised; images (n, channels, height, width), in channels-last memory: a tensor, or
    # `StreamedTensors`, which are indexed like one
    inputs: Any
    targets: Tensor  # classes as int64 (n,), or standardised numbers, float32 (n, outputs)

    redraw: "Redraw | None" = None  # where the inputs are random

    def __len__(self) -> int:
        return len(self.targets)

    def batches(self, size: int) -> Iterator[tuple[slice, Tensor]]:
        """All inputs in order, so many at a time, each with the rows that they are."""
        rows = [slice(start, start + size) for start in range(0, len(self), size)]
        return zip(rows, read_batches(self.inputs, rows), strict=True)

    def of_epoch(self, seed: int, epoch: int) -> Any:
        """The inputs in one epoch: drawn afresh from the seed and the epoch where they are random."""
        if isinstance(self.inputs, StreamedTensors):
            return self.inputs.of_epoch(seed, epoch)
        if self.redraw is None:
            return self.inputs
        return torch.empty_like(self.inputs).copy_(self.redraw(seed, epoch))

    def of_rows(self, rows: Tensor) -> "TensorSplit":
        """Some of these items, in memory."""
        redraw = self.redraw and replace(self.redraw, items=self.redraw.items.of_rows(to_numpy(rows)))
        return TensorSplit(self.inputs[rows], self.targets[rows], redraw)

    def changed(self, change: Callable[[Tensor], Tensor]) -> "TensorSplit":
        """The same items with changed inputs."""
        inputs = self.inputs.changed(change) if isinstance(self.inputs, StreamedTensors) else change(self.inputs)
        return replace(self, inputs=inputs)


@dataclass(frozen=True)
class Redraw:
    """The inputs of a seed and an epoch, standardised as those of the data set are, whose items are `word`."""

    items: RandomItems
    word: str
    mean: float | Tensor
    std: float | Tensor

    def __call__(self, seed: int, epoch: int) -> Tensor:
        """Inputs of shape (n, …), float32."""
        inputs = as_inputs(f"{self.items.name}: epoch {epoch}", self.items.draw(seed, epoch), self.word)
        return torch.from_numpy(inputs).to(torch.float32).sub(self.mean).div_(self.std)


@dataclass(frozen=True)
class TensorData:
    """The three splits of a data set as tensors: inputs less `mean`, divided by `std`.

    Both are of all values of the training split. Where inputs are rows of a table, every column has its own
    mean and standard deviation, and these two stand at 0 and 1.
    """

    train: TensorSplit
    valid: TensorSplit
    test: TensorSplit
    source: Dataset = field(repr=False)  # in its own values
    mean: float
    std: float
    pixel_std: float = 1.0  # of the training inputs as networks see them
    task: Task = _CLASSES

    @property
    def outputs(self) -> int:
        """How many outputs a network has: one per class, or per number that is predicted."""
        return self.task.outputs

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one input: channels, height and width of an image."""
        return tuple(self.train.inputs.shape[1:])

    def describe(self) -> dict[str, Any]:
        """What a study's folder stores about the data, so that reports do not need the data themselves."""
        source = self.source
        description: dict[str, Any] = {
            "name": source.name,
            "sha256": source.sha256,
            "classes": list(source.classes),
            "images": {"train": len(self.train), "valid": len(self.valid), "test": len(self.test)},
        }
        truth = self.task.encode(self.test.targets)  # predictions are scored against it again
        if self.task.name == REGRESSION:
            description |= {"test_targets": truth, "outputs": self.task.outputs}
        else:
            description["test_labels"] = truth
        description["warnings"] = list(source.warnings)
        if source.items != "images":
            description["items"] = source.items
        if source.remarks:
            description["remarks"] = list(source.remarks)
        last = source.test.inputs[-IMAGES_STORED:]
        if last.ndim == 4 and last.dtype == np.uint8 and last.nbytes <= LARGEST_STORED:
            pixels = base64.b64encode(np.ascontiguousarray(last).tobytes()).decode()
            description["last_images"] = {"shape": list(last.shape), "pixels": pixels}
        return description

    def to(self, device: torch.device) -> "TensorData":
        """The same data on a device."""
        moved = self.with_inputs(lambda inputs: inputs.to(device))
        train, valid, test = (
            replace(split, targets=split.targets.to(device)) for split in (moved.train, moved.valid, moved.test)
        )
        return replace(moved, train=train, valid=valid, test=test)

    def contiguous(self) -> "TensorData":
        """The same data in PyTorch's usual memory format, channels first."""
        return self.with_inputs(channels_first)

    def with_inputs(self, change: Callable[[Tensor], Tensor]) -> "TensorData":
        """The same data with changed inputs."""
        train, valid, test = (split.changed(change) for split in (self.train, self.valid, self.test))
        return replace(self, train=train, valid=valid, test=test)


def prepare(dataset: Dataset, train_fraction: float, split: int = 0, pixels: str = "standardised") -> TensorData:
    """The data set as tensors: train, valid and test, standardised by the training split.

    Args:
        train_fraction: The share of the training data to train on; the rest is for validation.
        split: The seed that chooses the items for validation.
        pixels: "standardised", or "unit" to divide bytes by 255 instead.

    Raises:
        StudyError: The scaling is not possible for these inputs.
    """
    train, valid = split_indices(len(dataset.train.targets), train_fraction, split)
    inputs = dataset.train.inputs
    mean: float | Tensor
    std: float | Tensor
    pixel_std = 1.0
    if inputs.ndim == 2:
        if pixels == "unit":
            raise StudyError(f"{dataset.name}: rows hold no pixels, every column is standardised; leave `pixels` out")
        mean, std = column_moments(inputs[train])
    else:
        mean, std = pixel_moments(inputs[train])
        if std == 0:
            raise StudyError(f"{dataset.name}: all training pixels are equal; there is nothing to learn from")
        if pixels == "unit":
            if inputs.dtype != np.uint8:
                raise StudyError(f"{dataset.name}: only bytes can be scaled to 0 … 1; leave `pixels` out")
            mean, std, pixel_std = 0.0, 255.0, std / 255
    task = task_of(dataset, train)

    def standardise(batch: Tensor) -> Tensor:
        batch = batch.sub(mean).div_(std)  # a copy: the source may be the user's own array
        return batch.to(memory_format=torch.channels_last) if batch.ndim == 4 else batch

    def convert(split: Split, indices: Indices | slice) -> TensorSplit:
        x = split.inputs[indices]
        inputs = (
            StreamedTensors(x, (standardise,))
            if isinstance(x, StreamedInputs)
            else standardise(torch.from_numpy(np.ascontiguousarray(x)).to(torch.float32))
        )
        if isinstance(task, Regression):
            return TensorSplit(inputs, task.standardise(split.targets[indices]))
        return TensorSplit(inputs, torch.from_numpy(split.targets[indices].astype(np.int64)))

    splits = convert(dataset.train, train), convert(dataset.train, valid), convert(dataset.test, slice(None))
    if dataset.random is not None:
        redraw = Redraw(dataset.random.of_rows(train), dataset.items, mean, std)
        splits = replace(splits[0], redraw=redraw), *splits[1:]
    scale = (mean, std) if isinstance(mean, float) and isinstance(std, float) else (0.0, 1.0)
    return TensorData(*splits, dataset, *scale, pixel_std, task)


def task_of(dataset: Dataset, train: Indices) -> Task:
    """The task of a data set; numbers are standardised by the training items."""
    if dataset.classes:
        return Classification(len(dataset.classes))
    targets = dataset.train.targets[train].astype(float)
    std = targets.std(axis=0)
    if not std.all():
        raise StudyError(f"{dataset.name}: all training targets are equal; there is nothing to learn")
    return Regression(tuple(map(float, targets.mean(axis=0))), tuple(map(float, std)))
