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
SMALLEST = 22  # pixels: what three times "cut a border of one, then halve" leaves at least one of


class Block(nn.Module):
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
        out: Tensor = self.dropout(self.activation(self._pooled(x)))
        return out

    def _pooled(self, x: Tensor) -> Tensor:
        """Convolution, batch norm and pooling by one kernel; one by one where somebody listens to them."""
        inner = (self.conv, self.norm, self.pool)
        if self.fused(x) and not any(module._forward_hooks for module in inner):
            self.kernel = fused.kernel_of(x, self.conv.weight)
            return fused.conv_norm_pool(x, self.conv, self.norm)
        out: Tensor = self.pool(self.norm(self.conv(x)))
        return out

    def fused(self, x: Tensor) -> bool:
        """Whether a kernel serves this input; in evaluation it knows no gradient."""
        return fused.served(x) and (self.training or not torch.is_grad_enabled())


class ConvNet(nn.Module):
    """The network of Nicolas's article: images (n, channels, side, side) → log-probabilities (n, classes).

    With `numbers`, the outputs are `classes` plain numbers, for regression.
    `activation` is a name, a module class, a module, or a function of a tensor; every place gets a fresh one.
    Raises `ModelError` for images that are not square or under 22 pixels wide.
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
        side = _side(image)
        fresh = factory(activation)
        widths = (image[0], *CHANNELS)
        self.blocks = nn.ModuleList(
            Block(widths[i], widths[i + 1], fresh(), dropout) for i in range(len(CHANNELS))
        )
        for _ in CHANNELS:
            side = (side - 2) // 2
        self.hidden = nn.Linear(CHANNELS[-1] * side * side, HIDDEN)
        self.activation = fresh()
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
    ran = {module.kernel for module in model.modules() if isinstance(module, Block | Dropout)}
    return sorted(ran - {""})


def _side(image: tuple[int, int, int]) -> int:
    _, height, width = image
    if height != width:
        raise ModelError(f"convnet wants square images, not {height}×{width}; crop or pad them first")
    if height < SMALLEST:
        raise ModelError(f"images of {height}×{width} are too small for convnet; the smallest that fit are "
                         f"{SMALLEST}×{SMALLEST}")  # fmt: skip
    return height
