"""A folder and a Python session of its own for tests that call `compare`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reluctant.core.user_objects import SESSION_OBJECTS


@pytest.fixture
def own_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    yield
    SESSION_OBJECTS.clear()


@pytest.fixture(autouse=True)
def _undrawn(undrawn: None) -> None:
    """Results write pages without drawings."""
