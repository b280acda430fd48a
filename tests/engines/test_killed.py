"""Processes that are killed while they train the real network: nothing finished is lost or done twice."""

import functools
import random
import re
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest

from reluctant.cli.main import CANNOT, execute
from tests.support.interrupted_study import (
    STUDY,
    check_files_complete,
    expected_records,
    resume_study,
    start_study,
    wait_for_epochs,
)
from tests.support.processes import children, ends, kill
from tests.support.small import records

pytestmark = pytest.mark.resume
MOMENTS = 50


@functools.cache
def study_seconds() -> float:
    """Seconds from the start of the study to its end, measured once."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        process = start_study(Path(folder) / "whole")
        process.communicate(timeout=240)
    assert process.returncode == 0
    return time.monotonic() - began


def check_killed_driver(process: "subprocess.Popen[str]", folder: Path) -> None:
    """A driver that is killed leaves no worker, and its study can be resumed."""
    workers = list(children(process.pid))
    process.kill()
    process.communicate()
    assert all(ends(pid) for pid in workers), "a worker outlived its driver"
    check_files_complete(folder)
    resume_study(folder)


def check_killed_worker(process: "subprocess.Popen[str]", folder: Path) -> str:
    """The driver replaces a worker that is killed, and the study ends with the expected records; its output."""
    for pid in list(children(process.pid))[:1]:
        kill(pid)
    output, _ = process.communicate(timeout=240)
    assert process.returncode == 0, output
    assert records(folder) == expected_records()
    return output


SLOW = pytest.mark.slow  # every kind has one test that is not slow, here or elsewhere


@pytest.mark.parametrize("epochs", [pytest.param(2, marks=SLOW), 6, pytest.param(10, marks=SLOW)])  # of twelve
def test_a_killed_driver_changes_no_number(epochs: int, tmp_path: Path) -> None:
    process = start_study(tmp_path / "killed")
    wait_for_epochs(process, epochs)
    check_killed_driver(process, tmp_path / "killed")


@SLOW  # test_engines.py and tests/api/test_own_training.py kill workers, tests/core/test_lock.py calls twice
def test_a_second_call_is_refused_and_a_killed_worker_changes_no_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    process = start_study(tmp_path / "killed", "--workers", "2")
    wait_for_epochs(process, 1)
    assert execute(["run", str(tmp_path / "killed.toml"), "-o", str(tmp_path / "killed")]) == CANNOT
    assert f"is being worked on by process {process.pid} on " in capsys.readouterr().err
    output = check_killed_worker(process, tmp_path / "killed")
    assert "starting again, attempt 2 of 3" in output


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_a_driver_killed_at_fifty_moments(tmp_path: Path) -> None:
    seconds, generator = study_seconds(), random.Random(5)
    for number in range(MOMENTS):
        process = start_study(tmp_path / str(number))
        with suppress(subprocess.TimeoutExpired):
            process.wait(generator.uniform(0, seconds))
        check_killed_driver(process, tmp_path / str(number))


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_workers_killed_at_fifty_moments(tmp_path: Path) -> None:
    seconds, generator = study_seconds(), random.Random(6)
    for number in range(MOMENTS):
        process = start_study(tmp_path / str(number), "--workers", "2")
        with suppress(subprocess.TimeoutExpired):
            process.wait(generator.uniform(0, seconds))
        check_killed_worker(process, tmp_path / str(number))


@pytest.mark.parametrize(
    ("engine", "number", "status"),
    [
        pytest.param("local", signal.SIGTERM, 143, marks=SLOW),
        ("local", signal.SIGINT, 130),
        pytest.param("local", signal.SIGHUP, 129, marks=SLOW),
        pytest.param("serial", signal.SIGTERM, 143, marks=SLOW),
        pytest.param("serial", signal.SIGINT, 130, marks=pytest.mark.slow),
        pytest.param("serial", signal.SIGHUP, 129, marks=pytest.mark.slow),
    ],
)
def test_one_signal_ends_a_study_in_order(engine: str, number: signal.Signals, status: int, tmp_path: Path) -> None:
    process = start_study(tmp_path / "out", "--engine", engine)
    wait_for_epochs(process, 1)
    workers = list(children(process.pid))
    assert len(workers) == (2 if engine == "local" else 0)
    process.send_signal(number)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == status, output
    assert re.search(r"stopped; \d of 4 runs are finished.*\nType the same command again to continue", output)
    assert "Traceback" not in output
    assert all(ends(pid) for pid in workers)
    assert list((tmp_path / "out" / "checkpoints").glob("*.pt"))
    assert resume_study(tmp_path / "out") >= 1


@pytest.mark.slow
def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    process = start_study(tmp_path / "out")
    wait_for_epochs(process, 1)
    workers = list(children(process.pid))
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode in (-signal.SIGTERM, 143)
    assert all(ends(pid) for pid in workers)
    resume_study(tmp_path / "out")


def test_the_study_has_four_runs() -> None:
    assert STUDY.size == len(expected_records()) == 4
