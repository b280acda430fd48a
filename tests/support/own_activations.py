"""User-defined activations, right and wrong, for tests that name them `tests.support.own_activations:…`."""

import numpy as np
import torch
from torch import Tensor, nn


class Gate(nn.Module):
    def __init__(self, beta: float = 1.0) -> None:
        super().__init__()
        self.beta = nn.Parameter(torch.tensor(float(beta)))

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.beta * x)


def bent(x: Tensor, a: float = 0.5) -> Tensor:
    return torch.where(x > 0, x, a * x)


def factory(beta: float = 1.0) -> nn.Module:
    return Gate(beta)


def function_factory() -> object:
    return torch.tanh


instance = Gate(3.0)
number = 3


def wrong_factory() -> int:
    return 3


def raising(x: Tensor) -> Tensor:
    raise ValueError("no such luck")


class Refusing(nn.Module):
    def __init__(self) -> None:
        raise ValueError("not today")


def narrowing(x: Tensor) -> Tensor:
    return x[:, :1]


def unlucky(x: Tensor) -> Tensor:
    return torch.log(x)


def aliasing(x: Tensor) -> Tensor:
    return x.clamp_(min=0)


def doubling(x: Tensor) -> Tensor:
    return x.double()


def listing(x: Tensor) -> list[float]:
    return [1.0]


class Exploding(nn.Module):
    """Correct at first; NaN from the eleventh batch of training on."""

    batches: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("batches", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.batches += self.training
        return x * torch.nan if self.batches > 10 else x


class LateSlope(nn.Module):
    """Leaky ReLU that makes its parameter at the first input in training."""

    def __init__(self) -> None:
        super().__init__()
        self.slope: nn.Parameter | None = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.slope is None and self.training:
            self.slope = nn.Parameter(torch.full((1,), 0.1))
        return torch.where(x > 0, x, (0.1 if self.slope is None else self.slope) * x)


def step(x: Tensor) -> Tensor:
    return (x > 0).to(x.dtype) + 0 * x


def smooth_sign(x: Tensor) -> Tensor:
    return torch.sign(x)


def detached(x: Tensor) -> Tensor:
    return torch.relu(x).detach()


def through_numpy(x: Tensor) -> Tensor:
    return torch.from_numpy(np.maximum(x.detach().numpy(), 0))
