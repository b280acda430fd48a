"""Networks that call activations in many ways, for the tests that swap them; and what those tests share."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reluctant.models import SwapReport, swap_activations


class FiveSpellings(nn.Module):
    """One function in five spellings, two of them in place."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = nn.ModuleList(nn.Linear(6, 6) for _ in range(5))
        self.out = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Any:
        a, b, c, d, e = self.lines
        x = F.relu(a(x))
        x = torch.relu(input=b(x))
        x = c(x).relu()
        x = d(x).relu_()
        return self.out(F.relu(e(x), True))


class Block(nn.Module):
    """A residual block that calls one in-place module twice."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels)
        self.conv2, self.bn2 = nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Any:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += x
        return self.relu(out)


class SequentialSubclass(nn.Sequential):
    """A user-defined subclass of Sequential."""


class ResidualNet(nn.Module):
    """A functional call, then two blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3, padding=1)
        self.blocks = SequentialSubclass(Block(4), Block(4))
        self.head = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Any:
        x = F.leaky_relu(self.stem(x), 0.0)
        return F.log_softmax(self.head(self.blocks(x).mean((2, 3))), dim=1)


class LoopAndSharedModule(nn.Module):
    """A functional call in a loop, and a module at two positions."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = nn.ModuleList(nn.Linear(6, 6) for _ in range(3))
        shared = nn.ReLU()
        self.end = nn.Sequential(nn.Linear(6, 6), shared, nn.Linear(6, 6), shared, nn.Linear(6, 3))

    def forward(self, x: Tensor) -> Any:
        for line in self.lines:
            x = F.relu(line(x))
        return self.end(x)


class Squeeze(nn.Module):
    """A gate as a functional call."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Linear(6, 6)

    def forward(self, x: Tensor) -> Any:
        return x * torch.sigmoid(self.gate(x)).view(x.shape)


class Gated(nn.Module):
    """A functional gate, a gate module, an activation, and a sigmoid at the output."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.squeeze, self.last = nn.Linear(6, 6), Squeeze(), nn.Linear(6, 3)
        self.door = nn.Sigmoid()

    def forward(self, x: Tensor) -> Any:
        x = self.squeeze(F.relu(self.first(x)))
        return torch.sigmoid(self.last(x * self.door(x)))


class Recurrent(nn.Module):
    """An LSTM, a GRU and a function after them."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.gru = nn.LSTM(6, 5, batch_first=True), nn.GRU(5, 4, batch_first=True)
        self.between, self.out = nn.Linear(4, 4), nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Any:
        x, _ = self.gru(self.lstm(x[:, None])[0])
        return self.out(F.relu(self.between(x[:, -1])))


class RecurrentCell(nn.Module):
    """A hand-written recurrent cell: all its activations are gates."""

    def __init__(self) -> None:
        super().__init__()
        self.maps, self.out = nn.Linear(6, 18), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Any:
        i, g, o = self.maps(x).chunk(3, -1)
        state = torch.sigmoid(i) * torch.tanh(g)
        return self.out(torch.sigmoid(o) * state.tanh())


class TanhNet(nn.Module):
    """All activations are tanh, with a sigmoid at the output."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.last = nn.Linear(6, 6), nn.Linear(6, 6), nn.Linear(6, 3)
        self.tanh = nn.Tanh()

    def forward(self, x: Tensor) -> Any:
        x = self.tanh(self.first(x))
        return torch.sigmoid(self.last(torch.tanh(self.second(x))))


class Inner(nn.Module):
    """A module with two functional calls, which `Nested` runs twice."""

    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Linear(6, 6)

    def forward(self, x: Tensor) -> Any:
        return F.silu(self.line(F.silu(x, inplace=True)))


class Nested(nn.Module):
    """Functional calls before, between and after those of an inner module, and an activation module."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.act = Inner(), nn.SiLU()
        self.lines = nn.ModuleList(nn.Linear(6, 6) for _ in range(3))
        self.out = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Any:
        a, b, c = self.lines
        x = F.silu(self.inner(F.silu(a(x))))
        x = self.act(b(self.inner(x)))
        return self.out(F.silu(c(x)))


