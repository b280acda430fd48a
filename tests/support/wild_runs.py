"""Short runs of a network on a small table, none of which may fail."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import reluctant
from reluctant.core.errors import ReluctantError
from reluctant.engines import Done, Event, Failed, Started


def rows(number: int = 60) -> tuple[Tensor, Tensor]:
    """A table of six columns, with two classes."""
    x = torch.randn(number, 6, generator=torch.Generator().manual_seed(3))
    return x, (x[:, 0] + 0.3 * x[:, 1] > 0).long()


def losses(
    model: Callable[..., Any],
    folder: Path,
    activations: Sequence[str] = ("relu", "tanh"),
    data: tuple[Tensor, ...] | None = None,
    batch_size: int = 16,
) -> dict[str, list[float]]:
    """The losses by activation. A refusal must come before the first run, and no run may fail."""
    events: list[Event] = []
    try:
        results = reluctant.compare(
            activations,
            model=model,
            data=data or rows(),
            folder=folder,
            engine="serial",
            watch=events.append,
            seeds=1,
            epochs=2,
            batch_size=batch_size,
        )
    except ReluctantError:
        assert not any(isinstance(event, Started) for event in events), "refused only after training had started"
        raise
    assert [event for event in events if isinstance(event, Failed)] == []
    assert sum(isinstance(event, Done) for event in events) == len(activations)
    frame = results.frame()
    return {activation: frame[frame["activation"] == activation]["loss"].tolist() for activation in activations}
