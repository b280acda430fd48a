"""The small network of many MNIST tutorials: two convolutions, one pooling, two linear layers."""

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from reluctant.activations import factory
from reluctant.core.errors import ModelError
from reluctant.models.dropout import Dropout

CHANNELS = (32, 64)
HIDDEN = 128
SMALLEST = 6  # pixels; with fewer, "cut a border of one, twice, then halve" leaves no pixel


class CNN(nn.Module):
    """Images (n, channels, height, width) → scores (n, classes), as in the example of Keras for MNIST.

    Args:
        activation: A name, a module class, a module or a function of a tensor; every site gets a fresh one.
        image: The shape of one image.
        classes: The number of outputs.
        dropout: The probability of a zero after the pooling.
        dense_dropout: The probability of a zero after the hidden linear layer.

    Raises:
        ModelError: The images are under 6 pixels high or wide.
    """

    def __init__(
        self,
        activation: str | nn.Module | Callable[..., Any],
        *,
        image: tuple[int, int, int] = (1, 28, 28),
        classes: int = 10,
        dropout: float = 0.25,
        dense_dropout: float = 0.5,
    ) -> None:
        super().__init__()
        channels, height, width = image
        if min(height, width) < SMALLEST:
            raise ModelError(
                f"images of {height}×{width} are too small for cnn; the smallest that fit are {SMALLEST}×{SMALLEST}"
            )
        make_activation = factory(activation)
        self.conv1 = nn.Conv2d(channels, CHANNELS[0], kernel_size=3)
        self.activation1 = make_activation()
        self.conv2 = nn.Conv2d(*CHANNELS, kernel_size=3)
        self.activation2 = make_activation()
        self.pool = nn.MaxPool2d(2)
        self.dropout = Dropout(dropout)
        self.flatten = nn.Flatten()
        self.hidden = nn.Linear(CHANNELS[1] * ((height - 4) // 2) * ((width - 4) // 2), HIDDEN)
        self.activation3 = make_activation()
        self.dense_dropout = Dropout(dense_dropout)
        self.output = nn.Linear(HIDDEN, classes)

    def forward(self, x: Tensor) -> Tensor:
        for module in self.children():
            x = module(x)
        return x
