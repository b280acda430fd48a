"""Parts of a network whose activations a swap cannot see are listed, with the reason."""

from typing import Any

import torch
from torch import Tensor, nn

from reluctant.models import swap_activations


class Squared(torch.autograd.Function):
    """An activation with a gradient of its own."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x.clamp(min=0) ** 2

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        (x,) = ctx.saved_tensors
        return gradient * 2 * x.clamp(min=0)


class Mixed(nn.Module):
    """One activation that is swapped, beside three parts that a swap cannot see into."""

    def __init__(self) -> None:
        super().__init__()
        self.act = nn.ReLU()
        self.scripted = torch.jit.script(nn.Sequential(nn.Linear(4, 4), nn.Tanh()))
        self.recurrent = nn.GRU(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = Squared.apply(self.act(x)) + Squared.apply(x)  # type: ignore[no-untyped-call]
        return torch.as_tensor(self.recurrent(self.scripted(x))[0])


def test_parts_that_cannot_be_seen_are_listed() -> None:
    _, report = swap_activations(Mixed(), "gelu", example=torch.randn(2, 4))
    assert [site.name for site in report.swapped] == ["act"]
    assert [(site.name, site.kind, site.calls) for site in report.skipped] == [
        ("scripted", "TorchScript", 0),
        ("recurrent", "GRU", 0),
        ("Squared", "autograd function", 2),
    ]
    assert "not swapped: scripted (TorchScript cannot be traced; swap before torch.jit.script)" in report.one_line()
