"""A data set as the tensors that training reads: standardised, in memory, channels last."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from reluctant.catalogue.metrics import CLASSIFICATION, TOKENS
from reluctant.core.errors import StudyError
from reluctant.data import Dataset, Split, split_indices
from reluctant.data.inputs import as_inputs
from reluctant.data.random_items import RandomItems
from reluctant.models.build import build
from reluctant.models.layers import channels_first
from reluctant.models.tokens import example_inputs
from reluctant.tasks import Classification, Regression, Task, Tokens, to_numpy
from reluctant.training.windows import Windows

Indices = npt.NDArray[np.int64]
_CLASSES = Classification()
IMAGES_STORED, LARGEST_STORED = 16, 2**16  # test images in a study's folder, and the most bytes of them


@dataclass(frozen=True)
class TensorSplit:
    """One split on a device."""

    # float32 (n, …), standardised; images (n, channels, height, width), in channels-last memory; token ids (n, tokens)
    inputs: Tensor
    # classes as int64 (n,), standardised numbers, float32 (n, outputs), or classes of tokens, int64 (n, tokens)
    targets: Tensor
    redraw: "Redraw | None" = None  # where the inputs are random
    windows: Windows | None = None  # where the items are windows of one text

    def __len__(self) -> int:
        return len(self.targets)

    def of_epoch(self, seed: int, epoch: int) -> tuple[Tensor, Tensor]:
        """Inputs and targets in one epoch: drawn afresh from the seed and the epoch where they are random.

        The windows of a text begin at another place in every epoch.
        """
        if self.windows is not None:
            return self.windows(seed, epoch)
        if self.redraw is None:
            return self.inputs, self.targets
        return torch.empty_like(self.inputs).copy_(self.redraw(seed, epoch)), self.targets

    def of_rows(self, rows: Tensor) -> "TensorSplit":
        """Some of these items."""
        redraw = self.redraw and replace(self.redraw, items=self.redraw.items.of_rows(to_numpy(rows)))
        return TensorSplit(self.inputs[rows], self.targets[rows], redraw)


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

    def example(self, device: torch.device | None = None) -> Tensor:
        """Two inputs of zeros, or of one token."""
        return example_inputs(self.input_shape, self.source.tokens).to(device or self.train.inputs.device)

    def build_network(self, model: str, activation: str, seed: int = 0) -> nn.Module:
        """A network for these inputs and outputs (see `reluctant.models.build`)."""
        return build(
            model, activation, self.input_shape, self.outputs, seed, task=self.task.name, tokens=self.source.tokens
        )

    def describe(self) -> dict[str, Any]:
        """What a study's folder stores about the data, so that reports do not need the data themselves."""
        source = self.source
        description: dict[str, Any] = {
            "name": source.name,
            "sha256": source.sha256,
            "classes": list(source.classes),
            "images": {"train": len(self.train), "valid": len(self.valid), "test": len(self.test)},
        }
        truth = self.task.encode_targets(self.test.targets)  # predictions are scored against it again
        if self.task.name == CLASSIFICATION:
            description["test_labels"] = truth
        else:
            tokens = isinstance(self.task, Tokens)
            description |= {"test_targets": truth, "outputs": 3 if tokens else self.task.outputs}
            description |= {"tokens": True} if tokens else {}
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
        return self._map(lambda tensor: tensor.to(device))

    def contiguous(self) -> "TensorData":
        """The same data in PyTorch's usual memory format, channels first."""
        return self._map(channels_first)

    def _map(self, change: Callable[[Tensor], Tensor]) -> "TensorData":
        train, valid, test = (
            replace(
                split,
                inputs=change(split.inputs),
                targets=change(split.targets),
                windows=split.windows and replace(split.windows, stream=change(split.windows.stream)),
            )
            for split in (self.train, self.valid, self.test)
        )
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
    order: dict[str, Any] = {"groups": dataset.groups, "by_position": dataset.by_position}
    train, valid = split_indices(len(dataset.train.targets), train_fraction, split, **order)
    if dataset.tokens is not None:
        return _prepare_tokens(dataset, train, valid, pixels)
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

    def convert(split: Split, indices: Indices | slice) -> TensorSplit:
        x = torch.from_numpy(np.ascontiguousarray(split.inputs[indices])).to(torch.float32)
        x = x.sub(mean).div_(std)  # a copy: the source may be the user's own array
        if x.ndim == 4:
            x = x.to(memory_format=torch.channels_last)
        if isinstance(task, Regression):
            return TensorSplit(x, task.standardise(split.targets[indices]))
        return TensorSplit(x, torch.from_numpy(split.targets[indices].astype(np.int64)))

    splits = convert(dataset.train, train), convert(dataset.train, valid), convert(dataset.test, slice(None))
    if dataset.random is not None:
        redraw = Redraw(dataset.random.of_rows(train), dataset.items, mean, std)
        splits = replace(splits[0], redraw=redraw), *splits[1:]
    scale = (mean, std) if isinstance(mean, float) and isinstance(std, float) else (0.0, 1.0)
    return TensorData(*splits, dataset, *scale, pixel_std, task)


