"""Training images changed anew in every epoch, at random, but in the same way for every activation."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from reluctant.catalogue import AUGMENTATIONS, augmentation_steps
from reluctant.core.errors import StudyError
from reluctant.core.randomness import generator
from reluctant.study import Run
from reluctant.training.tensors import TensorData

Change = Callable[[Tensor, Tensor], Tensor]  # a batch and the indices of its items → the batch changed


class Augmentation:
    """What a run does to its training inputs in one epoch: called with a batch and the indices of its items.

    The random numbers for all items of the training split come at once from the run's source of noise, the
    epoch and the change's name: they depend on no activation, and on no epoch before. The batch keeps its
    shape, its device and its layout (channels last). Without augmentation it comes back untouched.
    Raises `StudyError` where a change of images meets other inputs.
    """

    def __init__(self, run: Run, data: TensorData, epoch: int) -> None:
        check_augmentation(run.augment, tuple(data.train.inputs.shape))
        self.changes: list[Change] = []
        for name in augmentation_steps(run.augment):
            rng = generator(run.seed_for("noise"), "augment", epoch, name.head)
            self.changes.append(_CHANGES[name.head](rng, data, **AUGMENTATIONS.arguments(name)))

    def __call__(self, batch: Tensor, indices: Tensor) -> Tensor:
        """The batch changed; `indices` are those of its items in the training split, shape (n,)."""
        for change in self.changes:
            batch = change(batch, indices)
        return batch


def check_augmentation(augment: str, shape: tuple[int, ...]) -> None:
    """Raise `StudyError` where an augmentation changes images and inputs of this shape are none."""
    for name in augmentation_steps(augment):
        if name.head in _OF_IMAGES and len(shape) != 4:
            hint = "leave it out, or write augment = 'noise'"
            raise StudyError(f"augment: {name.head} changes images, and these data are none; {hint}")


def _flip(rng: np.random.Generator, data: TensorData) -> Change:
    """Mirror left and right, half of the images."""
    mirrored = _on_device(rng.integers(0, 2, len(data.train)), data).bool()

    def change(images: Tensor, indices: Tensor) -> Tensor:
        straight = torch.arange(images.shape[3], device=images.device)
        columns = torch.where(mirrored[indices][:, None], straight.flip(0), straight)
        rows = torch.arange(images.shape[2], device=images.device).expand(len(images), -1)
        return _take_pixels(images, rows, columns)

    return change


def _crop(rng: np.random.Generator, data: TensorData, *, padding: int) -> Change:
    """Pad every side, and take a piece of the old size."""
    corners = rng.integers(0, 2 * padding + 1, (len(data.train), 2))
    return _crop_at(_on_device(corners, data), padding, data)


def _shift(rng: np.random.Generator, data: TensorData, *, pixels: int) -> Change:
    """Every image moves down and right by up to so many pixels; a negative number is up or left."""
    moves = rng.integers(-pixels, pixels + 1, (len(data.train), 2))
    return _crop_at(_on_device(pixels - moves, data), pixels, data)


def _crop_at(corners: Tensor, border: int, data: TensorData) -> Change:
    """The piece of every image with a black border that begins at its corner (row, column)."""
    black = -data.mean / data.std

    def change(images: Tensor, indices: Tensor) -> Tensor:
        rows, columns = (
            corners[indices, axis][:, None] + torch.arange(images.shape[2 + axis], device=images.device)
            for axis in (0, 1)
        )
        return _take_pixels(F.pad(images, (border,) * 4, value=black), rows, columns)

    return change


def _noise(rng: np.random.Generator, data: TensorData, *, deviation: float) -> Change:
    """Gaussian noise, generated batch by batch, as an epoch's noise for all images would fill the memory."""

    def change(batch: Tensor, indices: Tensor) -> Tensor:
        noise = torch.from_numpy(rng.standard_normal(tuple(batch.shape), np.float32))
        return batch + torch.empty_like(batch).copy_(noise) * (deviation * data.pixel_std)

    return change


def _take_pixels(images: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Of every image these rows (n, h) and columns (n, w), laid out channels last."""
    each = torch.arange(len(images), device=images.device)[:, None, None]
    return images.permute(0, 2, 3, 1)[each, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def _on_device(values: npt.NDArray[np.int64], data: TensorData) -> Tensor:
    return torch.from_numpy(values).to(data.train.targets.device)


_CHANGES: dict[str, Callable[..., Change]] = {"flip": _flip, "crop": _crop, "shift": _shift, "noise": _noise}
_OF_IMAGES = ("flip", "crop", "shift")
