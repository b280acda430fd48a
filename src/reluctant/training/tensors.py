"""A data set as the tensors that training reads: standardised, in memory, channels last."""

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from reluctant.catalogue.metrics import CLASSIFICATION
from reluctant.catalogue.token_sums import guess_loss
from reluctant.core.errors import DataError
from reluctant.data import Dataset
from reluctant.data.inputs import as_inputs
from reluctant.data.random_items import RandomItems
from reluctant.data.tokens import as_token_ids
from reluctant.models.build import build
from reluctant.models.layers import channels_first
from reluctant.models.tokens import example_inputs
from reluctant.tasks import Classification, Task, Tokens, to_numpy
from reluctant.training.streamed_tensors import StreamedTensors, read_batches
from reluctant.training.windows import Windows

_CLASSES = Classification()
IMAGES_STORED, LARGEST_STORED = 16, 2**16  # test images in a study's folder, and the most bytes of them


@dataclass(frozen=True)
class TensorSplit:
    """One split on a device."""

    # float32 (n, …), standardised; images (n, channels, height, width), in channels-last memory; token ids (n, tokens):
    # a tensor, or `StreamedTensors`, which are indexed like one
    inputs: Any
    # classes as int64 (n,), standardised numbers, float32 (n, outputs), or classes of tokens, int64 (n, tokens)
    targets: Tensor
    redraw: "Redraw | None" = None  # where the inputs are random
    windows: Windows | None = None  # where the items are windows of one text

    def __len__(self) -> int:
        return len(self.targets)

    def batches(self, size: int) -> Iterator[tuple[slice, Tensor]]:
        """All inputs in order, so many at a time, each with the rows that they are."""
        rows = [slice(start, start + size) for start in range(0, len(self), size)]
        return zip(rows, read_batches(self.inputs, rows), strict=True)

    def of_epoch(self, seed: int, epoch: int) -> tuple[Any, Tensor]:
        """Inputs and targets in one epoch: drawn afresh from the seed and the epoch where they are random.

        The windows of a text begin at another place in every epoch.
        """
        if self.windows is not None:
            return self.windows(seed, epoch)
        if isinstance(self.inputs, StreamedTensors):
            return self.inputs.of_epoch(seed, epoch), self.targets
        if self.redraw is None:
            return self.inputs, self.targets
        return torch.empty_like(self.inputs).copy_(self.redraw(seed, epoch)), self.targets

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
    """The inputs of a seed and an epoch, standardised as those of the data set are, whose items are `word`.

    With a `vocabulary` they are token ids, which stay whole numbers.
    """

    items: RandomItems
    word: str
    mean: float | Tensor = 0.0
    std: float | Tensor = 1.0
    vocabulary: int | None = None

    def __call__(self, seed: int, epoch: int) -> Tensor:
        """Inputs of shape (n, …), float32; token ids int64."""
        where, values = f"{self.items.name}: epoch {epoch}", self.items.draw(seed, epoch)
        if self.vocabulary is not None:
            try:
                return torch.from_numpy(as_token_ids(where, values, self.vocabulary))
            except DataError as fault:  # nobody knew of an id that was not there at first
                raise DataError(f"{fault}; give from_data the size of the vocabulary, such as tokens=1000") from None
        inputs = as_inputs(where, values, self.word)
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
        return example_inputs(self.input_shape, self.source.tokens).to(device or self.train.targets.device)

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
            if tokens:
                expected = guess_loss(to_numpy(self.train.targets), to_numpy(self.test.targets))
                description |= {"tokens": True, "guess_loss": expected}
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
            replace(
                split,
                targets=split.targets.to(device),
                windows=split.windows and replace(split.windows, stream=split.windows.stream.to(device)),
            )
            for split in (moved.train, moved.valid, moved.test)
        )
        return replace(moved, train=train, valid=valid, test=test)

    def contiguous(self) -> "TensorData":
        """The same data in PyTorch's usual memory format, channels first."""
        return self.with_inputs(channels_first)

    def with_inputs(self, change: Callable[[Tensor], Tensor]) -> "TensorData":
        """The same data with changed inputs."""
        train, valid, test = (split.changed(change) for split in (self.train, self.valid, self.test))
        return replace(self, train=train, valid=valid, test=test)
