"""Work for the tests of the engines: runs that succeed, fail, hang, or end their process."""

import os
import signal
import sys
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

from reluctant.core.errors import StudyError
from reluctant.engines import Done, Epoch, Event, Events

Steps = Generator[Any, None, Any]  # dictionaries stand in for records: engines pass any picklable value on


class FakeClock:
    """A clock that stands still until a run hangs; then it jumps past the timeout. It replaces `time`."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        """The time of this clock."""
        return self.now

    def past_hanging_runs(self, events: Events) -> Events:
        """The events; after an epoch of a run `hang` a million seconds are over."""
        for event in events:
            self.now += 1e6 * (isinstance(event, Epoch) and event.run == "hang")
            yield event


def content(event: Event) -> Any:
    """What the work yielded or returned at an event."""
    assert isinstance(event, Epoch | Done)
    return event.record


def work(run: Any) -> Steps:
    """Two epochs and a record; the name of a run may ask for a failure in between."""
    yield {"epoch": 1, "run": run}
    if run == "raise":
        raise ValueError("a fault in the run")
    if run == "exit":
        sys.exit(3)
    if run == "leave":
        os._exit(0)
    if run == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if run == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    if run == "speak":
        print("last words", file=sys.stderr, flush=True)
        os._exit(7)
    if run == "starve":
        bytearray(1 << 60)
    if run == "starve torch":
        raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")
    if run == "hang":
        threading.Event().wait()
    if run == "say":
        yield "a word to the user"
    if run == "mistake":
        raise StudyError("write it otherwise")
    if str(run).startswith("twice "):
        _die_twice(Path(run.partition(" ")[2]))
    yield {"epoch": 2, "run": run}
    return {"run": run, "process": os.getpid()}


def _die_twice(count: Path) -> None:
    died = len(count.read_text()) if count.exists() else 0
    if died < 2:
        count.write_text("x" * (died + 1))
        os.kill(os.getpid(), signal.SIGKILL)
