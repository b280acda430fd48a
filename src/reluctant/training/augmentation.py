"""Training images changed anew in every epoch, drawn so that every activation sees the same."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from reluctant.catalogue import AUGMENTATIONS, parts_of
from reluctant.core.errors import StudyError
from reluctant.core.randomness import generator
from reluctant.study import Run
from reluctant.training.tensors import Prepared

Change = Callable[[Tensor, Tensor], Tensor]  # a batch and which images it holds → the batch changed


class Augmentation:
    """What a run does to its training images in one epoch: called with a batch and the places of its images.

    All is drawn at once for all images of the training part, from the run's source of noise, the epoch and
    the change's name: it depends on no activation, and on no epoch before. The batch keeps its shape, its
    place and its layout (channels last). Without augmentation it comes back untouched.
    Raises `StudyError` where a change of images meets something else.
    """

    def __init__(self, run: Run, data: Prepared, epoch: int) -> None:
        check(run.augment, tuple(data.train.images.shape))
        self.changes: list[Change] = []
        for name in parts_of(run.augment):
            rng = generator(run.seed_for("noise"), "augment", epoch, name.head)
            self.changes.append(_KINDS[name.head](rng, data, **AUGMENTATIONS.arguments(name)))

    def __call__(self, images: Tensor, which: Tensor) -> Tensor:
        """The batch changed; `which` are the places of its images in the training part, shape (n,)."""
        for change in self.changes:
            images = change(images, which)
        return images


def check(augment: str, shape: tuple[int, ...]) -> None:
    """Raise `StudyError` where an augmentation changes images and the data, of this shape, are none."""
    for name in parts_of(augment):
        if name.head in _OF_IMAGES and len(shape) != 4:
            raise StudyError(
                f"augment: {name.head} changes images, and these data are none; leave it out, or "
                f"write augment = 'noise'"
            )


def _flip(rng: np.random.Generator, data: Prepared) -> Change:
    mirrored = _placed(rng.integers(0, 2, len(data.train)), data).bool()

    def change(images: Tensor, which: Tensor) -> Tensor:
        straight = torch.arange(images.shape[3], device=images.device)
        columns = torch.where(mirrored[which][:, None], straight.flip(0), straight)
        rows = torch.arange(images.shape[2], device=images.device).expand(len(images), -1)
        return _taken(images, rows, columns)

    return change


def _crop(rng: np.random.Generator, data: Prepared, *, padding: int) -> Change:
    return _moved(_placed(rng.integers(0, 2 * padding + 1, (len(data.train), 2)), data), padding, data)


def _shift(rng: np.random.Generator, data: Prepared, *, pixels: int) -> Change:
    """Every image moves down and right by up to so many pixels; a negative number is up or left."""
    moves = rng.integers(-pixels, pixels + 1, (len(data.train), 2))
    return _moved(_placed(pixels - moves, data), pixels, data)


def _moved(corners: Tensor, border: int, data: Prepared) -> Change:
    """The piece of every image's bordered self that begins at its corner (row, column)."""
    black = -data.mean / data.deviation

    def change(images: Tensor, which: Tensor) -> Tensor:
        rows, columns = (
            corners[which, axis][:, None] + torch.arange(images.shape[2 + axis], device=images.device)
            for axis in (0, 1)
        )
        return _taken(F.pad(images, (border,) * 4, value=black), rows, columns)

    return change


def _noise(rng: np.random.Generator, data: Prepared, *, deviation: float) -> Change:
    """Drawn batch by batch, as an epoch's noise for all images would fill the memory."""

    def change(images: Tensor, which: Tensor) -> Tensor:
        drawn = torch.from_numpy(rng.standard_normal(tuple(images.shape), np.float32))
        return images + torch.empty_like(images).copy_(drawn) * (deviation * data.unit)

    return change


def _taken(images: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Of every image these rows (n, h) and columns (n, w), laid out channels last."""
    each = torch.arange(len(images), device=images.device)[:, None, None]
    return images.permute(0, 2, 3, 1)[each, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def _placed(drawn: Any, data: Prepared) -> Tensor:
    return torch.from_numpy(drawn).to(data.train.images.device)


_KINDS: dict[str, Callable[..., Change]] = {"flip": _flip, "crop": _crop, "shift": _shift, "noise": _noise}
_OF_IMAGES = ("flip", "crop", "shift")
