"""The local engine: a pool of worker processes on this machine, each with one run at a time."""

import gc
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe, wait
from typing import Any, cast

from reluctant.core.environment import killed_for_memory
from reluctant.core.parent_death import die_with_parent
from reluctant.engines.events import Done, Event, Events, Failed, Ready, Started, Work
from reluctant.engines.run_queue import Attempt, RunQueue, execute_run, serial, timeout_reason

START_SECONDS = 600.0  # beside a run's timeout, in which a worker has to start up, load data and compile kernels
STOP_SECONDS = 3.0  # that workers get to exit by themselves before they are killed
_OUTPUT_TAIL = 2000  # how many characters of a dead worker's output its failure shows
# Not `python -m` of this module: that would import it twice, with a warning in the worker's output.
_PROGRAM = "import sys; from reluctant.engines.local import run_worker; run_worker(*map(int, sys.argv[1:]))"


class WorkerProcess:
    """A worker process. It exits by itself when its parent does, or when `stop_workers` is called.

    It is started as a program of its own and not through `multiprocessing`, so that scripts and notebooks
    need no `if __name__ == "__main__"`. `attempt` is what it trains, None while it waits.
    """

    def __init__(self, work: Work) -> None:
        self.attempt: Attempt | None = None
        self.deadline = float("inf")
        self.begun = False  # whether the training of the attempt has begun; before that, its time does not count
        self._kill_reason = ""  # why the parent has killed it
        self._memory_kills_before = killed_for_memory()
        self.output = tempfile.TemporaryFile("w+b")  # noqa: SIM115 (closed in `stop_workers`)
        self.connection, theirs = Pipe()
        their_lifeline, self.lifeline = os.pipe()
        handles = (theirs.fileno(), their_lifeline)
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", _PROGRAM, *map(str, handles)],
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=self.output,
            pass_fds=handles,
            start_new_session=True,  # only the parent receives a Ctrl-C in the terminal
        )
        theirs.close()
        os.close(their_lifeline)
        self._send(sys.path)
        self._send(work)

    def start_run(self, attempt: Attempt, timeout: float | None = None) -> None:
        """Send the worker a run, which may take `timeout` seconds once it has begun."""
        self.attempt, self.begun = attempt, False
        self.deadline = time.monotonic() + START_SECONDS + timeout if timeout else float("inf")
        self._send(attempt.run)

    def kill(self, reason: str) -> None:
        """Kill the process; `reason` becomes the cause of the run's failure."""
        self._kill_reason = reason
        self.process.kill()

    def receive(self) -> Event:
        """Return the worker's next event. It is `Failed` when the process has died."""
        try:
            event: Event = self.connection.recv()
        except (EOFError, OSError):
            run = self.attempt.run if self.attempt else None
            return Failed(run, self._cause_of_death(), retryable=True)
        return event

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self.process.poll() is None

    def _send(self, value: Any) -> None:
        with suppress(OSError):  # the process has died; the next `receive` reports that
            self.connection.send(value)

    def _cause_of_death(self) -> str:
        """How the process ended, and the tail of its output."""
        try:
            status = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:  # it has closed its pipe and is still alive
            self.process.kill()
            status = self.process.wait()
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        if status == -9 and killed_for_memory() > self._memory_kills_before:
            how = "was killed by the system: out of memory"
        elif status == -9:
            how += " (SIGKILL: often the system's answer to a lack of memory)"
        cause = self._kill_reason or f"the worker process {how} before the run was over"
        self.output.seek(0)
        tail = self.output.read().decode(errors="replace")[-_OUTPUT_TAIL:].strip()
        return f"{cause}\n{tail}".strip()


def stop_workers(workers: Iterable[WorkerProcess]) -> None:
    """Stop processes all together. Idle ones exit at once; the others are killed after `STOP_SECONDS`."""
    stopping = list(workers)
    for worker in stopping:
        os.close(worker.lifeline)
    deadline = time.monotonic() + STOP_SECONDS
    for worker in stopping:
        try:
            worker.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            worker.process.kill()
            worker.process.wait()
        worker.connection.close()
        worker.output.close()


def run_worker(pipe: int, lifeline: int) -> None:
    """Receive the import path, the work, then runs; send the events of each run.

    Both arguments are handles: of the connection to the parent, and of a pipe that the parent holds open. When
    the lifeline closes, also because the parent has died, this process exits.
    """
    die_with_parent()
    threading.Thread(target=_exit_with_parent, args=(lifeline,), daemon=True).start()
    connection: Connection = Connection(pipe)
    sys.path[:] = connection.recv()
    work = connection.recv()
    if hasattr(work, "warm_up"):
        gc.disable()  # what this imports stays; searching it for garbage took a fifth of the start
        with suppress(Exception, SystemExit):  # a fault will be reported by the run itself
            work.warm_up()
        gc.freeze()
        gc.enable()
    while True:
        run = connection.recv()
        if hasattr(work, "prepare"):
            with suppress(Exception, SystemExit):
                work.prepare(run)
        for event in execute_run(work, run):
            connection.send(event)


def _exit_with_parent(lifeline: int) -> None:
    os.read(lifeline, 1)
    os._exit(1)


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
                reason = f"the run did not begin within {START_SECONDS:g} seconds"
                worker.kill(timeout_reason(self.timeout) if worker.begun else reason)

    def _handle_event(self, worker: WorkerProcess) -> Events:
        """Pass on a worker's event. After the end of a run, replace a dead worker and assign the next run."""
        event, attempt = worker.receive(), worker.attempt
        if isinstance(event, Started) and self.timeout:
            worker.begun, worker.deadline = True, time.monotonic() + self.timeout
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
