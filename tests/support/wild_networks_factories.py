"""Networks that take an activation in a form, or for a purpose, of their own."""

from typing import Any, ClassVar, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.support.wild_networks_plain import Plain

RELU = nn.ReLU()


class TakesAnInstance(Plain):
    """Its default is a ready module, called in forward; it does not build one."""

    def __init__(self, in_features: int, num_classes: int, activation: nn.Module = RELU) -> None:
        super().__init__(in_features, num_classes)
        self.activation = activation

    def forward(self, x: Tensor) -> Any:
        return self.output(self.activation(self.hidden(x)))


class FallsBackToReLU(Plain):
    """Looks the name up in its own table, in which GELU is missing, and falls back to ReLU."""

    TABLE: ClassVar[dict[str, type[nn.Module]]] = {"relu": nn.ReLU, "tanh": nn.Tanh}

    def __init__(self, in_features: int, num_classes: int, activation: str = "relu") -> None:
        super().__init__(in_features, num_classes)
        self.act = self.TABLE.get(activation, nn.ReLU)()

    def forward(self, x: Tensor) -> Any:
        return self.output(self.act(self.hidden(x)))


class UsesItForTheGainOnly(nn.Module):
    """The nonlinearity only sets the gain of the initial weights, which are bare parameters; forward has ReLU."""

    negative: ClassVar[list[bool]] = []  # whether hidden values below zero came out of the activation, per batch

    def __init__(self, in_features: int, num_classes: int, nonlinearity: str = "relu") -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(8, in_features))
        nn.init.xavier_uniform_(self.weight, nn.init.calculate_gain(cast(Any, nonlinearity)))
        self.output = nn.Linear(8, num_classes)

    def forward(self, x: Tensor) -> Any:
        h = F.relu(F.linear(x, self.weight))
        self.negative.append(bool((h < 0).any()))
        return self.output(h)
