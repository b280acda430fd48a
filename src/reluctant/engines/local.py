"""Processes on this machine, one run each at a time; a process that dies costs only its run."""

import os
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe, wait
from typing import Any, cast

from reluctant.engines.event import Done, Event, Events, Failed, Ready, Work
from reluctant.engines.serial import serial

PATIENCE = 3.0  # seconds that a process gets to end before it is killed
_TAIL = 2000  # characters of a dead process's output that are kept


class Process:
    """A worker process. It ends by itself when this process does, or when `stop` is called.

    Started as a program of its own and not through `multiprocessing`, so that scripts and notebooks need
    no `if __name__ == "__main__"`.
    """

    def __init__(self, work: Work) -> None:
        self.run: Any = None
        self.output = tempfile.TemporaryFile("w+b")  # noqa: SIM115 (closed in `stop`)
        self.connection, theirs = Pipe()
        ears, self.lifeline = os.pipe()
        command = [sys.executable, "-P", "-m", "reluctant.engines.process", str(theirs.fileno()), str(ears)]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=self.output,
            pass_fds=(theirs.fileno(), ears),
            start_new_session=True,  # a Ctrl-C in the terminal is for this process to answer
        )
        theirs.close()
        os.close(ears)
        self._send(sys.path)
        self._send(work)

    def begin(self, run: Any) -> None:
        """Hand over a run."""
        self.run = run
        self._send(run)

    def _send(self, value: Any) -> None:
        with suppress(OSError):  # it has died; the next `receive` says so
            self.connection.send(value)

    def receive(self) -> Event:
        """The next event, `Failed` where the process has died."""
        try:
            event: Event = self.connection.recv()
        except (EOFError, OSError):
            return Failed(self.run, self._obituary())
        return event

    def _obituary(self) -> str:
        status = self.process.wait()
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        if status == -9:
            how += " (SIGKILL: often the system's answer to a lack of memory)"
        self.output.seek(0)
        tail = self.output.read().decode(errors="replace")[-_TAIL:].strip()
        return f"the worker process {how} before the run was over\n{tail}".strip()

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self.process.poll() is None

    def stop(self) -> None:
        """End the process, at once if it is idle, by force if it must be."""
        os.close(self.lifeline)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.connection.close()
        self.output.close()


def local(work: Work, runs: Sequence[Any], *, workers: int) -> Events:
    """Carry out the runs in up to `workers` processes."""
    if os.name == "nt":  # handing pipes to a program of one's own works differently there
        yield from serial(work, runs)
        return
    todo = deque(runs)
    crew: list[Process] = []
    try:
        while len(crew) < min(workers, len(runs)):
            crew.append(Process(work))
        yield Ready()
        for process in crew:
            process.begin(todo.popleft())
        while busy := {process.connection: process for process in crew if process.run is not None}:
            for ready in wait(list(busy)):
                yield from _answer(busy[cast(Connection, ready)], crew, todo, work)
    finally:
        for process in crew:
            process.stop()


def _answer(process: Process, crew: list[Process], todo: deque[Any], work: Work) -> Events:
    """Hear what a process has to say, and give it the next run when it is through with one."""
    event = process.receive()
    yield event
    if not isinstance(event, Done | Failed):
        return
    process.run = None
    if todo and not process.alive:
        process.stop()
        crew.remove(process)
        process = Process(work)
        crew.append(process)
    if todo:
        process.begin(todo.popleft())
