"""Slurm's jobs as processes of this machine, by submitit's local executor."""

from collections.abc import Iterable, Sequence
from typing import Any

from reluctant.engines.slurm_jobs import QueuedJob, SlurmJobs
from reluctant.engines.slurm_node import RunJob
from tests.support.processes import descendants, kill

MINUTES = 10
PROCESSES: list[Any] = []  # that were started, until `wait_for_processes`


class LocalJobs(SlurmJobs):
    """Jobs that are processes. They are asked more often than Slurm."""

    check_seconds = 0.1
    poll_seconds = 0.02

    def _build_executor(self, submitit: Any, options: dict[str, Any], cpus: int, gpus: int) -> Any:
        executor = submitit.LocalExecutor(self.folder / "jobs")
        executor.update_parameters(timeout_min=MINUTES)
        return executor

    def submit(self, jobs: Sequence[RunJob]) -> list[Any]:
        """Start the processes."""
        submitted = super().submit(jobs)
        PROCESSES.extend(job._process for job in submitted)
        return submitted

    def queued(self, jobs: Iterable[Any]) -> dict[str, QueuedJob]:
        """The processes that live."""
        return {job.job_id: QueuedJob("RUNNING") for job in jobs if job.state == "RUNNING"}

    def cancel(self, jobs: Iterable[Any]) -> None:
        """Kill processes, and wait for that: submitit's own signal is lost where it comes before its handler stands."""
        cancelled = list(jobs)
        for job in cancelled:
            for pid in [*descendants(job._process.pid), job._process.pid]:
                kill(pid)
        for job in cancelled:
            job._process.wait()

    def ending(self, job: Any) -> tuple[str, str]:
        """The tail of the output."""
        path = job.paths.stderr
        return "", path.read_text(errors="replace")[-2000:].strip() if path.exists() else ""


def wait_for_processes() -> None:
    """Wait for the end of all processes: those of ended runs live a moment longer."""
    while PROCESSES:
        PROCESSES.pop().wait()
