"""User-defined networks, good and bad, for the tests that name them `tests.support.own_models:…`."""

from typing import Any

import torch
from torch import Tensor, nn

from reluctant.activations import make


class Small(nn.Module):
    """Two linear layers: quick to train."""

    def __init__(
        self,
        activation: str,
        image: tuple[int, int, int],
        classes: int,
        width: int = 16,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.first = nn.Linear(image[0] * image[1] * image[2], width)
        self.activation = make(activation)
        self.dropout = nn.Dropout(dropout)
        self.second = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.second(self.dropout(self.activation(self.first(x.flatten(1)))))
        return out


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
