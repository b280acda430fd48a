"""The Slurm engine: every run is a Slurm job; its events come through files in the study's folder."""

import os
import pickle
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reluctant.engines.events import Done, Events, Failed, Message, Ready, Started, Work
from reluctant.engines.ray_node import describe_driver
from reluctant.engines.run_queue import Attempt, RunQueue, timeout_reason
from reluctant.engines.slurm_jobs import WAITING_IS_NORMAL, SlurmJobs, cancel_jobs
from reluctant.engines.slurm_node import EventReader, RunJob

MOST_JOBS = 200  # at a time; more would fill the queue of other users
_AGAIN = "was preempted or reached its time limit, and is queued again"
GRACE_SECONDS = 15.0  # between the end of a job and the last that its file shows, on a network file system


@dataclass
class SlurmTask:
    """An attempt that was submitted as a job."""

    attempt: Attempt
    job: Any
    reader: EventReader
    starts: int = 0  # of the job, that were reported
    deadline: float = float("inf")
    cancel_reason: str = ""  # why this process has cancelled it
    waiting: str = ""  # why it waits, as far as that was reported
    gone: float | None = None  # when Slurm no longer had it


def slurm_engine(
    work: Work,
    runs: Sequence[Any],
    *,
    folder: Path,
    options: Mapping[str, Any] | None = None,
    most: int | None = None,
    gpus_per_run: float = 0.0,
    timeout: float | None = None,
    build_jobs: Callable[..., SlurmJobs] = SlurmJobs,
) -> Events:
    """Train every run in a job of its own, at most `most` at a time. `folder` is on a file system of all nodes.

    A job that is preempted or reaches its time limit is queued again and continues from its checkpoint. A run whose
    job dies, or that takes longer than `timeout` seconds, is started again, up to three attempts in all. Jobs that a
    killed call has left behind are cancelled first; closing the engine cancels its own.

    Raises:
        StudyError: submitit or Slurm is missing, or Slurm refuses the jobs.
    """
    if not runs:
        yield Ready()
        return
    sessions = folder / "slurm"
    session = sessions / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
    cpus = max(int(getattr(run, "threads", 1)) for run in runs)
    jobs = build_jobs(session, options or {}, cpus, int(gpus_per_run))
    scheduler = SlurmScheduler(jobs, work, runs, session, timeout, most or MOST_JOBS)
    try:
        yield Ready()  # until now nothing is in the folder: the study is checked, and is the first to be written
        session.mkdir(parents=True, exist_ok=True)
        if leftover := _cancel_leftover_jobs(sessions, session):
            yield Message(None, f"cancelled the Slurm jobs of a call that was killed: {', '.join(leftover)}")
        yield from scheduler.submit_waiting()
        while scheduler.tasks:
            yield from scheduler.poll()
    finally:
        if scheduler.tasks:
            jobs.cancel(task.job for task in scheduler.tasks)
        shutil.rmtree(session, ignore_errors=True)
        with suppress(OSError):  # another session is in it
            sessions.rmdir()


def _cancel_leftover_jobs(sessions: Path, own: Path) -> list[str]:
    """Cancel the jobs of calls that no longer live: this process holds the lock of the study's folder."""
    numbers = []
    for session in sorted(path for path in sessions.iterdir() if path != own):
        with suppress(OSError):
            numbers += (session / "ids").read_text().split()
        cancel_jobs(numbers)
        shutil.rmtree(session, ignore_errors=True)
    return numbers


