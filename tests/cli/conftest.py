"""A small study that trains in a second, in an empty folder."""

from pathlib import Path

import pytest

from tests.support.small import SMALL

STUDY = f"""
name = "small"
model = "{SMALL}"
activation = ["relu", "elu"]
epochs = 1
seed = [0, 1]
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with `small.toml`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RELUCTANT_DATA", raising=False)
    (tmp_path / "small.toml").write_text(STUDY)
    return tmp_path


@pytest.fixture(autouse=True)
def _undrawn(undrawn: None) -> None:
    """Commands write pages without drawings."""
