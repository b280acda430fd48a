"""One writer in a folder: named while it is alive, and replaced when it is gone."""

import json
import os
import platform
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reluctant.core import lock
from reluctant.core.errors import StudyError
from reluctant.core.lock import LOCK_FILE, lock_folder, lock_holder

LOCKING_PROGRAM = (
    "import sys; from pathlib import Path; from reluctant.core.lock import lock_folder\n"
    "with lock_folder(Path(sys.argv[1])):\n"
    "    print('locked', flush=True); sys.stdin.read()\n"
)


@pytest.fixture
def other(tmp_path: Path) -> Any:
    """Another process that is the writer in `tmp_path` until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", LOCKING_PROGRAM, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "locked\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_writer_is_refused_and_the_first_is_named(other: "subprocess.Popen[str]", tmp_path: Path) -> None:
    who = rf"process {other.pid} on {re.escape(platform.node())}, since \d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d"
    with pytest.raises(StudyError, match=f"is being worked on by {who}"), lock_folder(tmp_path):
        pass
    assert re.fullmatch(who + r".*", lock_holder(tmp_path))


def test_a_killed_writer_s_lock_is_taken_over(other: "subprocess.Popen[str]", tmp_path: Path) -> None:
    other.send_signal(signal.SIGKILL)
    other.wait()
    assert (tmp_path / LOCK_FILE).exists()
    assert lock_holder(tmp_path) == ""
    with lock_folder(tmp_path):
        assert json.loads((tmp_path / LOCK_FILE).read_text())["process"] == os.getpid()
        assert f"process {os.getpid()} " in lock_holder(tmp_path)


def test_the_lock_and_an_empty_folder_disappear_with_the_work(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="over"), lock_folder(tmp_path / "new"):
            raise ValueError("over")
        assert not (tmp_path / "new").exists()


def test_a_folder_with_a_new_file_stays(tmp_path: Path) -> None:
    with lock_folder(tmp_path / "new"):
        (tmp_path / "new" / "study.toml").write_text("")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["study.toml"]


def test_one_process_cannot_write_twice(tmp_path: Path) -> None:
    with lock_folder(tmp_path), pytest.raises(StudyError, match="is being worked on"), lock_folder(tmp_path):
        pass


@pytest.fixture
def lockless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system without locks."""

    def refuse(*_: Any) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)


@pytest.mark.usefixtures("lockless")
class TestWithoutLocks:
    def test_a_living_writer_of_this_machine_keeps_its_lock(
        self, other: "subprocess.Popen[str]", tmp_path: Path
    ) -> None:
        with pytest.raises(StudyError, match=f"process {other.pid} "), lock_folder(tmp_path):
            pass

    def test_a_dead_writer_is_ignored(self, other: "subprocess.Popen[str]", tmp_path: Path) -> None:
        other.kill()
        other.wait()
        with lock_folder(tmp_path):
            pass

    def test_a_writer_of_another_machine_keeps_its_lock(self, tmp_path: Path) -> None:
        (tmp_path / LOCK_FILE).write_text('{"process": 1, "machine": "elsewhere", "since": "then"}')
        with pytest.raises(StudyError, match=r"on elsewhere, since then.*delete .*\.lock"), lock_folder(tmp_path):
            pass

    @pytest.mark.parametrize("text", ["", "[]", "nonsense", "{}", '{"machine": 3}'])
    def test_a_file_that_names_nobody_is_no_lock(self, text: str, tmp_path: Path) -> None:
        (tmp_path / LOCK_FILE).write_text(text.replace("3", json.dumps(platform.node())))
        with lock_folder(tmp_path):
            pass

    def test_two_writers_never_win_at_once(self, tmp_path: Path) -> None:
        """Both read that nobody works there before one wrote that it does: in 1 of 60 races both won."""
        read = lock._read_writer
        refused: list[str] = []

        def read_while_another_begins(path: Path) -> dict[str, Any]:
            writer = read(path)
            if not refused:
                refused.append("")
                try:
                    with lock_folder(tmp_path):
                        refused[0] = "won"
                except StudyError as fault:
                    refused[0] = str(fault)
            return writer

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lock, "_read_writer", read_while_another_begins)
            with lock_folder(tmp_path):
                assert "another process begins to work" in refused[0]
        assert list(tmp_path.iterdir()) == []


class TestOfAnotherUser:
    """A lock file that may be read and not written, as another user's; its folder may be written."""

    @pytest.fixture(autouse=True)
    def _other_user(self, monkeypatch: pytest.MonkeyPatch) -> None:
        system_open = os.open

        def refuse_to_write(path: Any, flags: int, *rest: Any, **keywords: Any) -> int:
            if Path(path).name == LOCK_FILE and flags & os.O_RDWR and Path(path).exists():
                raise PermissionError(13, "Permission denied", str(path))
            return system_open(path, flags, *rest, **keywords)

        monkeypatch.setattr(os, "open", refuse_to_write)
        monkeypatch.setattr(os, "getuid", lambda: -1)
        monkeypatch.setattr(Path, "owner", lambda self: "ada")

    def test_a_killed_user_s_lock_is_taken_over(self, tmp_path: Path) -> None:
        (tmp_path / LOCK_FILE).write_text('{"process": 1, "machine": "elsewhere", "since": "then"}')
        with lock_folder(tmp_path):
            assert json.loads((tmp_path / LOCK_FILE).read_text())["process"] == os.getpid()

    def test_a_living_user_is_named(self, other: "subprocess.Popen[str]", tmp_path: Path) -> None:
        with pytest.raises(StudyError, match=rf"worked on by process {other.pid} on \S+ of the user ada, since"):
            lock_folder(tmp_path).__enter__()

    def test_a_lock_that_may_not_be_deleted_says_whose_it_is(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: Any, **__: Any) -> None:
            raise PermissionError(1, "Operation not permitted")

        (tmp_path / LOCK_FILE).write_text("{}")
        monkeypatch.setattr(Path, "unlink", refuse)
        with pytest.raises(StudyError, match=r"\.lock belongs to the user ada, whose process ended .*Ask them"):
            lock_folder(tmp_path).__enter__()
