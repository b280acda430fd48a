"""A trained network on corrupted test images: the same corruptions for every activation."""

import math
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reluctant.core.randomness import generator
from reluctant.records.parts import Json
from reluctant.training.evaluation import evaluate
from reluctant.training.tensors import TensorSplit

# Standard deviation of the noise in those of the training pixels; standard deviation of the blur in pixels;
# pixels of shift; degrees of rotation.
STRENGTHS = {"noise": (0.25, 0.5, 1.0), "blur": (0.5, 1.0, 1.5), "shift": (1, 2, 4), "rotation": (10, 20, 40)}


def measure_robustness(model: nn.Module, split: TensorSplit, background: float, pixel_std: float = 1.0) -> Json:
    """Per corruption and strength, how many of the split's images are still classified right.

    Args:
        background: What the network sees for a black pixel, which fills the edges.
        pixel_std: The standard deviation of the training pixels as the network sees them.
    """
    record: Json = {"images": len(split)}
    for kind, strengths in STRENGTHS.items():
        record[kind] = {}
        for strength in strengths:
            scaled = strength * (pixel_std if kind == "noise" else 1)
            images = corrupt(split.inputs, kind, scaled, background)
            _, predictions = evaluate(model, TensorSplit(images, split.targets))
            record[kind][f"{strength:g}"] = int((predictions == split.targets.cpu()).sum())
    return record


def corrupt(images: Tensor, kind: str, strength: float, background: float = 0.0) -> Tensor:
    """Standardised images (n, c, h, w), corrupted; the direction of each follows from its index alone."""
    corrupted = _CORRUPTIONS[kind](images - background, strength) + background
    return corrupted.contiguous(memory_format=torch.channels_last)


def _add_noise(images: Tensor, strength: float) -> Tensor:
    noise = generator(0, "robustness", "noise").standard_normal(tuple(images.shape), np.float32)
    return images + strength * torch.from_numpy(noise).to(images.device)


def _blur(images: Tensor, strength: float) -> Tensor:
    """By a Gaussian, cut off at three standard deviations."""
    reach = math.ceil(3 * strength)
    x = torch.arange(-reach, reach + 1, dtype=images.dtype, device=images.device)
    bell = torch.exp(-0.5 * (x / strength) ** 2)
    bell, channels = bell / bell.sum(), images.shape[1]
    across = F.conv2d(images, bell.view(1, 1, 1, -1).expand(channels, 1, 1, -1), padding=(0, reach),
                      groups=channels)  # fmt: skip
    return F.conv2d(across, bell.view(1, 1, -1, 1).expand(channels, 1, -1, 1), padding=(reach, 0), groups=channels)


def _shift_images(images: Tensor, strength: float) -> Tensor:
    """By so many pixels in one of eight directions, at random for each image."""
    angle = _random_integers("shift", 8, images) * (math.pi / 4)
    size = torch.tensor([images.shape[3], images.shape[2]], device=images.device)
    shift = torch.stack([angle.cos(), angle.sin()], dim=1).round() * strength * 2 / size
    identity = torch.eye(2, device=images.device).expand(len(images), 2, 2)
    return _resample(images, torch.cat([identity, shift[:, :, None]], dim=2))


def _rotate(images: Tensor, strength: float) -> Tensor:
    """By so many degrees, to the left or to the right, at random for each image."""
    angle = math.radians(strength) * (2 * _random_integers("rotation", 2, images) - 1)
    cos, sin, none = angle.cos(), angle.sin(), torch.zeros_like(angle)
    return _resample(images, torch.stack([cos, -sin, none, sin, cos, none], dim=1).view(-1, 2, 3))


def _random_integers(kind: str, limit: int, images: Tensor) -> Tensor:
    """A whole number below `limit` for every image."""
    integers = generator(0, "robustness", kind).integers(0, limit, len(images))
    return torch.from_numpy(integers).to(images.device, images.dtype)


def _resample(images: Tensor, theta: Tensor) -> Tensor:
    """The images after an affine map of each, (n, 2, 3)."""
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    return F.grid_sample(images.contiguous(), grid, align_corners=False)


_CORRUPTIONS: dict[str, Callable[[Tensor, float], Tensor]] = {
    "noise": _add_noise,
    "blur": _blur,
    "shift": _shift_images,
    "rotation": _rotate,
}
