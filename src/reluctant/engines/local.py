"""Processes on this machine, one run each at a time; a process that dies costs only its run."""

import os
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from typing import Any, cast

from reluctant.engines.event import TRIES, Done, Event, Events, Failed, Ready, Said, Work
from reluctant.engines.serial import serial
from reluctant.engines.worker_process import Process, stop


@dataclass(frozen=True)
class Task:
    """A run and how often it has been begun."""

    run: Any
    attempts: int = 0


def local(work: Work, runs: Sequence[Any], *, workers: int, timeout: float | None = None) -> Events:
    """Carry out the runs in up to `workers` processes.

    A run whose process dies, starves of memory, or takes longer than `timeout` seconds is begun again, three
    times in all; from its checkpoint, if the work keeps one.
    """
    if os.name == "nt":  # handing pipes to a program of one's own works differently there
        yield from serial(work, runs)
        return
    crew = Crew(work, deque(map(Task, runs)), timeout)
    try:
        crew.hire(min(workers, len(runs)))
        yield Ready()
        crew.hand_out()
        while crew.busy:
            yield from crew.hear()
    finally:
        stop(crew.processes)


class Crew:
    """The processes of one study, and the tasks that are still to be handed out."""

    def __init__(self, work: Work, todo: deque[Task], timeout: float | None) -> None:
        self.work, self.todo, self.timeout = work, todo, timeout
        self.processes: list[Process] = []

    @property
    def busy(self) -> dict[Connection, Process]:
        """The processes at work, by their pipes."""
        return {process.connection: process for process in self.processes if process.task is not None}

    def hire(self, number: int) -> None:
        """Start so many processes."""
        for _ in range(number):
            self.processes.append(Process(self.work))

    def hand_out(self) -> None:
        """Give every idle process a task, as far as there are any."""
        for process in self.processes:
            if process.task is None and self.todo:
                task = self.todo.popleft()
                process.begin(replace(task, attempts=task.attempts + 1), self.timeout)

    def hear(self) -> Events:
        """Wait for the processes to speak, or to run out of time."""
        busy = self.busy
        ends = [process.deadline for process in busy.values()]
        for ready in wait(list(busy), max(0.0, min(ends) - time.monotonic()) if self.timeout else None):
            yield from self._answer(busy[cast(Connection, ready)])
        for process in busy.values():
            if process.task is not None and process.deadline <= time.monotonic():
                process.end(f"the run took longer than {self.timeout:g} seconds (--run-timeout)")

    def _answer(self, process: Process) -> Events:
        """Pass on what a process says, and give it the next task when it is through with one."""
        event, task = process.receive(), process.task
        if not isinstance(event, Done | Failed):
            yield event
            return
        process.task = None
        yield self._outcome(event, task)
        if not process.alive or (isinstance(event, Failed) and event.again):
            self.processes.remove(process)
            stop([process])
            self.hire(bool(self.todo))
        self.hand_out()

    def _outcome(self, event: Done | Failed, task: Task) -> Event:
        if isinstance(event, Done):
            return replace(event, attempts=task.attempts)
        if event.again and task.attempts < TRIES:
            self.todo.appendleft(task)
            why = event.cause.splitlines()[0]
            return Said(event.run, f"{why}; begun again, try {task.attempts + 1} of {TRIES}")
        return event
