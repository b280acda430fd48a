"""A data set as tensors: its splits, standardised by the training split, or token ids as they are."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from reluctant.catalogue.metrics import TOKENS
from reluctant.core.errors import StudyError
from reluctant.data import Dataset, Split, split_indices
from reluctant.data.groups import Indices
from reluctant.data.streamed import StreamedInputs
from reluctant.tasks import Classification, Regression, Task, Tokens
from reluctant.training.moments import column_moments, pixel_moments
from reluctant.training.streamed_tensors import StreamedTensors
from reluctant.training.tensors import Redraw, TensorData, TensorSplit
from reluctant.training.windows import Windows


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

    redraw = None
    if dataset.random is not None and dataset.tokens is not None:
        redraw = Redraw(dataset.random.of_rows(train), dataset.items, vocabulary=dataset.tokens.vocabulary)
    first = replace(convert(dataset.train, train), windows=windows, redraw=redraw)
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
