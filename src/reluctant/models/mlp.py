"""A multilayer perceptron of any depth and widths, with any activation."""

from collections.abc import Callable
from itertools import pairwise
from math import prod
from typing import Any

from torch import Tensor, nn

from reluctant.activations import factory
from reluctant.catalogue.models import WIDTHS, parse_widths
from reluctant.models.dropout import Dropout


class HiddenLayer(nn.Module):
    """Linear map, optional batch norm, activation, dropout: (n, inputs) → (n, width)."""

    def __init__(self, inputs: int, width: int, activation: nn.Module, *, dropout: float, norm: bool) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, width)
        if norm:
            self.norm = nn.BatchNorm1d(width)
        self.activation = activation
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        for module in self.children():
            x = module(x)
        return x


class MLP(nn.Module):
    """Hidden layers, then one linear map to the outputs: inputs (n, …) → scores (n, classes).

    Args:
        activation: A name, a module class, a module or a function of a tensor; every site gets a fresh one.
        image: The shape of one input.
        classes: The number of outputs.
        widths: The widths of the hidden layers, whole numbers with hyphens between: `200-100`.
        dropout: The probability of a zero after every hidden layer.
        norm: Whether there is a batch norm before every activation.

    Raises:
        ModelError: The widths have another form.
    """

    def __init__(
        self,
        activation: str | nn.Module | Callable[..., Any],
        *,
        image: tuple[int, ...] = (1, 28, 28),
        classes: int = 10,
        widths: str = WIDTHS,
        dropout: float = 0.0,
        norm: bool = False,
    ) -> None:
        super().__init__()
        make_activation, sizes = factory(activation), (prod(image), *parse_widths(widths))
        self.layers = nn.ModuleList(
            HiddenLayer(inputs, width, make_activation(), dropout=dropout, norm=norm)
            for inputs, width in pairwise(sizes)
        )
        self.output = nn.Linear(sizes[-1], classes)

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(1)
        for layer in self.layers:
            x = layer(x)
        scores: Tensor = self.output(x)
        return scores
