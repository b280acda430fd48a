"""The Slurm engine: the contract of every engine with jobs that are processes here, lost jobs, options, messages."""

import os
import pickle
import re
import signal
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from reluctant.core.errors import StudyError
from reluctant.engines import Done, Epoch, Failed, Message, Started
from reluctant.engines.ray_node import describe_driver
from reluctant.engines.slurm import slurm_engine
from reluctant.engines.slurm_jobs import SlurmJobs, minutes, parse_slurm_options
from reluctant.engines.slurm_node import EventReader, RunJob
from tests.support.engine_contract import EngineContract, by_run
from tests.support.engine_work import content, work
from tests.support.local_jobs import LocalJobs, wait_for_processes

pytest.importorskip("submitit", reason="submitit is not installed")


@pytest.fixture(autouse=True)
def _no_process_stays() -> Iterator[None]:
    yield
    wait_for_processes()


@pytest.fixture
def engine(tmp_path: Path) -> Any:
    return partial(slurm_engine, folder=tmp_path, build_jobs=LocalJobs)


class TestContract(EngineContract):
    """The Slurm engine with submitit's local executor."""

    @pytest.fixture(autouse=True)
    def _nothing_stays(self, tmp_path: Path) -> Iterator[None]:
        yield
        assert list(tmp_path.iterdir()) == []

    @pytest.fixture
    def engine(self, tmp_path: Path) -> Any:
        """The events of runs; of those without a run, the numbers of jobs are not part of the contract."""

        def without_numbers(work: Any, runs: Any) -> Iterator[Any]:
            events = slurm_engine(work, runs, folder=tmp_path, build_jobs=LocalJobs)
            try:
                yield from (e for e in events if not (isinstance(e, Message) and e.run is None))
            finally:
                events.close()

        return without_numbers


def test_a_job_that_dies_is_started_three_times_and_names_its_job(engine: Any) -> None:
    events = list(engine(work, ["kill", "a"]))
    submitted = [e.text for e in events if isinstance(e, Message) and e.run is None]
    assert re.match(r"Slurm: 2 runs submitted as job \d+, \d+", submitted[0])
    lost = [e for e in events if getattr(e, "run", None) == "kill"]
    assert [type(e) for e in lost] == [Started, Epoch, Message] * 2 + [Started, Epoch, Failed]
    assert isinstance(lost[-1], Failed)
    assert re.match(r"job \d+ ended before the run was over", lost[-1].cause)
    assert isinstance([e for e in events if getattr(e, "run", None) == "a"][-1], Done)


def test_a_run_that_takes_too_long_is_cancelled(engine: Any) -> None:
    events = by_run(engine(work, ["hang"], timeout=0.1))["hang"]
    assert [type(event) for event in events].count(Started) == 3
    fault = events[-1]
    assert isinstance(fault, Failed)
    assert fault.cause.startswith("the run took longer than 0.1 seconds (--run-timeout)")


def test_at_most_so_many_jobs_at_a_time(engine: Any) -> None:
    events = list(engine(work, list("abc"), most=1))
    order = [type(event) for event in events if isinstance(event, Started | Done)]
    assert order == [Started, Done] * 3


def test_a_job_that_is_started_again_writes_a_new_file(tmp_path: Path) -> None:
    """A preempted job: what its first start has written last may be torn, and is not read on."""
    reader = EventReader(tmp_path / "0")
    job = RunJob(str(reader.folder), pickle.dumps((work, "a")), describe_driver())
    job_of_this_process(job)
    first = list(reader.read())
    assert [type(event) for event in first] == [Started, Epoch, Epoch, Done]
    file = reader.folder / "0000.events"
    file.write_bytes(file.read_bytes()[:-3])
    torn = EventReader(tmp_path / "1")
    (torn.folder / "0000.events").write_bytes(file.read_bytes())
    assert [type(event) for event in torn.read()] == [Started, Epoch, Epoch]
    job_of_this_process(RunJob(str(torn.folder), job.payload, job.driver))
    again = list(torn.read())
    assert [type(event) for event in again] == [Started, Epoch, Epoch, Done]
    assert torn.starts == 2
    assert content(again[-1])["run"] == "a"


def job_of_this_process(job: RunJob) -> None:
    """Call what a job calls, and restore the handler and the path that it changes."""
    handler, path = signal.getsignal(signal.SIGTERM), list(sys.path)
    threads = os.environ.get("OMP_NUM_THREADS")
    try:
        job()
    finally:
        signal.signal(signal.SIGTERM, handler)
        sys.path[:] = path
        if threads is not None:
            os.environ["OMP_NUM_THREADS"] = threads


def test_a_node_with_other_versions_trains_nothing(tmp_path: Path) -> None:
    reader, driver = EventReader(tmp_path / "0"), describe_driver()
    other = {**driver, "versions": {**driver["versions"], "torch": "1.0"}}
    job_of_this_process(RunJob(str(reader.folder), pickle.dumps((work, "a")), other))
    (fault,) = reader.read()
    assert isinstance(fault, Failed)
    assert "torch" in fault.cause
    assert "instead of 1.0; install the same versions there" in fault.cause


@pytest.mark.parametrize(
    ("limit", "expected"),
    [("120", 120), (90, 90), ("2:00:00", 120), ("1-12:00:00", 2160), ("30:30", 31), ("1-0", 1440)],
)
def test_time_limits_as_slurm_writes_them(limit: object, expected: int) -> None:
    assert minutes(limit) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("partition", "write KEY=VALUE, such as --slurm partition=gpu"),
        ("nodes=2", "every run has one node"),
        ("--gpus-per-node=1", "write --gpus-per-run"),
    ],
)
def test_options_that_the_engine_decides_are_refused(text: str, message: str) -> None:
    with pytest.raises(StudyError, match=re.escape(message)):
        parse_slurm_options([text])
    with pytest.raises(StudyError, match="is no time limit of Slurm"):
        minutes("long")


def test_without_slurm_the_engine_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StudyError, match="needs the commands of Slurm"):
        list(slurm_engine(work, ["a"], folder=tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_the_submission_has_the_options(tmp_path: Path) -> None:
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    (bin_folder / "srun").write_text("#!/bin/sh\n")
    (bin_folder / "srun").chmod(0o755)
    before = os.environ["PATH"]
    os.environ["PATH"] = f"{bin_folder}{os.pathsep}{before}"
    try:
        jobs = SlurmJobs(tmp_path, {"partition": "gpu", "time": "2:00:00", "mem-per-cpu": "2G"}, cpus=3, gpus=1)
    finally:
        os.environ["PATH"] = before
    text = jobs.executor._make_submission_file_text("true", "x")
    for line in ("partition=gpu", "time=120", "mem-per-cpu=2G", "cpus-per-task=3", "gpus-per-node=1"):
        assert f"#SBATCH --{line}\n" in text