def _prepare_tokens(dataset: Dataset, train: Indices, valid: Indices, pixels: str) -> TensorData:
    """The splits of inputs that are token ids, which stay whole numbers."""
    if pixels == "unit":
        raise StudyError(f"{dataset.name}: its inputs are token ids, which are not scaled; leave `pixels` out")
    windows = None
    if dataset.tokens is not None and dataset.tokens.stream is not None:
        context = dataset.train.inputs.shape[1]
        windows = Windows(torch.from_numpy(dataset.tokens.stream[: len(train) * context + 1]), context)
        train = train[: windows.count]

    def convert(part: Split, indices: Indices | slice) -> TensorSplit:
        inputs, targets = (torch.from_numpy(each[indices].astype(np.int64)) for each in (part.inputs, part.targets))
        return TensorSplit(inputs, targets)

    first = replace(convert(dataset.train, train), windows=windows)
    splits = first, convert(dataset.train, valid), convert(dataset.test, slice(None))
    return TensorData(*splits, dataset, 0.0, 1.0, task=task_of(dataset, train))


def task_of(dataset: Dataset, train: Indices) -> Task:
    """The task of a data set; numbers are standardised by the training items."""
    if dataset.task == TOKENS:
        known = dataset.tokens
        classes = len(dataset.classes) or (known.vocabulary if known else 0)
        return Tokens(classes, None if known is None or known.sizes is None else torch.from_numpy(known.sizes))
    if dataset.classes:
        return Classification(len(dataset.classes))
    targets = dataset.train.targets[train].astype(float)
    std = targets.std(axis=0)
    if not std.all():
        raise StudyError(f"{dataset.name}: all training targets are equal; there is nothing to learn")
    return Regression(tuple(map(float, targets.mean(axis=0))), tuple(map(float, std)))


def column_moments(rows: npt.NDArray[Any]) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of every column, in double precision; of a constant column mean and 1."""
    mean, std = rows.mean(axis=0, dtype=float), rows.std(axis=0, dtype=float)
    std[std <= 1e-12 * np.abs(mean)] = 1.0
    return torch.from_numpy(mean.astype(np.float32)), torch.from_numpy(std.astype(np.float32))


def pixel_moments(images: npt.NDArray[Any]) -> tuple[float, float]:
    """Mean and (population) standard deviation of all pixels, in double precision."""
    if images.dtype != np.uint8:
        return float(images.mean(dtype=float)), float(images.std(dtype=float))
    counts = np.bincount(images.reshape(-1), minlength=256).astype(float)
    levels = np.arange(256.0)
    mean = float(counts @ levels / counts.sum())
    return mean, float(np.sqrt(counts @ (levels - mean) ** 2 / counts.sum()))
