"""User-defined networks, good and bad, for the tests that name them `tests.support.own_models:…`."""

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from reluctant.activations import make


class Small(nn.Module):
    """Two linear layers: quick to train."""

    def __init__(
        self, activation: str, image: tuple[int, int, int], classes: int, width: int = 16, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.first = nn.Linear(image[0] * image[1] * image[2], width)
        self.activation = make(activation)
        self.dropout = nn.Dropout(dropout)
        self.second = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.second(self.dropout(self.activation(self.first(x.flatten(1)))))
        return out


class Orthogonal(Small):
    """Its initial weights come from a decomposition, whose last bits the number of threads decides."""

    def __init__(self, activation: str, image: tuple[int, int, int], classes: int) -> None:
        super().__init__(activation, image, classes, width=128)
        nn.init.orthogonal_(self.first.weight)


def raising(**_: Any) -> nn.Module:
    raise RuntimeError("out of luck")


def number(**_: Any) -> int:
    return 3


class Narrow(Small):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x)[:, :3]


class Unlucky(Small):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) * torch.nan


class Picky(Small):
    def forward(self, x: Tensor) -> Tensor:
        raise ValueError("wrong kind of image")


class ReturnsDict(nn.Module):
    """Returns a dictionary, as networks of `transformers` do."""

    def __init__(self, features: int, outputs: int) -> None:
        super().__init__()
        self.layer, self.act = nn.Linear(features, outputs), nn.ReLU()
        self.last = nn.Linear(outputs, outputs)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"logits": self.last(self.act(self.layer(x)))}


class Wide(nn.Module):
    """Uses keywords for its own widths that are also keywords for the size of an input."""

    def __init__(self, in_features: int, num_classes: int = 7, features: int = 64, channels: int = 32) -> None:
        super().__init__()
        self.widths = (in_features, num_classes, features, channels)
        self.first, self.last = nn.Linear(in_features, features), nn.Linear(features, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.first(x).relu())
        return out


class TakesActLayer(nn.Module):
    """Takes a class of the activation, and the sizes of the data."""

    def __init__(self, image: tuple[int, ...], classes: int, act_layer: Callable[[], nn.Module] = nn.ReLU) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(image[0], 5), act_layer(), nn.Linear(5, classes))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layers(x)
        return out


class PartlyFrozen(nn.Module):
    """Learns in its last layer only."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.first, self.act, self.last = nn.Linear(size, 5), nn.ReLU(), nn.Linear(5, 10)
        self.first.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.act(self.first(x.flatten(1))))
        return out


class NotDeterministic(Small):
    def forward(self, x: Tensor) -> Tensor:
        text = "cumsum_cuda_kernel does not have a deterministic implementation. More words about it"
        warnings.warn(text, stacklevel=1)
        return super().forward(x)


class GlobalDropout(nn.Module):
    """Its dropout reads PyTorch's global random numbers, and fails in training where `fails` says so."""

    def __init__(self, image: tuple[int, ...], classes: int, activation: nn.Module, fails: bool = False) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(), nn.Linear(image[0] * image[1] * image[2], 16), activation, nn.Linear(16, classes)
        )
        self.fails, self.calls = fails, 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += self.training
        if self.fails and self.calls % 4 == 3:
            raise RuntimeError("the third step fails")
        outputs: Tensor = self.layers(nn.functional.dropout(x, 0.2, self.training))
        return outputs


class ReplacesBuffer(Small):
    """Keeps a running mean in a buffer that every step replaces by a new tensor."""

    mean: Tensor

    def __init__(self, activation: str, image: tuple[int, int, int], classes: int) -> None:
        super().__init__(activation, image, classes)
        self.register_buffer("mean", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * x.mean().detach()
        outputs: Tensor = super().forward(x) * (1 + self.mean)
        return outputs
