"""Networks of convolutions and linear layers: the article's, and that of many MNIST tutorials."""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reluctant.activations import factory
from reluctant.core.errors import ModelError
from reluctant.models import fused
from reluctant.models.factories import Activation
from reluctant.models.fused import Dropout

HIDDEN = 128  # units of the hidden linear layer


def check_image_size(model: str, height: int, width: int, smallest: int) -> None:
    """Raise `ModelError` for images under `smallest` pixels high or wide."""
    if min(height, width) < smallest:
        raise ModelError(
            f"images of {height}×{width} are too small for {model}; the smallest that fit are {smallest}×{smallest}"
        )


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
        activation: Every site gets a fresh one.
        image: The shape of one image, square, at least 22 pixels wide.
        dropout: The probability of a zero after every block.
        numbers: Whether the outputs are plain numbers, for regression.
    """

    CHANNELS = (32, 64, 128)
    SMALLEST = 22  # pixels; with fewer, "cut a border of one, then halve" three times leaves no pixel

    def __init__(
        self,
        activation: Activation,
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
        check_image_size("convnet", side, width, self.SMALLEST)
        make_activation = factory(activation)
        self.blocks = nn.ModuleList(
            ConvBlock(inputs, out, make_activation(), dropout) for inputs, out in pairwise((channels, *self.CHANNELS))
        )
        for _ in self.CHANNELS:
            side = (side - 2) // 2
        self.hidden = nn.Linear(self.CHANNELS[-1] * side * side, HIDDEN)
        self.activation = make_activation()
        self.output = nn.Linear(HIDDEN, classes)
        self.numbers = numbers

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x)
        x = self.activation(self.hidden(x.flatten(1)))
        out: Tensor = self.output(x)
        return out if self.numbers else F.log_softmax(out, dim=1)


class CNN(nn.Sequential):
    """Images (n, channels, height, width) → scores (n, classes), as in the example of Keras for MNIST.

    Two convolutions, one pooling, two linear layers.

    Args:
        activation: Every site gets a fresh one.
        image: The shape of one image, at least 6 pixels high and wide.
        dropout: The probability of a zero after the pooling.
        dense_dropout: The probability of a zero after the hidden linear layer.
    """

    CHANNELS = (32, 64)
    SMALLEST = 6  # pixels; with fewer, "cut a border of one, twice, then halve" leaves no pixel

    def __init__(
        self,
        activation: Activation,
        *,
        image: tuple[int, int, int] = (1, 28, 28),
        classes: int = 10,
        dropout: float = 0.25,
        dense_dropout: float = 0.5,
    ) -> None:
        super().__init__()
        channels, height, width = image
        check_image_size("cnn", height, width, self.SMALLEST)
        make_activation = factory(activation)
        self.conv1 = nn.Conv2d(channels, self.CHANNELS[0], kernel_size=3)
        self.activation1 = make_activation()
        self.conv2 = nn.Conv2d(*self.CHANNELS, kernel_size=3)
        self.activation2 = make_activation()
        self.pool = nn.MaxPool2d(2)
        self.dropout = Dropout(dropout)
        self.flatten = nn.Flatten()
        self.hidden = nn.Linear(self.CHANNELS[1] * ((height - 4) // 2) * ((width - 4) // 2), HIDDEN)
        self.activation3 = make_activation()
        self.dense_dropout = Dropout(dense_dropout)
        self.output = nn.Linear(HIDDEN, classes)


def kernels_used(model: nn.Module) -> list[str]:
    """The names of the compiled kernels that ran in a network."""
    names = {module.kernel for module in model.modules() if isinstance(module, ConvBlock | Dropout)}
    return sorted(names - {""})
