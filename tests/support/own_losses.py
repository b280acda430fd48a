"""Losses and optimizers of users, good and bad, for tests that name them `tests.support.own_losses:…`."""

from collections.abc import Iterable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Focal(nn.Module):
    """Lin et al. 2017 (1708.02002); with gamma 0 the cross entropy."""

    calls: Tensor

    def __init__(self, gamma: float = 2.0) -> None:
        super().__init__()
        self.gamma = gamma
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The mean over the batch."""
        self.calls += 1
        losses = F.cross_entropy(outputs, targets, reduction="none")
        return ((1 - torch.exp(-losses)) ** self.gamma * losses).mean()


class Averaging(nn.Module):
    """Cross entropy scaled by a running mean of itself, which it keeps in a buffer."""

    average: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("average", torch.ones(()))

    def forward(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The mean over the batch, scaled."""
        loss = F.cross_entropy(outputs, targets)
        self.average.mul_(0.9).add_(loss.detach(), alpha=0.1)
        return loss / self.average.clone()


def cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(outputs, targets)


def unreduced(outputs: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(outputs, targets, reduction="none")


def a_float(outputs: Tensor, targets: Tensor) -> float:
    return F.cross_entropy(outputs, targets).item()


def without_gradient(outputs: Tensor, targets: Tensor) -> Tensor:
    return (outputs.argmax(1) != targets).float().mean()


def ignores_outputs(outputs: Tensor, targets: Tensor) -> Tensor:
    return nn.Parameter(torch.zeros(())) + targets.sum()


def not_a_number(outputs: Tensor, targets: Tensor) -> Tensor:
    return outputs.log().mean()


def three_arguments(outputs: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    return (outputs * weights).sum()


def fails(outputs: Tensor, targets: Tensor) -> Tensor:
    return F.binary_cross_entropy(outputs, targets)


class Learned(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.centre = nn.Parameter(torch.zeros(10))


class Sign(torch.optim.Optimizer):
    """Moves every weight by lr against the sign of its gradient; remembers the shapes that it got."""

    def __init__(self, params: Iterable[Any], lr: float, weight_decay: float = 0.0, power: float = 1.0) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, "power": power})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """One step."""
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self.state[p]["steps"] = self.state[p].get("steps", 0) + 1
                    p.mul_(1 - group["lr"] * group["weight_decay"]).sub_(group["lr"] * group["power"] * p.grad.sign())


class NoOptimizer:
    def __init__(self, params: Any, lr: float) -> None:
        pass


def plain_sgd(params: Any, lr: float) -> torch.optim.Optimizer:
    return torch.optim.SGD(params, lr=lr)
