"""Networks that apply activations in every way there is, for the tests that swap them."""

import random
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Spelled(nn.Module):
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
    """A residual block whose one module works in place, twice."""

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


class Row(nn.Sequential):
    """A class of one's own that iterates over its parts."""


class Residual(nn.Module):
    """Two blocks and a function at the start."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3, padding=1)
        self.blocks = Row(Block(4), Block(4))
        self.head = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Any:
        x = F.leaky_relu(self.stem(x), 0.0)
        return F.log_softmax(self.head(self.blocks(x).mean((2, 3))), dim=1)


class Looped(nn.Module):
    """A call in a loop, and a module that stands at two places."""

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
    """A gate written as a function."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Linear(6, 6)

    def forward(self, x: Tensor) -> Any:
        return x * torch.sigmoid(self.gate(x)).view(x.shape)


class Gated(nn.Module):
    """Gates as function and as module beside an activation, and a bent output."""

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


class Cell(nn.Module):
    """A recurrent cell by hand: nothing but gates."""

    def __init__(self) -> None:
        super().__init__()
        self.maps, self.out = nn.Linear(6, 18), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Any:
        i, g, o = self.maps(x).chunk(3, -1)
        state = torch.sigmoid(i) * torch.tanh(g)
        return self.out(torch.sigmoid(o) * state.tanh())


class Squashed(nn.Module):
    """The old way: nothing but tanh, and a bent output."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.last = nn.Linear(6, 6), nn.Linear(6, 6), nn.Linear(6, 3)
        self.tanh = nn.Tanh()

    def forward(self, x: Tensor) -> Any:
        x = self.tanh(self.first(x))
        return torch.sigmoid(self.last(torch.tanh(self.second(x))))


class Inner(nn.Module):
    """A part with two calls of its own, used twice by what holds it."""

    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Linear(6, 6)

    def forward(self, x: Tensor) -> Any:
        return F.silu(self.line(F.silu(x, inplace=True)))


class Nested(nn.Module):
    """Calls before, between and after those of a part; activation modules with functions inside."""

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


class Wayward(nn.Module):
    """A way in training alone, and one that only large inputs take."""

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


class Kept(nn.Module):
    """What `relu_` changes is used afterwards, what it gives is not."""

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


def flat(n: int = 5) -> Tensor:
    """Inputs for all but `Residual`."""
    return torch.randn(n, 6, generator=torch.Generator().manual_seed(0))


def images(n: int = 5) -> Tensor:
    """Inputs for `Residual`."""
    return torch.randn(n, 1, 5, 5, generator=torch.Generator().manual_seed(0))


def by_layer(image: tuple[int, int, int], classes: int, act_layer: Any = nn.ReLU) -> nn.Module:
    """A network whose maker wants a class of activations under timm's word."""
    hidden = nn.Linear(image[1] * image[2], 6)
    return nn.Sequential(nn.Flatten(), hidden, act_layer(inplace=True), nn.Linear(6, classes))


def by_text(hidden_act: str = "relu") -> nn.Module:
    """A network whose maker wants a text that only it understands."""
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 6), {"relu": nn.ReLU()}[hidden_act], nn.Linear(6, 10))


def by_itself() -> nn.Module:
    """A network that knows neither data nor activation."""
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 6), nn.GELU(), nn.Linear(6, 10))


def handed_on(width: int = 6, **options: Any) -> nn.Module:
    """A maker that hands its options on to one that takes none of ours."""
    return _narrow(width, **options)


def _narrow(width: int, bias: bool = True) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, width, bias), nn.ReLU(), nn.Linear(width, 10))


def bare() -> nn.Module:
    """A network without any activation."""
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 10))


class Drawing(nn.Module):
    """Draws random numbers of every kind, and counts its calls in a buffer and in an attribute."""

    seen: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm, self.out = nn.Linear(6, 6), nn.BatchNorm1d(6), nn.Linear(6, 3)
        self.calls = 0
        self.register_buffer("seen", torch.zeros(1))

    def forward(self, x: Tensor) -> Any:
        self.calls += 1
        self.seen += 1
        noise = random.random() + np.random.rand() + torch.rand(6)
        return self.out(F.relu(self.norm(F.dropout(self.first(x), 0.5, self.training)) + noise))
