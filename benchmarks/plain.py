"""The loop everyone writes, to be measured against: DataLoader, Adam, default settings. Frozen: do not tune.

It trains and evaluates as a study does: the article's network and training, after every epoch the loss and
the predictions of the validation and test images. `Variant` holds what a practitioner would try next.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    """The article's network."""

    def __init__(self, activation: Callable[[], nn.Module]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for channels, out in ((1, 32), (32, 64), (64, 128)):
            layers += [nn.Conv2d(channels, out, 3), nn.BatchNorm2d(out), nn.MaxPool2d(2)]
            layers += [activation(), nn.Dropout(0.15)]
        self.features = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(128, 128), activation(), nn.Linear(128, 10))

    def forward(self, x: Tensor) -> Tensor:
        """Log-probabilities (n, 10) of images (n, 1, 28, 28)."""
        return F.log_softmax(self.head(self.features(x)), dim=1)


@dataclass(frozen=True)
class Variant:
    """How the plain loop runs: threads (None: PyTorch's default), fused Adam, channels-last maps."""

    threads: int | None = None
    fused: bool = False
    channels_last: bool = False


PLAIN = Variant()
VARIANTS = {
    "plain": PLAIN,
    "plain, 1 thread": Variant(threads=1),
    "plain, fused Adam": Variant(fused=True),
    "plain, fused Adam, channels last": Variant(fused=True, channels_last=True),
    "plain, fused Adam, channels last, 1 thread": Variant(threads=1, fused=True, channels_last=True),
}


def train(
    model: Net, loader: DataLoader[tuple[Tensor, ...]], optimizer: torch.optim.Optimizer, layout: torch.memory_format
) -> float:
    """One epoch; the mean loss over images."""
    model.train()
    total = 0.0
    for images, labels in loader:
        optimizer.zero_grad()
        loss = F.nll_loss(model(images.to(memory_format=layout)), labels)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        total += loss.item() * len(labels)
    return total / len(loader.dataset)  # type: ignore[arg-type, no-any-return]


def evaluate(model: Net, loader: DataLoader[tuple[Tensor, ...]], layout: torch.memory_format) -> tuple[float, float]:
    """Mean loss over images and accuracy."""
    model.eval()
    total, right = 0.0, 0
    with torch.no_grad():
        for images, labels in loader:
            scores = model(images.to(memory_format=layout))
            total += F.nll_loss(scores, labels, reduction="sum").item()
            right += int((scores.argmax(dim=1) == labels).sum())
    size = len(loader.dataset)  # type: ignore[arg-type]
    return total / size, right / size


def run(
    parts: dict[str, tuple[Tensor, Tensor]],
    activation: Callable[[], nn.Module],
    *,
    epochs: int,
    seed: int = 0,
    variant: Variant = PLAIN,
) -> list[dict[str, float]]:
    """Train on `parts["train"]`; after every epoch the losses and accuracies on valid and test."""
    if variant.threads:
        torch.set_num_threads(variant.threads)
    torch.manual_seed(seed)
    layout = torch.channels_last if variant.channels_last else torch.contiguous_format
    model = Net(activation).to(memory_format=layout)  # type: ignore[call-overload]
    optimizer = torch.optim.Adam(model.parameters(), lr=0.006, betas=(0.89, 0.999), fused=variant.fused or None)
    loaders = {
        name: DataLoader(TensorDataset(*tensors), batch_size=32, shuffle=name == "train")
        for name, tensors in parts.items()
    }
    history = []
    for _ in range(epochs):
        entry = {"train loss": train(model, loaders["train"], optimizer, layout)}
        for name in ("valid", "test"):
            entry[f"{name} loss"], entry[f"{name} accuracy"] = evaluate(model, loaders[name], layout)
        history.append(entry)
    return history
