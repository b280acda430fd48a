"""A worker process as its owner sees it: started, told what to do, heard, ended."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from multiprocessing.connection import Pipe
from typing import Any

from reluctant.core.environment import killed_for_memory
from reluctant.engines.event import Event, Failed, Work

PATIENCE = 3.0  # seconds that processes get to end before they are killed
_TAIL = 2000  # characters of a dead process's output that are kept


class Process:
    """A worker process. It ends by itself when this process does, or when `stop` is called.

    Started as a program of its own and not through `multiprocessing`, so that scripts and notebooks need
    no `if __name__ == "__main__"`. `task` is what it works on, with a field `run`; None while it waits.
    """

    def __init__(self, work: Work) -> None:
        self.task: Any = None
        self.deadline = float("inf")
        self._sentence = ""  # why it was ended by its owner
        self._starved = killed_for_memory()
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

    def begin(self, task: Any, timeout: float | None = None) -> None:
        """Hand over a task's run, to be over in `timeout` seconds."""
        self.task = task
        self.deadline = time.monotonic() + timeout if timeout else float("inf")
        self._send(task.run)

    def end(self, why: str) -> None:
        """Kill the process; `why` is then what becomes of its run."""
        self._sentence = why
        self.process.kill()

    def _send(self, value: Any) -> None:
        with suppress(OSError):  # it has died; the next `receive` says so
            self.connection.send(value)

    def receive(self) -> Event:
        """The next event, `Failed` where the process has died."""
        try:
            event: Event = self.connection.recv()
        except (EOFError, OSError):
            return Failed(self.task.run, self._obituary(), again=True)
        return event

    def _obituary(self) -> str:
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:  # it closed its pipe and lives on
            self.process.kill()
            status = self.process.wait()
        self.output.seek(0)
        tail = self.output.read().decode(errors="replace")[-_TAIL:].strip()
        return f"{self._sentence or self._death(status)}\n{tail}".strip()

    def _death(self, status: int) -> str:
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        if status == -9 and killed_for_memory() > self._starved:
            how = "was killed by the system: out of memory"
        elif status == -9:
            how += " (SIGKILL: often the system's answer to a lack of memory)"
        return f"the worker process {how} before the run was over"

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self.process.poll() is None


def stop(processes: Iterable[Process]) -> None:
    """End processes, at once where they are idle, by force where they must be; all together."""
    ending = list(processes)
    for process in ending:
        os.close(process.lifeline)
    last = time.monotonic() + PATIENCE
    for process in ending:
        try:
            process.process.wait(max(0.0, last - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.process.kill()
            process.process.wait()
        process.connection.close()
        process.output.close()
