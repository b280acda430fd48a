from pathlib import Path

import platformdirs
import pytest

from reluctant.data import root


def test_the_given_folder_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELUCTANT_DATA", "elsewhere")
    assert root(tmp_path) == tmp_path
    assert root() == Path("elsewhere")


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELUCTANT_DATA", "~/sets")
    assert root() == Path.home() / "sets"


@pytest.mark.parametrize("value", [None, ""])
def test_without_a_word_it_is_the_users_cache(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("RELUCTANT_DATA", raising=False)
    if value is not None:
        monkeypatch.setenv("RELUCTANT_DATA", value)
    assert root() == Path(platformdirs.user_cache_dir("reluctant")) / "data"
