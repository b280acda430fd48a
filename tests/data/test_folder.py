"""The folder of data sets: an argument, the environment, the user's cache."""

from pathlib import Path

import platformdirs
import pytest

from reluctant.data import data_folder


def test_the_argument_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELUCTANT_DATA", "elsewhere")
    assert data_folder(tmp_path) == tmp_path
    assert data_folder() == Path("elsewhere")


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELUCTANT_DATA", "~/sets")
    assert data_folder() == Path.home() / "sets"


@pytest.mark.parametrize("value", [None, ""])
def test_without_a_variable_it_is_the_users_cache(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("RELUCTANT_DATA", raising=False)
    if value is not None:
        monkeypatch.setenv("RELUCTANT_DATA", value)
    assert data_folder() == Path(platformdirs.user_cache_dir("reluctant")) / "data"
