"""The article's network: three convolutional blocks and two linear layers, with any activation."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reluctant.activations import factory
from reluctant.core.errors import ModelError
from reluctant.models import fused
from reluctant.models.dropout import Dropout

CHANNELS = (32, 64, 128)
HIDDEN = 128
SMALLEST = 22  # pixels; with fewer, "cut a border of one, then halve" three times leaves no pixel


class ConvBlock(nn.Module):
    """Convolution 3×3, batch norm, max-pooling, activation, dropout: (n, c, s, s) → (n, out, (s−2)//2, …)."""

    def __init__(self, channels: int, out: int, activation: nn.Module, dropout: float) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, out, kernel_size=3)
        self.norm = nn.BatchNorm2d(out)
        self.pool = nn.MaxPool2d(2)
        self.activation = activation
        self.dropout = Dropout(dropout)
        self.kernel = ""  # the compiled kernel that ran last, if any

    def forward(self, x: Tensor) -> Tensor:
        layers = (self.conv, self.norm, self.pool)
        # A compiled kernel runs the three layers as one, so it would call none of their hooks.
        if self.supports_kernel(x) and not any(layer._forward_hooks for layer in layers):
            self.kernel = fused.kernel_name(x, self.conv.weight)
            x = fused.conv_norm_pool(x, self.conv, self.norm)
        else:
            x = self.pool(self.norm(self.conv(x)))
        out: Tensor = self.dropout(self.activation(x))
        return out

    def supports_kernel(self, x: Tensor) -> bool:
        """Whether a compiled kernel takes this input; in evaluation mode it computes no gradient."""
        return fused.is_supported(x) and (self.training or not torch.is_grad_enabled())


class ConvNet(nn.Module):
    """The network of Nicolas's article: images (n, channels, side, side) → log-probabilities (n, classes).

    Args:
        activation: A name, a module class, a module or a function of a tensor; every site gets a fresh one.
        image: The shape of one image.
        classes: The number of outputs.
        dropout: The probability of a zero after every block.
        numbers: Whether the outputs are plain numbers, for regression.

    Raises:
        ModelError: The images are not square, or under 22 pixels wide.
    """

    def __init__(
        self,
        activation: str | nn.Module | Callable[..., Any],
        *,
        image: tuple[int, int, int] = (1, 28, 28),
        classes: int = 10,
        dropout: float = 0.15,
        numbers: bool = False,
    ) -> None:
        super().__init__()
        channels, side, width = image
        if side != width:
            raise ModelError(f"convnet takes square images, not {side}×{width}; crop or pad them first")
        if side < SMALLEST:
            raise ModelError(
                f"images of {side}×{width} are too small for convnet; the smallest that fit are {SMALLEST}×{SMALLEST}"
            )
        make_activation = factory(activation)
        widths = (channels, *CHANNELS)
        self.blocks = nn.ModuleList(
            ConvBlock(widths[i], widths[i + 1], make_activation(), dropout) for i in range(len(CHANNELS))
        )
        for _ in CHANNELS:
            side = (side - 2) // 2
        self.hidden = nn.Linear(CHANNELS[-1] * side * side, HIDDEN)
        self.activation = make_activation()
        self.output = nn.Linear(HIDDEN, classes)
        self.numbers = numbers

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x)
        x = self.activation(self.hidden(x.flatten(1)))
        out: Tensor = self.output(x)
        return out if self.numbers else F.log_softmax(out, dim=1)


def kernels_used(model: nn.Module) -> list[str]:
    """The names of the compiled kernels that ran in a network."""
    names = {module.kernel for module in model.modules() if isinstance(module, ConvBlock | Dropout)}
    return sorted(names - {""})
