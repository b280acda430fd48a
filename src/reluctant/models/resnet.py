"""A small residual network, as its authors trained it on images of 32 by 32 pixels."""

from collections.abc import Callable
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from reluctant.activations import factory
from reluctant.catalogue.models import depth_fault
from reluctant.core.errors import ModelError
from reluctant.models.convnet import check_image_size
from reluctant.models.factories import Activation

SMALLEST = 8  # pixels; the map is halved twice


class ResidualBlock(nn.Module):
    """f(x + norm(conv(f(norm(conv x))))): (n, channels, h, w) → (n, out, h/stride, w/stride).

    Where the map gets smaller or gets more channels, the shortcut takes every stride-th pixel of x and adds
    channels of zeros, which needs no weights (option A of the source).
    """

    def __init__(self, channels: int, out: int, stride: int, make_activation: Callable[[], nn.Module]) -> None:
        super().__init__()
        self.stride, self.zero_channels = stride, out - channels
        self.conv1 = _conv3x3(channels, out, stride)
        self.norm1 = nn.BatchNorm2d(out)
        self.activation1 = make_activation()
        self.conv2 = _conv3x3(out, out)
        self.norm2 = nn.BatchNorm2d(out)
        self.activation2 = make_activation()

    def forward(self, x: Tensor) -> Tensor:
        residual = self.norm2(self.conv2(self.activation1(self.norm1(self.conv1(x)))))
        if self.stride > 1 or self.zero_channels:
            x = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.zero_channels))
        out: Tensor = self.activation2(residual + x)
        return out


class ResNet(nn.Module):
    """Images (n, channels, height, width) → scores (n, classes), by 6n + 2 layers with weights.

    A convolution, three stages of n residual blocks with `width`, twice and four times as many channels, the
    mean over the map, a linear layer. Source: He et al. 2016 (1512.03385), section 4.2.

    Args:
        activation: Every site gets a fresh one.
        image: The shape of one image, at least 8 pixels high and wide.
        depth: 6n + 2, at least 8.
        width: The channels of the first stage.
    """

    def __init__(
        self,
        activation: Activation,
        *,
        image: tuple[int, int, int] = (1, 28, 28),
        classes: int = 10,
        depth: int = 8,
        width: int = 16,
    ) -> None:
        super().__init__()
        check_image_size("resnet", *image[1:], SMALLEST)
        if depth < 8 or depth_fault(depth):
            reason = depth_fault(max(8, depth)) or f"depth must be at least 8, not {depth}"
            raise ModelError(f"resnet: {reason}")
        make_activation, blocks_per_stage = factory(activation), (depth - 2) // 6
        self.conv = _conv3x3(image[0], width)
        self.norm = nn.BatchNorm2d(width)
        self.activation = make_activation()
        widths = [width] + [width * 2**stage for stage in range(3) for _ in range(blocks_per_stage)]
        self.blocks = nn.Sequential(
            *(ResidualBlock(*pair, 2 if pair[1] > pair[0] else 1, make_activation) for pair in pairwise(widths))
        )
        self.output = nn.Linear(widths[-1], classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.blocks(self.activation(self.norm(self.conv(x))))
        scores: Tensor = self.output(x.mean((2, 3)))
        return scores


def _conv3x3(channels: int, out: int, stride: int = 1) -> nn.Conv2d:
    """3×3 with a border of zeros, without bias: the batch norm after it would remove a bias."""
    return nn.Conv2d(channels, out, kernel_size=3, stride=stride, padding=1, bias=False)
