"""Generative and scientific networks, and networks that choose a path: flows, autoencoders, GANs, solvers, experts."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from tests.support.zoo import IMAGES, ROWS, SEQUENCES, Network, normal


class MixtureOfExperts(nn.Module):
    """Each row goes to its two best experts."""

    def __init__(self) -> None:
        super().__init__()
        self.router, self.out = nn.Linear(6, 3), nn.Linear(6, 3)
        self.experts = nn.ModuleList(nn.Sequential(nn.Linear(6, 8), nn.SiLU(), nn.Linear(8, 6)) for _ in range(3))

    def forward(self, x: Tensor) -> Any:
        weights, chosen = self.router(x).softmax(-1).topk(2)
        total = torch.zeros_like(x)
        for i, expert in enumerate(self.experts):
            rows, rank = torch.where(chosen == i)
            total.index_add_(0, rows, weights[rows, rank, None] * expert(x[rows]))
        return self.out(F.silu(total))


class NeuralODE(nn.Module):
    """Runge-Kutta steps of one network."""

    def __init__(self) -> None:
        super().__init__()
        self.field = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 6))

    def forward(self, x: Tensor) -> Any:
        for _ in range(3):
            k1 = self.field(x)
            k2 = self.field(x + 0.1 * k1)
            x = x + 0.1 * (k1 + k2)
        return x


class CouplingFlow(nn.Module):
    """RealNVP (Dinh et al., 2017): the tanh bounds a scale and stays."""

    def __init__(self) -> None:
        super().__init__()
        self.nets = nn.ModuleList(
            nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 6)) for _ in range(2)
        )

    def forward(self, x: Tensor) -> Any:
        log_determinant = x.new_zeros(len(x))
        for net in self.nets:
            first, second = x.chunk(2, 1)
            scale, shift = net(first).chunk(2, 1)
            scale = torch.tanh(scale)
            x = torch.cat([second * scale.exp() + shift, first], 1)
            log_determinant += scale.sum(1)
        return x, log_determinant


class VariationalAutoencoder(nn.Module):
    """Softplus gives the standard deviation and stays; the code is random."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.mean, self.std = nn.Linear(6, 6), nn.Linear(6, 2), nn.Linear(6, 2)
        self.decode = nn.Sequential(nn.Linear(2, 6), nn.ReLU(), nn.Linear(6, 6))

    def forward(self, x: Tensor) -> Any:
        h = F.relu(self.encode(x))
        mean, std = self.mean(h), F.softplus(self.std(h)) + 1e-4
        return self.decode(mean + std * torch.randn_like(std)), mean, std


class RadianceField(nn.Module):
    """NeRF: sines of the position, a skip of the input, a density and a colour."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = nn.ModuleList([nn.Linear(18, 8), nn.Linear(8, 8), nn.Linear(26, 8)])
        self.density, self.colour = nn.Linear(8, 1), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Any:
        encoded = torch.cat([x, x.sin(), x.cos()], -1)
        h = encoded
        for i, line in enumerate(self.lines):
            h = torch.cat([h, encoded], -1) if i == 2 else h
            h = F.relu(line(h), inplace=True)
        return torch.sigmoid(self.colour(h)), F.relu(self.density(h))


class Highway(nn.Module):
    """Srivastava et al. (2015): a sigmoid gate between the ReLU and the input."""

    def __init__(self) -> None:
        super().__init__()
        self.lines, self.gates = (nn.ModuleList(nn.Linear(6, 6) for _ in range(2)) for _ in range(2))
        self.out = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Any:
        for line, gate in zip(self.lines, self.gates, strict=True):
            share = torch.sigmoid(gate(x))
            x = share * F.relu(line(x)) + (1 - share) * x
        return self.out(x)


class PackedSequences(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed, self.gru, self.out = (
            nn.Linear(8, 6),
            nn.GRU(6, 6, batch_first=True, bidirectional=True),
            nn.Linear(12, 3),
        )

    def forward(self, x: Tensor, lengths: Tensor) -> Any:
        packed = pack_padded_sequence(F.relu(self.embed(x)), lengths, batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(self.gru(packed)[0], batch_first=True)
        return self.out(F.relu(states).amax(1))


def autoencoder() -> nn.Module:
    """The sigmoid of the output stays."""
    encoder = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.ReLU(True), nn.Conv2d(4, 2, 3, 2, 1), nn.ReLU(True))
    decoder = nn.Sequential(nn.ConvTranspose2d(2, 4, 2, 2), nn.ReLU(True), nn.ConvTranspose2d(4, 3, 2, 2), nn.Sigmoid())
    return nn.Sequential(encoder, decoder)


def discriminator() -> nn.Module:
    """DCGAN (Radford et al., 2015), with a sigmoid output."""
    return nn.Sequential(
        nn.Conv2d(3, 4, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True), nn.Conv2d(4, 8, 4, 2, 1, bias=False),
        nn.BatchNorm2d(8), nn.LeakyReLU(0.2, inplace=True), nn.Conv2d(8, 1, 2, 1, 0, bias=False), nn.Sigmoid(),
        nn.Flatten(0),
    )  # fmt: skip


def generator() -> nn.Module:
    """DCGAN: the tanh of the output stays."""
    return nn.Sequential(
        nn.ConvTranspose2d(6, 4, 4, 1, 0, bias=False), nn.BatchNorm2d(4), nn.ReLU(True),
        nn.ConvTranspose2d(4, 3, 4, 2, 1, bias=False), nn.Tanh(),
    )  # fmt: skip


GENERATIVE_AND_SCIENTIFIC = {
    "mixture of experts": Network(MixtureOfExperts, ROWS, "silu"),
    "neural ode": Network(NeuralODE, ROWS, "tanh"),
    "coupling flow": Network(CouplingFlow, ROWS),
    "variational autoencoder": Network(VariationalAutoencoder, ROWS, other="tanh"),
    "radiance field": Network(RadianceField, ROWS),
    "highway": Network(Highway, ROWS),
    "packed sequences": Network(PackedSequences, (SEQUENCES, torch.tensor([5, 7, 2]))),
    "autoencoder": Network(autoencoder, IMAGES),
    "gan discriminator": Network(discriminator, IMAGES, "leaky_relu(negative_slope=0.2)"),
    "gan generator": Network(generator, normal(3, 6, 1, 1)),
}
