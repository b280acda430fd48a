"""Checkpoints of a small training, for tests that damage them."""

from pathlib import Path
from typing import Any

from reluctant.training import Training
from reluctant.training.checkpoints import Checkpoint
from tests.support.small import digits, run

ENVIRONMENT = {"packages": {"torch": "2.13.0"}, "processor": "a processor"}
EPOCHS = 3


def checkpoint(folder: Path) -> Checkpoint:
    return Checkpoint(folder / "checkpoints" / "key.pt", ENVIRONMENT)


def training_after(epochs: int, **fields: Any) -> Training:
    """A training at the end of this epoch."""
    training = Training(run(**{"epochs": EPOCHS, **fields}), digits(64))
    for _ in zip(range(epochs), training, strict=False):
        pass
    return training


def refused(file: Checkpoint, **fields: Any) -> str:
    """The message about a file that is refused; the file is set aside and the training untouched."""
    before = file.path.read_bytes()
    training = training_after(0, **fields)
    message = file.restore(training)
    assert message.startswith("starts again: its checkpoint was set aside (")
    assert training.epochs == []
    assert not file.path.exists()
    aside = sorted((file.path.parent.parent / "damaged").iterdir(), key=lambda p: p.stat().st_mtime_ns)[-1]
    assert str(aside) in message
    assert aside.read_bytes() == before
    return message
