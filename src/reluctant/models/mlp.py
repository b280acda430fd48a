"""A multilayer perceptron of any depth and widths, with any activation."""

from itertools import pairwise
from math import prod

from torch import Tensor, nn

from reluctant.activations import factory
from reluctant.catalogue.models import WIDTHS, parse_widths
from reluctant.models.factories import Activation
from reluctant.models.fused import Dropout


class HiddenLayer(nn.Sequential):
    """Linear map, optional batch norm, activation, dropout: (n, inputs) → (n, width)."""

    def __init__(self, inputs: int, width: int, activation: nn.Module, *, dropout: float, norm: bool) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, width)
        if norm:
            self.norm = nn.BatchNorm1d(width)
        self.activation = activation
        self.dropout = Dropout(dropout)


class MLP(nn.Module):
    """Hidden layers, then one linear map to the outputs: inputs (n, …) → scores (n, classes).

    Args:
        activation: Every site gets a fresh one.
        image: The shape of one input.
        widths: The widths of the hidden layers, whole numbers with hyphens between, `200-100`; else `ModelError`.
        dropout: The probability of a zero after every hidden layer.
        norm: Whether there is a batch norm before every activation.
    """

    def __init__(
        self,
        activation: Activation,
        *,
        image: tuple[int, ...] = (1, 28, 28),
        classes: int = 10,
        widths: str = WIDTHS,
        dropout: float = 0.0,
        norm: bool = False,
    ) -> None:
        super().__init__()
        make_activation, sizes = factory(activation), (prod(image), *parse_widths(widths))
        self.layers = nn.Sequential(
            *(HiddenLayer(*widths, make_activation(), dropout=dropout, norm=norm) for widths in pairwise(sizes))
        )
        self.output = nn.Linear(sizes[-1], classes)

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.output(self.layers(x.flatten(1)))
        return scores
