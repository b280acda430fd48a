"""A small residual network, as its authors trained it on images of 32 by 32 pixels."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from reluctant.activations import factory
from reluctant.catalogue.models import depth_fault
from reluctant.core.errors import ModelError

SMALLEST = 8  # pixels: what two halvings leave a map of


class Residual(nn.Module):
    """x + norm(conv(f(norm(conv x)))), then f: (n, channels, h, w) → (n, out, h/stride, w/stride).

    Where the map shrinks or widens, x is thinned out by the stride and given channels of zeros, which takes
    no weights (kind A of the source).
    """

    def __init__(self, channels: int, out: int, stride: int, fresh: Callable[[], nn.Module]) -> None:
        super().__init__()
        self.stride, self.more = stride, out - channels
        self.conv1 = _conv(channels, out, stride)
        self.norm1 = nn.BatchNorm2d(out)
        self.activation1 = fresh()
        self.conv2 = _conv(out, out)
        self.norm2 = nn.BatchNorm2d(out)
        self.activation2 = fresh()

    def forward(self, x: Tensor) -> Tensor:
        inner = self.norm2(self.conv2(self.activation1(self.norm1(self.conv1(x)))))
        if self.stride > 1 or self.more:
            x = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.more))
        out: Tensor = self.activation2(inner + x)
        return out


class ResNet(nn.Module):
    """Images (n, channels, height, width) → scores (n, classes), by 6n + 2 layers with weights.

    A convolution, three stages of n residual blocks with `width`, twice and four times as many channels, the
    mean over the map, a linear layer. `activation` is a name, a module class, a module, or a function of a
    tensor; every place gets a fresh one. Raises `ModelError` for images under 8 pixels high or wide, and for
    another depth.
    Source: He et al. 2016 (1512.03385), section 4.2.
    """

    def __init__(
        self,
        activation: str | nn.Module | Callable[..., Any],
        *,
        image: tuple[int, int, int] = (1, 28, 28),
        classes: int = 10,
        depth: int = 8,
        width: int = 16,
    ) -> None:
        super().__init__()
        _check(image, depth)
        fresh, each = factory(activation), (depth - 2) // 6
        self.conv = _conv(image[0], width)
        self.norm = nn.BatchNorm2d(width)
        self.activation = fresh()
        widths = [width] + [width * 2**stage for stage in range(3) for _ in range(each)]
        self.blocks = nn.ModuleList(
            Residual(before, out, 2 if out > before else 1, fresh) for before, out in pairwise(widths)
        )
        self.output = nn.Linear(widths[-1], classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.activation(self.norm(self.conv(x)))
        for block in self.blocks:
            x = block(x)
        scores: Tensor = self.output(x.mean((2, 3)))
        return scores


def _check(image: tuple[int, int, int], depth: int) -> None:
    if min(image[1:]) < SMALLEST:
        raise ModelError(
            f"images of {image[1]}×{image[2]} are too small for resnet; the smallest that fit are "
            f"{SMALLEST}×{SMALLEST}"
        )
    if depth < 8 or depth_fault(depth):
        raise ModelError(f"resnet: {depth_fault(max(8, depth)) or f'depth must be at least 8, not {depth}'}")


def _conv(channels: int, out: int, stride: int = 1) -> nn.Conv2d:
    """3×3, a border of zeros, no bias: the norm behind it takes any away."""
    return nn.Conv2d(channels, out, kernel_size=3, stride=stride, padding=1, bias=False)
