"""The serial engine: all runs in this process, for debugging, and the reference for the other engines."""

from collections.abc import Sequence
from typing import Any

from reluctant.engines.events import Events, Ready, Work
from reluctant.engines.packs import execute_pack, pop_pack
from reluctant.engines.run_queue import RunQueue


def serial(work: Work, runs: Sequence[Any], *, pack: int = 1) -> Events:
    """Train the runs one after the other in this process, or in packs of up to so many."""
    yield Ready()
    queue = RunQueue(runs)
    while queue:
        yield from execute_pack(work, [attempt.run for attempt in pop_pack(queue, work, pack)])