class TwoBranches(nn.Module):
    """A branch for training alone, and one for large inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.out = nn.Linear(6, 6), nn.Linear(6, 6), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Any:
        large = bool(x.max() > 100)
        x = F.relu(self.first(x))
        if self.training:
            x = F.elu(x)
        if large:
            x = F.elu(x) if self.training else F.relu(x)
        return self.out(F.relu(self.second(x)))


class InPlaceOnly(nn.Module):
    """Uses the tensor that `relu_` changes, not the one it returns."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.out = nn.Linear(6, 6), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Any:
        x = self.first(x)
        x.relu_()
        return self.out(x)


def encoder(activation: Any, batch_first: bool = True) -> nn.Module:
    """PyTorch's own transformer layer between two linear maps."""
    layer = nn.TransformerEncoderLayer(6, 2, 8, 0.0, activation, batch_first=batch_first)
    return nn.Sequential(nn.Unflatten(1, (1, 6)), layer, nn.Flatten(), nn.Linear(6, 3))


def flat_inputs(n: int = 5) -> Tensor:
    """Inputs of all networks but `ResidualNet`."""
    return torch.randn(n, 6, generator=torch.Generator().manual_seed(0))


def image_inputs(n: int = 5) -> Tensor:
    """Inputs of `ResidualNet`."""
    return torch.randn(n, 1, 5, 5, generator=torch.Generator().manual_seed(0))


def takes_act_layer(image: tuple[int, int, int], classes: int, act_layer: Any = nn.ReLU) -> nn.Module:
    """Takes an activation class under timm's keyword."""
    hidden = nn.Linear(image[1] * image[2], 6)
    return nn.Sequential(nn.Flatten(), hidden, act_layer(inplace=True), nn.Linear(6, classes))


def takes_own_string(hidden_act: str = "relu") -> nn.Module:
    """Takes a string that only this factory understands."""
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 6), {"relu": nn.ReLU()}[hidden_act], nn.Linear(6, 10))


def takes_nothing() -> nn.Module:
    """Takes neither an activation nor the shape of the data."""
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 6), nn.GELU(), nn.Linear(6, 10))


def forwards_options(width: int = 6, **options: Any) -> nn.Module:
    """Forwards its options to a function that has no parameter for an activation or a shape."""
    return _fixed_options(width, **options)


def _fixed_options(width: int, bias: bool = True) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, width, bias), nn.ReLU(), nn.Linear(width, 10))


def without_activation() -> nn.Module:
    """A network without any activation."""
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 10))


class RandomNumbers(nn.Module):
    """Uses random numbers of three libraries, and counts its calls in a buffer and in an attribute."""

    counted: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm, self.out = nn.Linear(6, 6), nn.BatchNorm1d(6), nn.Linear(6, 3)
        self.calls = 0
        self.register_buffer("counted", torch.zeros(1))

    def forward(self, x: Tensor) -> Any:
        self.calls += 1
        self.counted += 1
        noise = random.random() + np.random.rand() + torch.rand(6)
        return self.out(F.relu(self.norm(F.dropout(self.first(x), 0.5, self.training)) + noise))


class LearnedSlope(nn.Module):
    """A learned slope below zero, which counts its calls."""

    def __init__(self) -> None:
        super().__init__()
        self.slope, self.calls = nn.Parameter(torch.full((1,), 0.25)), 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return torch.where(x > 0, x, x * self.slope)


def inputs_of(build: Callable[[], nn.Module]) -> Tensor:
    """A batch of inputs for one of these networks."""
    return image_inputs() if build is ResidualNet else flat_inputs()


def seeded(build: Callable[[], nn.Module]) -> Any:
    """The network with weights that are the same at every call."""
    torch.manual_seed(0)
    return build()


def swapped(build: Callable[[], nn.Module], activation: Any = "prelu", **options: Any) -> tuple[Any, SwapReport]:
    """The seeded network with another activation, and the report."""
    options.setdefault("example", inputs_of(build))
    return swap_activations(seeded(build), activation, **options)


def swapped_names(report: SwapReport) -> list[str]:
    """The names of the swapped sites."""
    return [site.name for site in report.swapped]
