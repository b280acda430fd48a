"""The local engine: a pool of worker processes on this machine, each with one run at a time."""

import os
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection, wait
from typing import Any, cast

from reluctant.engines.events import Done, Events, Failed, Ready, Work
from reluctant.engines.run_queue import RunQueue, serial, timeout_reason
from reluctant.engines.worker_process import WorkerProcess, stop_workers


def local(work: Work, runs: Sequence[Any], *, workers: int, timeout: float | None = None) -> Events:
    """Train the runs in up to `workers` processes and yield the events.

    A run whose process dies, runs out of memory or takes longer than `timeout` seconds is started again, up
    to three attempts in all. It continues from its checkpoint if the work keeps one.
    """
    if os.name == "nt":  # there a program of ours cannot inherit pipes in this way
        yield from serial(work, runs)
        return
    pool = WorkerPool(work, RunQueue(runs), timeout)
    try:
        pool.spawn(min(workers, len(runs)))
        yield Ready()
        pool.assign()
        while pool.busy:
            yield from pool.poll()
    finally:
        stop_workers(pool.workers)


class WorkerPool:
    """The worker processes of one study and the queue of its runs."""

    def __init__(self, work: Work, queue: RunQueue, timeout: float | None) -> None:
        self.work, self.queue, self.timeout = work, queue, timeout
        self.workers: list[WorkerProcess] = []

    @property
    def busy(self) -> dict[Connection, WorkerProcess]:
        """The workers that train a run, by their connections."""
        return {worker.connection: worker for worker in self.workers if worker.attempt is not None}

    def spawn(self, number: int) -> None:
        """Start `number` more workers."""
        self.workers += [WorkerProcess(self.work) for _ in range(number)]

    def assign(self) -> None:
        """Give every idle worker the next run of the queue, as long as there are runs."""
        for worker in self.workers:
            if worker.attempt is None and self.queue:
                worker.start_run(self.queue.pop(), self.timeout)

    def poll(self) -> Events:
        """Wait until a worker sends an event or a run times out, and yield what happened."""
        busy = self.busy
        next_deadline = min(worker.deadline for worker in busy.values())
        seconds = max(0.0, next_deadline - time.monotonic()) if self.timeout else None
        for connection in wait(list(busy), seconds):
            yield from self._handle_event(busy[cast(Connection, connection)])
        for worker in busy.values():
            if worker.attempt is not None and worker.deadline <= time.monotonic():
                worker.kill(timeout_reason(self.timeout))

    def _handle_event(self, worker: WorkerProcess) -> Events:
        """Pass on a worker's event. After the end of a run, replace a dead worker and assign the next run."""
        event, attempt = worker.receive(), worker.attempt
        if attempt is None or not isinstance(event, Done | Failed):
            yield event
            return
        worker.attempt = None
        yield self.queue.finish(attempt, event)
        if not worker.alive or (isinstance(event, Failed) and event.retryable):
            self.workers.remove(worker)
            stop_workers([worker])
            self.spawn(1 if self.queue else 0)
        self.assign()
