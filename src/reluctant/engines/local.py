"""The local engine: a pool of worker processes on this machine, each with one run or one pack of runs at a time."""

import gc
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe, wait
from typing import Any, cast

from reluctant.core.environment import killed_for_memory
from reluctant.core.parent_death import die_with_parent
from reluctant.engines.events import Done, Event, Events, Failed, Ready, Started, Work
from reluctant.engines.packs import execute_pack, pop_pack
from reluctant.engines.run_queue import Attempt, RunQueue, timeout_reason
from reluctant.engines.serial import serial

START_SECONDS = 600.0  # beside a run's timeout, in which a worker has to start up, load data and compile kernels
STOP_SECONDS = 3.0  # that workers get to exit by themselves before they are killed
_OUTPUT_TAIL = 2000  # how many characters of a dead worker's output its failure shows
# Not `python -m` of this module: that would import it twice, with a warning in the worker's output.
_PROGRAM = "import sys; from reluctant.engines.local import run_worker; run_worker(*map(int, sys.argv[1:]))"


class WorkerProcess:
    """A worker process. It exits by itself when its parent does, or when `stop_workers` is called.

    It is started as a program of its own and not through `multiprocessing`, so that scripts and notebooks
    need no `if __name__ == "__main__"`. `attempts` are what it trains, empty while it waits.
    """

    def __init__(self, work: Work, card: str | None = None) -> None:
        self.card = card  # the only GPU that it sees; all of them where it is None
        self.attempts: list[Attempt] = []
        self.spoilt = False  # by a failure after which this process is not used again
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
            env=None if card is None else {**os.environ, "CUDA_VISIBLE_DEVICES": card},
            start_new_session=True,  # only the parent receives a Ctrl-C in the terminal
        )
        theirs.close()
        os.close(their_lifeline)
        self._send(sys.path)
        self._send(work)

    def start_runs(self, attempts: list[Attempt], timeout: float | None = None) -> None:
        """Send the worker the runs of one pack, each of which may take `timeout` seconds once the first has begun."""
        self.attempts, self.begun = attempts, False
        self.deadline = time.monotonic() + START_SECONDS + timeout * len(attempts) if timeout else float("inf")
        self._send([attempt.run for attempt in attempts])

    def kill(self, reason: str) -> None:
        """Kill the process; `reason` becomes the cause of the run's failure."""
        self._kill_reason = reason
        self.process.kill()

    def receive(self) -> list[Event]:
        """Return the worker's next event. When the process has died, that is `Failed` for each of its runs."""
        try:
            return [self.connection.recv()]
        except (EOFError, OSError):
            cause = self._cause_of_death()
            return [Failed(attempt.run, cause, retryable=True) for attempt in self.attempts]

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
    """Receive the import path, the work, then lists of runs, each a pack; send the events of each run.

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
        runs = connection.recv()
        if hasattr(work, "prepare"):
            for run in runs:
                with suppress(Exception, SystemExit):
                    work.prepare(run)
        for event in execute_pack(work, runs):
            connection.send(event)


def _exit_with_parent(lifeline: int) -> None:
    os.read(lifeline, 1)
    os._exit(1)


def local(
    work: Work, runs: Sequence[Any], *, workers: int, timeout: float | None = None, pack: int = 1,
    cards: Sequence[str] = (),
) -> Events:  # fmt: skip
    """Train the runs in up to `workers` processes, each with up to `pack` runs side by side, and yield the events.

    Of several GPUs, `cards`, every process has one.

    A run whose process dies, runs out of memory or takes longer than `timeout` seconds is started again, up
    to three attempts in all. It continues from its checkpoint if the work keeps one.
    """
    if os.name == "nt":  # there a program of ours cannot inherit pipes in this way
        yield from serial(work, runs, pack=pack)
        return
    pack = min(pack, -(-len(runs) // workers)) if runs else 1  # no process without runs
    pool = WorkerPool(work, RunQueue(runs), timeout, pack, cards)
    try:
        pool.spawn(min(workers, -(-len(runs) // pack)))
        yield Ready()
        pool.assign()
        while pool.busy:
            yield from pool.poll()
    finally:
        stop_workers(pool.workers)


class WorkerPool:
    """The worker processes of one study and the queue of its runs."""

    def __init__(
        self, work: Work, queue: RunQueue, timeout: float | None, pack: int = 1, cards: Sequence[str] = ()
    ) -> None:
        self.work, self.queue, self.timeout, self.pack, self.cards = work, queue, timeout, pack, cards
        self.workers: list[WorkerProcess] = []

    @property
    def busy(self) -> dict[Connection, WorkerProcess]:
        """The workers that train a run, by their connections."""
        return {worker.connection: worker for worker in self.workers if worker.attempts}

    def spawn(self, number: int) -> None:
        """Start `number` more workers."""
        for _ in range(number):
            used = Counter(worker.card for worker in self.workers)
            card = min(self.cards, key=used.__getitem__) if len(self.cards) > 1 else None
            self.workers.append(WorkerProcess(self.work, card))

    def assign(self) -> None:
        """Give every idle worker the next runs of the queue, as long as there are any."""
        for worker in self.workers:
            if not worker.attempts and self.queue:
                worker.start_runs(pop_pack(self.queue, self.work, self.pack), self.timeout)

    def poll(self) -> Events:
        """Wait until a worker sends an event or a run times out, and yield what happened."""
        busy = self.busy
        next_deadline = min(worker.deadline for worker in busy.values())
        seconds = max(0.0, next_deadline - time.monotonic()) if self.timeout else None
        for connection in wait(list(busy), seconds):
            yield from self._handle_event(busy[cast(Connection, connection)])
        for worker in busy.values():
            if worker.attempts and worker.deadline <= time.monotonic():
                reason = f"the run did not begin within {START_SECONDS:g} seconds"
                worker.kill(timeout_reason(self.timeout) if worker.begun else reason)

    def _handle_event(self, worker: WorkerProcess) -> Events:
        """Pass on a worker's event. After the end of its runs, replace a dead worker and assign the next runs."""
        for event in worker.receive():
            if isinstance(event, Started) and self.timeout and not worker.begun:
                worker.begun, worker.deadline = True, time.monotonic() + self.timeout * len(worker.attempts)
            if not isinstance(event, Done | Failed):
                yield event
                continue
            attempt = next(each for each in worker.attempts if each.run == event.run)
            worker.attempts.remove(attempt)
            worker.spoilt = worker.spoilt or (isinstance(event, Failed) and event.retryable)
            yield self.queue.finish(attempt, event)
        if worker.attempts:
            return
        if worker.spoilt or not worker.alive:
            self.workers.remove(worker)
            stop_workers([worker])
            self.spawn(1 if self.queue else 0)
        self.assign()