class SlurmScheduler:
    """The runs of one study: those that Slurm has, and those that wait here."""

    def __init__(
        self, jobs: SlurmJobs, work: Work, runs: Sequence[Any], session: Path, timeout: float | None, most: int
    ) -> None:
        self.jobs, self.work, self.session, self.timeout, self.most = jobs, work, session, timeout, most
        self.queue, self.tasks = RunQueue(runs), list[SlurmTask]()
        self._driver, self._submitted, self._checked, self._silent = describe_driver(), 0, time.monotonic(), False

    def submit_waiting(self) -> Events:
        """Submit runs while there are fewer jobs than `most`; several of them as one array."""
        attempts = [self.queue.pop() for _ in range(min(len(self.queue), self.most - len(self.tasks)))]
        readers = [EventReader(self.session / "events" / f"{self._submitted + i}") for i in range(len(attempts))]
        calls = [
            RunJob(str(reader.folder.resolve()), pickle.dumps((self.work, attempt.run)), self._driver)
            for reader, attempt in zip(readers, attempts, strict=True)
        ]
        if calls:
            self._submitted += len(calls)
            jobs = self.jobs.submit(calls)
            self.tasks += [SlurmTask(*each) for each in zip(attempts, jobs, readers, strict=True)]
            if self._submitted > len(calls) and not any(attempt.number > 1 for attempt in attempts):
                return  # one more run of ten thousand
            numbers = ", ".join(dict.fromkeys(job.job_id.split("_")[0] for job in jobs))
            yield Message(None, f"Slurm: {len(jobs)} {'run' if len(jobs) == 1 else 'runs'} submitted as job {numbers}")

    def poll(self) -> Events:
        """Read what the jobs have written; then wait a little if there was nothing."""
        before = list(self.tasks)
        happened = False
        for task in before:
            for event in self._read(task):
                happened = True
                yield event
        if time.monotonic() - self._checked >= self.jobs.check_seconds:
            yield from self._check_queue()
            self._checked = time.monotonic()
        yield from self.submit_waiting()
        if not happened and self.tasks:
            time.sleep(self.jobs.poll_seconds)

    def _read(self, task: SlurmTask) -> Events:
        for event in task.reader.read():
            if isinstance(event, Started):
                task.deadline = time.monotonic() + self.timeout if self.timeout else float("inf")
                if task.starts:
                    text = f"job {task.job.job_id} was started again"
                    yield Message(event.run, text)
                task.starts, task.waiting = task.reader.starts, ""
            if isinstance(event, Done | Failed):
                self.tasks.remove(task)
                yield self.queue.finish(task.attempt, event)
            else:
                yield event
        if task.deadline <= time.monotonic() and task in self.tasks:
            task.cancel_reason, task.deadline = timeout_reason(self.timeout), float("inf")
            self.jobs.cancel([task.job])

    def _check_queue(self) -> Events:
        """Ask Slurm which jobs it still has; report why some wait, and end the tasks of those that are gone."""
        queued = self.jobs.queued(task.job for task in self.tasks)
        if queued is None:
            if not self._silent:
                yield Message(None, "Slurm's controller does not answer; its jobs go on, and so does this")
            self._silent = True
            return
        self._silent = False
        for task in list(self.tasks):
            known = queued.get(task.job.job_id)
            if known is None:
                task.gone = task.gone or time.monotonic()
                if time.monotonic() - task.gone >= min(GRACE_SECONDS, self.jobs.check_seconds):
                    yield from self._read(task)
                    yield from self._end_lost(task) if task in self.tasks else ()
                continue
            task.gone = None
            if known.state == "PENDING" and task.starts and task.waiting != _AGAIN:
                task.waiting = _AGAIN
                yield Message(task.attempt.run, f"job {task.job.job_id} {_AGAIN}")
            elif (
                known.state == "PENDING" and not task.starts and known.reason not in (*WAITING_IS_NORMAL, task.waiting)
            ):
                task.waiting = known.reason
                yield Message(task.attempt.run, f"job {task.job.job_id} waits: {known.reason}")

    def _end_lost(self, task: SlurmTask) -> Events:
        """The end of a task whose job is gone without an outcome."""
        self.tasks.remove(task)
        state, output = self.jobs.ending(task.job)
        run, number = task.attempt.run, task.job.job_id
        if state == "PREEMPTED":  # and not queued again by Slurm itself: no fault of the run
            self.queue.put_back(task.attempt)
            yield Message(run, f"job {number} was preempted; starting again")
            return
        memory = "out of memory: " if state == "OUT_OF_MEMORY" else ""
        ended = f"{memory}job {number} ended before the run was over" + (f" ({state})" if state else "")
        cause = task.cancel_reason or ended
        yield self.queue.finish(task.attempt, Failed(run, f"{cause}\n{output}".strip(), retryable=True))
