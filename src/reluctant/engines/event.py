"""What an engine says while it works. Plain data alone crosses the border of a process."""

import traceback
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Ready:
    """The engine's first word: its workers are starting up, and nothing has been handed to them yet."""

    run: Any = None


@dataclass(frozen=True)
class Started:
    """A run was begun."""

    run: Any


@dataclass(frozen=True)
class Epoch:
    """A run ended an epoch; `record` is its part of the run's record."""

    run: Any
    record: dict[str, Any]


@dataclass(frozen=True)
class Done:
    """A run ended; `record` is the whole."""

    run: Any
    record: dict[str, Any]


@dataclass(frozen=True)
class Failed:
    """A run ended without a record; `cause` is a traceback or what is known of a worker's death."""

    run: Any
    cause: str


Event = Ready | Started | Epoch | Done | Failed
Events = Generator[Event, None, None]

# Carries out one run: yields the record of every epoch, returns the whole. Picklable. A method `warm` is
# called once in every worker process while it waits for its first run.
Work = Callable[[Any], Generator[dict[str, Any], None, dict[str, Any]]]

# Yields Ready; then, for every run: Started, any number of Epochs, then Done or Failed. Closing it stops
# the work.
Engine = Callable[[Work, Sequence[Any]], Events]


def attempt(work: Work, run: Any) -> Events:
    """The events of one run in this process; an exception becomes `Failed`."""
    yield Started(run)
    steps = work(run)
    try:
        while True:
            try:
                epoch = next(steps)
            except StopIteration as end:
                record: dict[str, Any] = end.value
                break
            yield Epoch(run, epoch)
    except Exception:
        yield Failed(run, traceback.format_exc())
    else:
        yield Done(run, record)
    finally:
        steps.close()
