"""What `make bench-cuda` trains: four networks as one would write them, their data, and the same as a study's runs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.plain import Net
from benchmarks.plain_gpt import PlainGPT
from reluctant.core.errors import ReluctantError
from reluctant.data import from_data
from reluctant.study import Run
from reluctant.training import TensorData, prepare
from reluctant.training.runner import load_tensors

SEED = 3
CLASSES, FEATURES, CONTEXT = 10, 32, 128
LR = 0.001
FRACTION = 0.92


class PlainBlock(nn.Module):
    """Two convolutions, and a shortcut without weights where the shape changes (He et al. 2016, kind A)."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.stride, self.more = (1 if channels == out else 2), out - channels
        self.first = nn.Conv2d(channels, out, 3, self.stride, 1, bias=False)
        self.second = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.norm1, self.norm2 = nn.BatchNorm2d(out), nn.BatchNorm2d(out)

    def forward(self, x: Tensor) -> Tensor:
        """Maps (n, out, height, width), of half the size where there are more channels."""
        maps = self.norm2(self.second(F.relu(self.norm1(self.first(x)))))
        shortcut = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.more))
        return F.relu(maps + shortcut)


def plain_resnet() -> nn.Module:
    """ResNet-20 for 32×32 colour images."""
    widths = (16, 16, 16, 16, 32, 32, 32, 64, 64, 64)
    blocks = [PlainBlock(*pair) for pair in pairwise(widths)]
    first = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    return nn.Sequential(*first, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, CLASSES))


def plain_mlp() -> nn.Module:
    """Two hidden layers of 256."""
    hidden = [nn.Linear(FEATURES, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU()]
    return nn.Sequential(*hidden, nn.Linear(256, CLASSES))


def article_data() -> TensorData:
    """MNIST; random images of its shape where it is not on this machine."""
    try:
        return load_tensors("mnist", FRACTION, None)
    except ReluctantError:
        return random_data((1, 28, 28), 60_000, 10_000)


def random_data(shape: tuple[int, ...], train: int, test: int) -> TensorData:
    """Random numbers of ten classes."""
    rng = np.random.default_rng(SEED)
    parts = [
        (rng.standard_normal((count, *shape), dtype=np.float32), rng.integers(CLASSES, size=count))
        for count in (train, test)
    ]
    return prepare(from_data((*parts[0], *parts[1]), "random"), FRACTION)


@dataclass(frozen=True)
class Workload:
    """One network with its data; `fields` are those of a `Run` that trains the same."""

    title: str
    batch: int
    steps: int  # between two readings of the clock, on a GPU
    data: Callable[[], TensorData]
    plain: Callable[[TensorData], nn.Module]
    fields: dict[str, Any] = field(default_factory=dict)

    def run(self, seed: int, steps: int, epochs: int, *, tf32: bool) -> Run:
        """A run of so many epochs of so many steps each."""
        numbers = {"batch_size": self.batch, "lr": LR, "steps": steps * epochs, "epochs": epochs}
        precision = "tf32" if tf32 else "float32"
        return Run("relu", seed, **numbers, **self.fields, precision=precision)  # type: ignore[arg-type]


def loss_of(outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean cross entropy over inputs, or over tokens."""
    return F.cross_entropy(outputs.flatten(0, -2), targets.flatten())


WORKLOADS = {
    "convnet": Workload(
        "the article's network, MNIST, batch 32", 32, 1725, article_data, lambda data: Net(nn.ReLU),
        {"model": "convnet(dropout=0.15)"},
    ),
    "mlp": Workload(
        "MLP 32-256-256-10, batch 32", 32, 1500, lambda: random_data((FEATURES,), 50_000, 1_000),
        lambda data: plain_mlp(), {"model": "mlp(widths='256-256')"},
    ),
    "resnet": Workload(
        "ResNet-20, 32×32 colour images, batch 128", 128, 100, lambda: random_data((3, 32, 32), 20_000, 1_000),
        lambda data: plain_resnet(), {"model": "resnet(depth=20)"},
    ),
    "gpt": Workload(
        "GPT 4×128, 32×128 characters", 32, 100,
        lambda: load_tensors(f"shakespeare(context={CONTEXT})", FRACTION, None),
        lambda data: PlainGPT(data.task.outputs, CONTEXT, 4, 128, 4, nn.ReLU),
        {"model": "gpt(layers=4, width=128, heads=4)"},
    ),
}  # fmt: skip


def seeded_network(workload: Workload, data: TensorData, device: torch.device) -> nn.Module:
    """A plain network on the device, in training mode, with the same weights every time."""
    torch.manual_seed(SEED)
    return workload.plain(data).to(device).train()
