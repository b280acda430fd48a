"""A cluster that asks for a token, and whose head dies or freezes in the middle of a study."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.interrupted_study import start_study, wait_for_epochs
from tests.support.processes import descendants, kill

pytestmark = [pytest.mark.slow, pytest.mark.ray, pytest.mark.timeout(300)]


@pytest.fixture
def head(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """The address of a cluster, started as a user starts one, and the process that started it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ray").mkdir()
    (tmp_path / ".ray" / "auth_token").write_text("0123456789abcdef" * 4)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    command = [shutil.which("ray", path=str(Path(sys.executable).parent)), "start", "--head", "--block"]
    command += ["--port", str(port), "--num-cpus", "2", "--include-dashboard=false", "--disable-usage-stats"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # type: ignore[arg-type]
    assert process.stdout is not None
    assert next(line for line in process.stdout if "--block" in line)  # it runs, and waits for a signal
    yield f"127.0.0.1:{port}", process
    for pid in [*descendants(process.pid), process.pid]:
        kill(pid)
    process.communicate()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_head_that_is_lost_ends_the_study_with_one_sentence(
    head: tuple[str, "subprocess.Popen[str]"], number: signal.Signals, tmp_path: Path
) -> None:
    """Ray ended this process after a minute, with a text of its own; a frozen head was waited for without an end."""
    address, ray = head
    study = start_study(tmp_path / "out", "--engine", "ray", "--address", address, "--set", "epochs=200")
    wait_for_epochs(study, 1)
    (server,) = (pid for pid in descendants(ray.pid) if "gcs_server" in Path(f"/proc/{pid}/cmdline").read_text())
    os.kill(server, number)
    output, _ = study.communicate(timeout=120)
    assert study.returncode == 2, output
    port = address.partition(":")[2]
    assert re.search(rf"the head of the Ray cluster at .*:{port} has not answered for 30 seconds", output), output
    assert "Traceback" not in output
