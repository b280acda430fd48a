"""Folders of a trained study for the tests of verification."""

import shutil
from pathlib import Path

import pytest

import reluctant
from tests.support.verified import STUDY


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `reluctant run` leaves it, without its report."""
    folder = tmp_path_factory.mktemp("trained") / "s"
    reluctant.run(STUDY, folder, engine="serial")
    return folder


@pytest.fixture
def folder(trained: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(trained, tmp_path / "s"))
