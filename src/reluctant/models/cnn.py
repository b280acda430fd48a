"""The small network of many MNIST tutorials: two convolutions, one pooling, two linear layers."""

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from reluctant.activations import factory
from reluctant.core.errors import ModelError
from reluctant.models.dropout import Dropout

CHANNELS = (32, 64)
HIDDEN = 128
SMALLEST = 6  # pixels: what "cut a border of one, twice, then halve" leaves at least one of


class CNN(nn.Module):
    """Images (n, channels, height, width) → scores (n, classes), as in the example of Keras for MNIST.

    `dropout` follows the pooling, `dense_dropout` the hidden linear layer. `activation` is a name, a module
    class, a module, or a function of a tensor; every place gets a fresh one.
    Raises `ModelError` for images under 6 pixels high or wide.
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
        height, width = _pooled(image)
        fresh = factory(activation)
        self.conv1 = nn.Conv2d(image[0], CHANNELS[0], kernel_size=3)
        self.activation1 = fresh()
        self.conv2 = nn.Conv2d(*CHANNELS, kernel_size=3)
        self.activation2 = fresh()
        self.pool = nn.MaxPool2d(2)
        self.dropout = Dropout(dropout)
        self.flatten = nn.Flatten()
        self.hidden = nn.Linear(CHANNELS[1] * height * width, HIDDEN)
        self.activation3 = fresh()
        self.dense_dropout = Dropout(dense_dropout)
        self.output = nn.Linear(HIDDEN, classes)

    def forward(self, x: Tensor) -> Tensor:
        for module in self.children():
            x = module(x)
        return x


def _pooled(image: tuple[int, int, int]) -> tuple[int, int]:
    """Height and width of the map that the hidden layer sees."""
    _, height, width = image
    if min(height, width) < SMALLEST:
        raise ModelError(
            f"images of {height}×{width} are too small for cnn; the smallest that fit are "
            f"{SMALLEST}×{SMALLEST}"
        )
    return (height - 4) // 2, (width - 4) // 2
