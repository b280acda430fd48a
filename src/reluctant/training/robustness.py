"""A finished network on worsened test images: the same noise, blur, shift and turn for every activation."""

import math
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reluctant.core.randomness import generator
from reluctant.records.store import Record
from reluctant.training.evaluation import evaluate
from reluctant.training.tensors import Part

# Strengths: deviation of the noise in deviations of the training pixels; deviation of the blur in pixels;
# pixels of shift; degrees of turn.
STRENGTHS = {
    "noise": (0.25, 0.5, 1.0),
    "blur": (0.5, 1.0, 1.5),
    "shift": (1, 2, 4),
    "rotation": (10, 20, 40),
}


def robustness(model: nn.Module, part: Part, background: float, unit: float = 1.0) -> Record:
    """Per worsening and strength, how many of the part's images are still classified right.

    `background` is what the network is fed for a black pixel, which comes in at the edges; `unit` is the
    deviation of the training pixels in what it is fed.
    """
    found: Record = {"images": len(part)}
    for kind, strengths in STRENGTHS.items():
        found[kind] = {}
        for strength in strengths:
            worse = worsened(part.images, kind, strength * (unit if kind == "noise" else 1), background)
            _, predicted = evaluate(model, Part(worse, part.labels))
            found[kind][f"{strength:g}"] = int((predicted == part.labels.cpu()).sum())
    return found


def worsened(images: Tensor, kind: str, strength: float, background: float = 0.0) -> Tensor:
    """Standardised images (n, c, h, w), worsened; which way each is moved follows from its place alone."""
    changed = _KINDS[kind](images - background, strength) + background
    return changed.contiguous(memory_format=torch.channels_last)


def _noise(images: Tensor, strength: float) -> Tensor:
    drawn = generator(0, "robustness", "noise").standard_normal(tuple(images.shape), np.float32)
    return images + strength * torch.from_numpy(drawn).to(images.device)


def _blur(images: Tensor, strength: float) -> Tensor:
    """By a Gaussian, cut off at three deviations."""
    reach = math.ceil(3 * strength)
    x = torch.arange(-reach, reach + 1, dtype=images.dtype, device=images.device)
    bell = torch.exp(-0.5 * (x / strength) ** 2)
    bell, channels = bell / bell.sum(), images.shape[1]
    across = F.conv2d(images, bell.view(1, 1, 1, -1).expand(channels, 1, 1, -1), padding=(0, reach),
                      groups=channels)  # fmt: skip
    return F.conv2d(
        across, bell.view(1, 1, -1, 1).expand(channels, 1, -1, 1), padding=(reach, 0), groups=channels
    )


def _shift(images: Tensor, strength: float) -> Tensor:
    """By so many pixels in one of eight directions, drawn for each image."""
    angle = _drawn("shift", 8, images) * (math.pi / 4)
    size = torch.tensor([images.shape[3], images.shape[2]], device=images.device)
    moved = torch.stack([angle.cos(), angle.sin()], dim=1).round() * strength * 2 / size
    still = torch.eye(2, device=images.device).expand(len(images), 2, 2)
    return _moved(images, torch.cat([still, moved[:, :, None]], dim=2))


def _rotation(images: Tensor, strength: float) -> Tensor:
    """By so many degrees, to the left or to the right, drawn for each image."""
    angle = math.radians(strength) * (2 * _drawn("rotation", 2, images) - 1)
    cos, sin, none = angle.cos(), angle.sin(), torch.zeros_like(angle)
    return _moved(images, torch.stack([cos, -sin, none, sin, cos, none], dim=1).view(-1, 2, 3))


def _drawn(kind: str, number: int, images: Tensor) -> Tensor:
    """A whole number below `number` for every image."""
    drawn = generator(0, "robustness", kind).integers(0, number, len(images))
    return torch.from_numpy(drawn).to(images.device, images.dtype)


def _moved(images: Tensor, theta: Tensor) -> Tensor:
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    return F.grid_sample(images.contiguous(), grid, align_corners=False)


_KINDS: dict[str, Callable[[Tensor, float], Tensor]] = {
    "noise": _noise,
    "blur": _blur,
    "shift": _shift,
    "rotation": _rotation,
}
