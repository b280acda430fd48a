"""A checkpoint to damage."""

from pathlib import Path

import pytest

from reluctant.training.checkpoints import Checkpoint
from tests.support.checkpoints import checkpoint, training_after


@pytest.fixture
def saved(tmp_path: Path) -> Checkpoint:
    file = checkpoint(tmp_path)
    file.save(training_after(1))
    return file
