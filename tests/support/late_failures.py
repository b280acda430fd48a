"""Networks that begin to train and fail later, or train something else than they seem to."""

import random
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import weight_norm


class Plain(nn.Module):
    """Two layers and one activation: nothing is wrong with it."""

    def __init__(self, in_features: int = 4, num_classes: int = 2) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(in_features, 16), nn.Linear(16, num_classes)
        self.act: nn.Module = nn.ReLU()

    def forward(self, x: Tensor) -> Any:
        return self.last(self.act(self.first(x)))


class NormOfTheBatch(Plain):
    """A batch norm, which cannot train on a batch of one."""

    def __init__(self, in_features: int = 4, num_classes: int = 2) -> None:
        super().__init__(in_features, num_classes)
        self.act = nn.Sequential(nn.BatchNorm1d(16), nn.ReLU())


class TupleInEvaluation(Plain):
    """The output and the hidden units, as soon as it is evaluated."""

    def forward(self, x: Tensor) -> Any:
        hidden = self.act(self.first(x))
        return self.last(hidden) if self.training else (self.last(hidden), hidden)


class CacheOfOneBatch(Plain):
    """Keeps a tensor for the first batch and fails on any other size."""

    def __init__(self, in_features: int = 4, num_classes: int = 2) -> None:
        super().__init__(in_features, num_classes)
        self.scale: Tensor | None = None

    def forward(self, x: Tensor) -> Any:
        if self.scale is None:
            self.scale = torch.ones(len(x), 16)
        return self.last(self.act(self.first(x)) * self.scale)


class OldWeightNorm(Plain):
    """Weight norm by hooks: PyTorch cannot copy such a network once it has computed."""

    def __init__(self, in_features: int = 4, num_classes: int = 2) -> None:
        super().__init__(in_features, num_classes)
        self.first = weight_norm(self.first)


class Scripted(Plain):
    """A part in TorchScript beside an activation that can be replaced."""

    def __init__(self, in_features: int = 4, num_classes: int = 2) -> None:
        super().__init__(in_features, num_classes)
        self.last = torch.jit.script(self.last)  # type: ignore[assignment]


class FailsOnOne(Plain):
    """A squeeze that removes the axis of the items where there is only one."""

    def forward(self, x: Tensor) -> Any:
        return self.last(self.act(self.first(x)).squeeze()).softmax(dim=1)


class WritesIntoItsInput(Plain):
    """Scales the input in place, so that data would move at every evaluation."""

    def forward(self, x: Tensor) -> Any:
        x /= 10
        x += 0.5
        return super().forward(x)


class ScalesACopy(Plain):
    """The same network, written without changing its input."""

    def forward(self, x: Tensor) -> Any:
        return super().forward(x / 10 + 0.5)


class DropoutInEvaluation(Plain):
    """Dropout by a function whose default is to drop in evaluation too."""

    def forward(self, x: Tensor) -> Any:
        return self.last(F.dropout(self.act(self.first(x)), 0.5))


class NumPyWeights(Plain):
    """Its constructor draws weights by NumPy, its forward noise by `random`."""

    def __init__(self, in_features: int = 4, num_classes: int = 2) -> None:
        super().__init__(in_features, num_classes)
        self.scale = nn.Parameter(torch.tensor(np.random.normal(size=16), dtype=torch.float32))

    def forward(self, x: Tensor) -> Any:
        noise = random.random() if self.training else 0.5
        return self.last(self.act(self.first(x)) * self.scale * (1 + noise))


class UnseededWeights(Plain):
    """Its constructor draws weights that no seed sets."""

    def __init__(self, in_features: int = 4, num_classes: int = 2) -> None:
        super().__init__(in_features, num_classes)
        self.scale = nn.Parameter(torch.tensor(np.random.default_rng().normal(size=16), dtype=torch.float32))

    def forward(self, x: Tensor) -> Any:
        return self.last(self.act(self.first(x)) * self.scale)


class TakesAndIgnores(Plain):
    """Takes an activation class and does not use it."""

    def __init__(self, activation: type[nn.Module], in_features: int = 4, num_classes: int = 2) -> None:
        super().__init__(in_features, num_classes)
        self.never_called = activation()


class View(nn.Module):
    """The usual flattening of older code, which needs contiguous memory after a convolution."""

    def __init__(self, in_channels: int = 1, num_classes: int = 10) -> None:
        super().__init__()
        self.convolution, self.last = nn.Conv2d(in_channels, 6, 5), nn.Linear(6 * 24 * 24, num_classes)

    def forward(self, x: Tensor) -> Any:
        return self.last(F.relu(self.convolution(x)).view(-1, 6 * 24 * 24))


class Strided(View):
    """Reads memory by strides, so that another memory format would change its numbers in silence."""

    def forward(self, x: Tensor) -> Any:
        x = F.relu(self.convolution(x))
        n, c, h, w = x.shape
        return self.last(x.as_strided((n, c * h * w), (c * h * w, 1)))


def rows(n: int = 150) -> Any:
    """Two classes that one of four columns tells apart: n items to train on and 50 to test on."""
    x = np.random.default_rng(0).normal(size=(n + 50, 4)).astype(np.float32)
    y = (x[:, 0] > 0).astype(int)
    return x[:n], y[:n], x[n:], y[n:]


class CountsItsSteps(Plain):
    """Its gain grows with a counter that is a plain attribute."""

    def __init__(self, in_features: int = 4, num_classes: int = 2) -> None:
        super().__init__(in_features, num_classes)
        self.steps = 0

    def forward(self, x: Tensor) -> Any:
        self.steps += self.training
        return self.last(self.act(self.first(x)) * (1 + 0.1 * self.steps))


class ParameterOfTheClass(Plain):
    """A parameter in the body of the class."""

    gain = nn.Parameter(torch.ones(16))

    def forward(self, x: Tensor) -> Any:
        return self.last(self.act(self.first(x)) * self.gain)


class ListOfLayers(Plain):
    """A plain list of layers."""

    def __init__(self, in_features: int = 4, num_classes: int = 2) -> None:
        super().__init__(in_features, num_classes)
        self.middle = [nn.Linear(16, 16)]

    def forward(self, x: Tensor) -> Any:
        return self.last(self.act(self.middle[0](self.first(x))))


class Detaches(Plain):
    """Leaves PyTorch's gradients in the middle."""

    def forward(self, x: Tensor) -> Any:
        return self.last(self.act(self.first(x)).detach())


class ComputesInNumPy(Plain):
    """A layer whose outputs go through NumPy."""

    def forward(self, x: Tensor) -> Any:
        return self.last(torch.from_numpy(np.tanh(self.act(self.first(x)).detach().numpy())))


class Unused(Plain):
    """A layer for nothing, as networks of libraries have them: nothing is wrong with it."""

    def __init__(self, in_features: int = 4, num_classes: int = 2) -> None:
        super().__init__(in_features, num_classes)
        self.other_head = nn.Linear(16, 3)

    def forward(self, x: Tensor) -> Any:
        self.other_head(self.first(x))  # called, as the pooler of a BERT is, and its outputs are not used
        return super().forward(x)
