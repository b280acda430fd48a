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
