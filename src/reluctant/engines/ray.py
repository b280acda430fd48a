"""Ray: every run a task of its own, on this machine or on all nodes of a cluster."""

import importlib
import os
import pickle
import re
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from reluctant.core.environment import cores
from reluctant.core.errors import StudyError
from reluctant.engines import on_node
from reluctant.engines.event import TRIES, Done, Event, Events, Failed, Ready, Said, Started, Work
from reluctant.engines.ray_session import connected

SPARE = 4  # processors' worth of tasks that wait in Ray's own queue, so that none stands idle
POLL = 2.0  # seconds between two looks at the cluster while no task speaks
PATIENCE = 3.0  # seconds that cancelled tasks get to end


def ray_engine(
    work: Work,
    runs: Sequence[Any],
    *,
    address: str | None = None,
    gpus_per_run: float = 0.0,
    timeout: float | None = None,
) -> Events:
    """Carry out the runs on the Ray cluster at `address`, else `$RAY_ADDRESS`, else on a Ray started here.

    A run whose process or node dies, or that takes longer than `timeout` seconds, is begun again, three times
    in all. A Ray started here hears loopback only and ends with the engine; a cluster is left as it is, and
    so is a connection that is open already. Raises `StudyError` without Ray, cluster or fit node.
    """
    if not runs:
        yield Ready()
        return
    ray = _imported()
    with connected(
        ray, address or os.environ.get("RAY_ADDRESS"), max(cores(), *map(_threads, runs))
    ) as shared:
        fleet = Fleet(ray, work, runs, gpus_per_run, timeout)
        try:
            if not shared and not fleet.able():
                raise StudyError(f"{fleet.wanted()}, which this machine has not; change --gpus-per-run")
            yield Ready()
            fleet.fill()
            while fleet.flights:
                yield from fleet.hear()
        finally:
            fleet.cancel(wait=shared)


def _imported() -> Any:
    try:
        return importlib.import_module("ray")
    except ImportError as fault:
        raise StudyError(
            f"the engine ray needs Ray, which is not here ({fault}); pip install 'reluctant[ray]'"
        ) from None


def _threads(run: Any) -> int:
    return int(getattr(run, "threads", 1))


@dataclass(frozen=True)
class Task:
    """A run and how often it has been begun."""

    run: Any
    attempts: int = 0


@dataclass
class Flight:
    """A task that Ray has been given, and what is known of it; `place` is the node's name once it began."""

    task: Task
    stream: Any
    place: str = ""
    deadline: float = float("inf")
    sentence: str = ""  # why it was ended by this process


