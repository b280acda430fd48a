"""Writing a file atomically: whole or not at all, whatever fails."""

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from reluctant.core.atomic_files import write_atomically


class HalfWritten(io.BytesIO):
    """A file on a disk that becomes full."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def write(self, data: bytes) -> NoReturn:  # type: ignore[override]
        with open(self.path, "wb") as file:  # noqa: PTH123 (`Path.open` is what is replaced)
            file.write(data[: len(data) // 2])
        raise OSError(28, "No space left on device")


def refuse(*args: object, **keywords: object) -> NoReturn:
    raise OSError(5, "Input/output error")


def interrupt(*args: object, **keywords: object) -> NoReturn:
    raise KeyboardInterrupt


def full_disk(patch: pytest.MonkeyPatch) -> None:
    real = Path.open

    def half(self: Path, mode: str = "r", **keywords: Any) -> Any:
        return HalfWritten(self) if mode == "wb" and self.suffix == ".part" else real(self, mode, **keywords)

    patch.setattr(Path, "open", half)


ACCIDENTS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "open": lambda patch: patch.setattr(Path, "open", refuse),
    "write": full_disk,
    "fsync": lambda patch: patch.setattr(os, "fsync", refuse),
    "interrupt": lambda patch: patch.setattr(os, "fsync", interrupt),
    "replace": lambda patch: patch.setattr(Path, "replace", refuse),
}


@pytest.mark.parametrize("accident", ACCIDENTS)
@pytest.mark.parametrize("old", [None, "old\n"])
def test_a_failed_write_leaves_the_old_content(
    accident: str, old: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    if old is not None:
        path.write_text(old)
    with monkeypatch.context() as patch:
        ACCIDENTS[accident](patch)
        with pytest.raises((OSError, KeyboardInterrupt)):
            write_atomically(path, "new content\n")
    assert [p.name for p in tmp_path.iterdir()] == ([] if old is None else ["a.json"])
    assert old is None or path.read_text() == old


@pytest.mark.parametrize("refused", ["open", "fsync"])
def test_a_folder_that_cannot_be_synced_has_the_new_content(
    refused: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real: Callable[..., Any] = getattr(os, refused)
    folder = tmp_path.stat().st_ino

    def fussy(what: Any, *args: Any, **keywords: Any) -> Any:
        if (os.fstat if isinstance(what, int) else os.lstat)(what).st_ino == folder:
            raise PermissionError(what)
        return real(what, *args, **keywords)

    with monkeypatch.context() as patch:
        patch.setattr(os, refused, fussy)
        write_atomically(tmp_path / "a.json", "new\n")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("a.json", "new\n")]


def test_a_write_is_synced_before_its_name_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    sync, replace = os.fsync, Path.replace

    def noted_sync(handle: int) -> None:
        steps.append("sync folder" if Path(f"/proc/self/fd/{handle}").resolve() == tmp_path else "sync file")
        sync(handle)

    def noted_replace(self: Path, target: Path) -> Path:
        steps.append(f"replace {self.read_text()}")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    write_atomically(tmp_path / "a.json", "new")
    assert steps == ["sync file", "replace new", "sync folder"]


def test_a_text_that_is_no_utf8_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        write_atomically(tmp_path / "a.json", "\ud800")
    assert list(tmp_path.iterdir()) == []
