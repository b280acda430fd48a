"""Processes that are killed while they train the real network: nothing finished is lost or done twice."""

import functools
import os
import random
import re
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from tests.support.small import records
from tests.undisturbed import STUDY, children, finish, kill, start, undisturbed, whole

pytestmark = pytest.mark.resume
MOMENTS = 50


@functools.cache
def life() -> float:
    """Seconds from the start of the study to its end, taken once."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        process = start(Path(folder) / "whole")
        process.communicate(timeout=240)
    assert process.returncode == 0
    return time.monotonic() - began


def killed_at(folder: Path, moment: float) -> bool:
    """Start the study and kill its driver after so many seconds, or when it ends; whether it was killed."""
    process = start(folder)
    try:
        process.communicate(timeout=moment)
    except subprocess.TimeoutExpired:
        workers = list(children(process.pid))
        process.kill()
        process.communicate()
        assert all(gone(pid) for pid in workers), "a worker outlived its driver"
        return True
    return False


def gone(pid: int) -> bool:
    """Whether a process ends by itself within ten seconds."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select_ready(handle))
    finally:
        os.close(handle)


def select_ready(handle: int) -> list[int]:
    import select

    return select.select([handle], [], [], 10)[0]


def survives_a_killed_driver(folder: Path, moment: float) -> None:
    killed_at(folder, moment)
    whole(folder)
    finish(folder)


def survives_a_killed_worker(folder: Path, moment: float) -> None:
    """The driver replaces a worker that is killed, and the study ends as if nothing had been."""
    process = start(folder, "--workers", "2")
    try:
        said, _ = process.communicate(timeout=moment)
    except subprocess.TimeoutExpired:
        for pid in list(children(process.pid))[:1]:
            kill(pid)
        said, _ = process.communicate(timeout=240)
    assert process.returncode == 0, said
    assert records(folder) == undisturbed()


@pytest.mark.parametrize("part", [0.35, 0.6, 0.85])
def test_a_killed_driver_costs_no_number(part: float, tmp_path: Path) -> None:
    survives_a_killed_driver(tmp_path / "killed", part * life())


def test_a_killed_worker_costs_no_number(tmp_path: Path) -> None:
    survives_a_killed_worker(tmp_path / "killed", 0.6 * life())


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_a_driver_killed_at_fifty_moments(tmp_path: Path) -> None:
    length, draw = life(), random.Random(5)
    for number in range(MOMENTS):
        survives_a_killed_driver(tmp_path / str(number), draw.uniform(0, length))


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_workers_killed_at_fifty_moments(tmp_path: Path) -> None:
    length, draw = life(), random.Random(6)
    for number in range(MOMENTS):
        survives_a_killed_worker(tmp_path / str(number), draw.uniform(0, length))


def first_lines(process: "subprocess.Popen[str]", number: int) -> None:
    """Wait for so many lines of epochs; what is said of the data stands before them."""
    assert process.stdout is not None
    for _ in range(number):
        assert next(line for line in process.stdout if ": epoch" in line)


@pytest.mark.parametrize(
    ("engine", "asked", "status"),
    [
        ("local", signal.SIGTERM, 143),
        ("local", signal.SIGINT, 130),
        ("local", signal.SIGHUP, 129),
        ("serial", signal.SIGTERM, 143),
        pytest.param("serial", signal.SIGINT, 130, marks=pytest.mark.slow),
        pytest.param("serial", signal.SIGHUP, 129, marks=pytest.mark.slow),
    ],
)
def test_one_signal_ends_a_study_in_order(
    engine: str, asked: signal.Signals, status: int, tmp_path: Path
) -> None:
    process = start(tmp_path / "out", "--engine", engine)
    first_lines(process, 1)
    workers = list(children(process.pid))
    assert len(workers) == (2 if engine == "local" else 0)
    process.send_signal(asked)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == status, said
    assert re.search(r"stopped; \d of 4 runs are finished.*\nType the same command again to go on", said)
    assert "Traceback" not in said
    assert all(gone(pid) for pid in workers)
    assert list((tmp_path / "out" / "checkpoints").glob("*.pt"))
    assert "continues after epoch" in finish(tmp_path / "out")


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    process = start(tmp_path / "out")
    first_lines(process, 1)
    workers = list(children(process.pid))
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode in (-signal.SIGTERM, 143)
    assert all(gone(pid) for pid in workers)
    finish(tmp_path / "out")


def test_a_second_run_is_told_who_is_at_work(tmp_path: Path) -> None:
    process = start(tmp_path / "out")
    first_lines(process, 1)
    said, _ = (second := start(tmp_path / "out")).communicate(timeout=60)
    assert second.returncode == 2
    assert f"is being worked on by process {process.pid} on " in said
    process.communicate(timeout=240)
    assert records(tmp_path / "out") == undisturbed()


def test_a_study_has_four_runs() -> None:
    assert STUDY.size == len(undisturbed()) == 4
