"""The Slurm engine on a Slurm that runs on this machine: the contract, a job that is queued again, cancelled jobs."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reluctant.core.errors import StudyError
from reluctant.engines import Done, Epoch, Message, Started
from reluctant.engines.slurm import slurm_engine
from tests.support.engine_contract import EngineContract
from tests.support.engine_work import work

pytest.importorskip("submitit", reason="submitit is not installed")
pytestmark = [pytest.mark.slurm, pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.usefixtures("_idle_node")]


@pytest.fixture(scope="session")
def _idle_node() -> None:
    """Slurm with an idle node; where it is installed and its controller is not running, `sinfo` takes ten seconds."""
    states = ["sinfo", "--noheader", "--format=%T"]
    if (
        shutil.which("sinfo") is None
        or "idle" not in subprocess.run(states, capture_output=True, text=True, check=False).stdout.split()
    ):
        pytest.skip("no Slurm with an idle node runs here (docs/scaling.md)")


def queue() -> list[str]:
    """The jobs that wait or run."""
    return subprocess.run(
        ["squeue", "--noheader", "--array", "--format=%i", "--states=PENDING,RUNNING"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()


def job_of(events: Iterator[Any]) -> str:
    """The number of the job that was submitted, once its run has finished an epoch."""
    number = ""
    for event in events:
        if isinstance(event, Message) and event.run is None:
            number = event.text.rpartition("job ")[2]
        if isinstance(event, Epoch):
            return number
    raise AssertionError("no epoch came")


class TestContract(EngineContract):
    """The Slurm engine."""

    @pytest.fixture
    def engine(self, tmp_path: Path) -> Any:
        def without_numbers(work: Any, runs: Any) -> Iterator[Any]:
            events = slurm_engine(work, runs, folder=tmp_path, options={"time": 5})
            try:
                yield from (e for e in events if not (isinstance(e, Message) and e.run is None))
            finally:
                events.close()

        return without_numbers


def test_a_job_that_is_queued_again_is_no_failed_attempt(tmp_path: Path) -> None:
    """What Slurm does with a preempted job. It waits two minutes before it starts it again, unless it is released."""
    events = slurm_engine(work, ["hang"], folder=tmp_path, options={"time": 5})
    number = job_of(events)
    subprocess.run(["scontrol", "requeue", number], check=True)
    subprocess.run(["scontrol", "update", f"JobId={number}", "StartTime=now"], check=False)
    later = []
    for event in events:
        later.append(event)
        if isinstance(event, Epoch):
            break
    assert [type(event) for event in later[-3:]] == [Message, Started, Epoch]
    text = " ".join(event.text for event in later if isinstance(event, Message))
    assert "was preempted or reached its time limit, and is queued again" in text
    assert f"job {number} was started again" in text
    events.close()
    assert number not in queue()


def test_the_jobs_of_a_killed_call_are_cancelled_by_the_next(tmp_path: Path) -> None:
    first = slurm_engine(work, ["hang"], folder=tmp_path, options={"time": 5})
    number = job_of(first)
    second = slurm_engine(work, ["a"], folder=tmp_path, options={"time": 5})
    events = list(second)
    assert f"cancelled the Slurm jobs of a call that was killed: {number}" in [
        event.text for event in events if isinstance(event, Message)
    ]
    assert isinstance(events[-1], Done)
    assert number not in queue()
    first.close()


def test_what_slurm_refuses_is_a_message(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"Slurm refuses the jobs: .*partition.*; change --slurm KEY=VALUE"):
        list(slurm_engine(work, ["a"], folder=tmp_path, options={"partition": "nowhere"}))
    assert list(tmp_path.iterdir()) == []