class Fleet:
    """The tasks of one study that Ray has, those it has not yet, and the nodes that may not have any."""

    def __init__(self, ray: Any, work: Work, runs: Sequence[Any], gpus: float, timeout: float | None) -> None:
        self.ray, self.work, self.gpus, self.timeout = ray, work, gpus, timeout
        self.todo = deque(map(Task, runs))
        self.flights: dict[Any, Flight] = {}
        self.unfit: dict[str, str] = {}  # the reasons, by the node's id
        self._most = max(map(_threads, runs))
        self._home = on_node.home()
        self._told = False
        self._ears = ThreadPoolExecutor(1)
        ray.cloudpickle.register_pickle_by_value(on_node)
        self._carry = ray.remote(on_node.carry)

    def fill(self) -> None:
        """Give Ray as many tasks as its nodes can carry and a few more; never ten thousand."""
        room = self.ray.cluster_resources().get("CPU", 0) + SPARE
        taken = sum(_threads(flight.task.run) for flight in self.flights.values())
        while self.todo and (taken + _threads(self.todo[0].run) <= room or not self.flights):
            taken += _threads(self.todo[0].run)
            self._launch(self.todo.popleft())

    def _launch(self, task: Task) -> None:
        options: dict[str, Any] = {"num_cpus": _threads(task.run), "num_gpus": self.gpus, "max_retries": 0}
        if self.unfit:
            options["label_selector"] = {"ray.io/node-id": f"!in({','.join(self.unfit)})"}
        parcel = pickle.dumps((self.work, task.run))
        stream = self._carry.options(num_returns="streaming", **options).remote(parcel, self._home)
        self.flights[stream] = Flight(replace(task, attempts=task.attempts + 1), stream)

    def hear(self) -> Events:
        """Wait for a task to speak, or for one that runs out of time, or for a new node."""
        ends = min(flight.deadline for flight in self.flights.values()) - time.monotonic()
        ready, _ = self._aside(self.ray.wait, list(self.flights), timeout=max(0.0, min(POLL, ends)))
        for stream in ready:
            yield from self._answer(self.flights[stream])
        for flight in self.flights.values():
            if flight.deadline <= time.monotonic():
                self._end(flight, f"the run took longer than {self.timeout:g} seconds (--run-timeout)")
        if not ready:
            yield from self._look_round()
        self.fill()

    def _aside(self, function: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
        """Call in a thread what waits in Ray's C code, which would swallow a signal handler's exception."""
        return self._ears.submit(function, *arguments, **more).result()

    def _answer(self, flight: Flight) -> Events:
        word = self._aside(self._word, flight)
        if isinstance(word, tuple):
            yield from self._landed(flight, *word)
            return
        if isinstance(word, Started) and self.timeout:
            flight.deadline = time.monotonic() + self.timeout
        if isinstance(word, Done | Failed):
            del self.flights[flight.stream]
            word = self._outcome(word, flight.task)
        yield word

    def _word(self, flight: Flight) -> Any:
        """The next event of a task; `Failed` where there will be none."""
        try:
            return self.ray.get(next(flight.stream))
        except StopIteration:
            return Failed(flight.task.run, "the task ended without an outcome", again=True)
        except self.ray.exceptions.RayError as fault:
            if isinstance(fault, self.ray.exceptions.RayTaskError):
                return Failed(flight.task.run, re.sub(r"\x1b\[[0-9;]*m", "", str(fault)))  # Ray colours it
            return Failed(flight.task.run, self._obituary(flight, fault), again=True)

    def _obituary(self, flight: Flight, fault: Exception) -> str:
        kinds, where = self.ray.exceptions, f" on node {flight.place}" if flight.place else ""
        if flight.sentence:
            return flight.sentence
        if isinstance(fault, kinds.NodeDiedError | kinds.LocalRayletDiedError):
            return f"the node {flight.place} was lost before the run was over".replace("  ", " ")
        if isinstance(fault, kinds.OutOfMemoryError):
            return f"out of memory{where}\n{fault}"
        if isinstance(fault, kinds.WorkerCrashedError):
            return f"the worker process{where} died before the run was over (killed, crashed, out of memory)"
        return f"Ray lost the run{where}: {type(fault).__name__}\n{fault}"

    def _landed(self, flight: Flight, node: str, place: str, other: str) -> Events:
        """A task has reached a node; where the node is another than the driver, it goes elsewhere."""
        flight.place, self._told = place, False
        if not other:
            return
        del self.flights[flight.stream]
        self.todo.appendleft(replace(flight.task, attempts=flight.task.attempts - 1))
        if node not in self.unfit:
            self.unfit[node] = f"node {place} has {other}"
            yield Said(None, f"{self.unfit[node]}; nothing is trained there")
        self._require_a_fit_node()

    def _require_a_fit_node(self) -> None:
        able = self.able()
        if able and all(node in self.unfit for node in able):
            reasons = "\n  ".join(self.unfit[node] for node in able)
            raise StudyError(
                f"no node of the cluster is like this process; install the same there:\n  {reasons}"
            )

    def _outcome(self, event: Done | Failed, task: Task) -> Event:
        if isinstance(event, Done):
            return replace(event, attempts=task.attempts)
        if event.again and task.attempts < TRIES:
            self.todo.appendleft(task)
            why = event.cause.splitlines()[0]
            return Said(event.run, f"{why}; begun again, try {task.attempts + 1} of {TRIES}")
        return event

    def _look_round(self) -> Events:
        """Say, once, that no node can take what is waiting."""
        if any(flight.place for flight in self.flights.values()):
            return
        self._require_a_fit_node()
        if not self._told and not self.able():
            self._told = True
            yield Said(None, f"{self.wanted()}; no node of the cluster has them now, so this waits for one")

    def wanted(self) -> str:
        """What the greediest run asks of a node, in words."""
        graphics = f" and {self.gpus:g} GPUs" if self.gpus else ""
        return f"a run wants {self._most} processors{graphics}"

    def able(self) -> list[str]:
        """The ids of the living nodes that have what the greediest run wants."""
        return [
            node["NodeID"]
            for node in self.ray.nodes()
            if node["Alive"]
            and node["Resources"].get("CPU", 0) >= self._most
            and node["Resources"].get("GPU", 0) >= self.gpus
        ]

    def _end(self, flight: Flight, why: str) -> None:
        flight.sentence, flight.deadline = why, float("inf")
        with suppress(self.ray.exceptions.RayError):
            self.ray.cancel(flight.stream, force=True)

    def cancel(self, *, wait: bool) -> None:
        """End every task by force; `wait` for their processes to be gone."""
        for flight in self.flights.values():
            self._end(flight, "cancelled")
        if self.flights and wait:
            ends = [stream.completed() for stream in self.flights]
            self.ray.wait(ends, num_returns=len(ends), timeout=PATIENCE, fetch_local=False)
        self._ears.shutdown()
        self.flights.clear()
