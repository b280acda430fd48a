"""Packs: several runs in one process that train side by side and take their steps in turn.

On a GPU a step of all is one CUDA graph; on a processor one run after the other takes its step. A pack changes no
number.
"""

from collections import deque
from collections.abc import Generator, Hashable, Sequence
from typing import Any, Protocol, runtime_checkable

from reluctant.engines.events import Event, Events, Turn, Work
from reluctant.engines.run_queue import Attempt, RunQueue, execute_run


class Pack(Protocol):
    """Carries out what the runs of one pack wait for."""

    def capacity(self, steps: Any, runs: int) -> int:
        """How many runs, of so many, fit into memory, by the first one's steps."""

    def take(self, steps: Sequence[Any]) -> None:
        """Take the steps of one epoch of every run. A run's exception is its own: its next turn raises it."""


@runtime_checkable
class TakesTurns(Protocol):
    """A `Work` whose runs can train side by side: each yields a `Turn` before the steps of an epoch."""

    def in_turns(self, run: Any) -> Generator[Any, None, Any]:
        """Train one run, as the work does when it is called, with a `Turn` before every epoch's steps."""

    def open_pack(self) -> Pack:
        """What carries the steps out."""

    def pack_key(self, run: Any) -> Hashable:
        """Runs with the same key may be in one pack."""


def pop_pack(queue: RunQueue, work: Work, size: int) -> list[Attempt]:
    """Remove and return the next attempts of the queue: up to `size` that may be in one pack."""
    return queue.pop_pack(size, work.pack_key) if isinstance(work, TakesTurns) and size > 1 else [queue.pop()]


def execute_pack(work: Work, runs: Sequence[Any]) -> Events:
    """Train runs side by side in this process and yield their events, as `execute_run` does for one.

    Where the work's runs cannot take turns, they are trained one after the other.
    """
    if not isinstance(work, TakesTurns):
        for run in runs:
            yield from execute_run(work, run)
        return
    pack, waiting = work.open_pack(), deque(execute_run(work.in_turns, run) for run in runs)
    active: list[tuple[Events, Any]] = []  # each with the steps that it waits for
    size = 0  # how many train at once, known when the first has begun
    try:
        while waiting or active:
            while waiting and len(active) < (size or 1):
                member = waiting.popleft()
                if (steps := (yield from _until_turn(member))) is not None:
                    active.append((member, steps))
                    size = size or pack.capacity(steps, len(runs))
            pack.take([steps for _, steps in active])
            continuing = []
            for member, _ in active:
                if (steps := (yield from _until_turn(member))) is not None:
                    continuing.append((member, steps))
            active = continuing
    finally:
        for member in [*(member for member, _ in active), *waiting]:
            member.close()


def _until_turn(member: Generator[Event | Turn, None, None]) -> Generator[Event, None, Any]:
    """Pass a run's events on until it waits for its steps, which are returned; None where it has ended."""
    for event in member:
        if isinstance(event, Turn):
            return event.steps
        yield event
    return None
