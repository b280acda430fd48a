"""Networks that write into inputs and attributes, or draw random numbers that torch's seed does not set."""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.support.wild_networks_plain import Plain


class NormalisesItsInputInPlace(Plain):
    """Scales the pixels as torchvision's detection transforms do, but in place: every epoch scales them again."""

    def forward(self, x: Tensor) -> Any:
        x.sub_(0.4).div_(1.5)
        return self.output(F.relu(self.hidden(x)))


class NormalisesACopy(Plain):
    """The same without writing into the input."""

    def forward(self, x: Tensor) -> Any:
        return self.output(F.relu(self.hidden((x - 0.4) / 1.5)))


class ActNormNet(nn.Module):
    """Glow's ActNorm: the first batch sets scale and bias, and a plain attribute remembers that it came."""

    def __init__(self, in_features: int = 6, num_classes: int = 2) -> None:
        super().__init__()
        self.hidden = nn.Linear(in_features, 8)
        self.scale, self.bias = nn.Parameter(torch.ones(8)), nn.Parameter(torch.zeros(8))
        self.ready = False
        self.output = nn.Linear(8, num_classes)

    def forward(self, x: Tensor) -> Any:
        h = self.hidden(x)
        if not self.ready:
            with torch.no_grad():
                self.bias.copy_(-h.mean(0))
                self.scale.copy_(1 / (h.std(0) + 1e-6))
            self.ready = True
        return self.output(F.relu((h + self.bias) * self.scale))


class MemoryBank(nn.Module):
    """Contrastive code: a queue in a buffer, a plain pointer, and a list of the hidden values for a plot."""

    queue: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.output = nn.Linear(6, 8), nn.Linear(16, 2)
        self.register_buffer("queue", torch.zeros(12, 8))
        self.pointer = 0
        self.seen: list[Tensor] = []

    def forward(self, x: Tensor) -> Any:
        h = F.elu(self.hidden(x))
        nearest = self.queue[(h @ self.queue.T).argmax(1)].clone()
        for row in h.detach():
            self.queue[self.pointer] = row
            self.pointer = (self.pointer + 1) % len(self.queue)
        self.seen.append(h.detach())
        return self.output(torch.cat([h, nearest], 1))


class ManifoldMixup(Plain):
    """Mixes hidden rows in training, with a share that NumPy draws, as in the mixup tutorials."""

    def forward(self, x: Tensor) -> Any:
        h = F.relu(self.hidden(x))
        if self.training:
            share = float(np.random.beta(0.4, 0.4))
            h = share * h + (1 - share) * h[torch.randperm(len(h))]
        return self.output(h)


class FourierFeatures(nn.Module):
    """Random Fourier features from a NumPy generator without a seed, drawn in the constructor."""

    matrix: Tensor

    def __init__(self, in_features: int, num_classes: int) -> None:
        super().__init__()
        matrix = np.random.default_rng().normal(size=(in_features, 4))
        self.register_buffer("matrix", torch.tensor(matrix, dtype=torch.float32))
        self.hidden, self.output = nn.Linear(8, 8), nn.Linear(8, num_classes)

    def forward(self, x: Tensor) -> Any:
        angles = x @ self.matrix
        return self.output(F.relu(self.hidden(torch.cat([angles.sin(), angles.cos()], 1))))


class NoisyHead(Plain):
    """Exploration noise of reinforcement learning, from a torch generator of its own with a seed of the system."""

    def __init__(self, in_features: int, num_classes: int) -> None:
        super().__init__(in_features, num_classes)
        self.generator = torch.Generator()
        self.generator.seed()

    def forward(self, x: Tensor) -> Any:
        h = F.relu(self.hidden(x))
        if self.training:
            h = h + 0.3 * torch.randn(h.shape, generator=self.generator)
        return self.output(h)
