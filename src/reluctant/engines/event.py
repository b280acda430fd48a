"""What an engine says while it works. Plain data alone crosses the border of a process."""

import re
import traceback
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

from reluctant.core.errors import ReluctantError


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
    """A run ended; `record` is the whole. `attempts` counts how often it was begun in this sitting."""

    run: Any
    record: dict[str, Any]
    attempts: int = 1


@dataclass(frozen=True)
class Failed:
    """A run ended without a record; `cause` is a traceback or what is known of a worker's death.

    `again` says whether the cause lay outside the run, so that another try may help.
    """

    run: Any
    cause: str
    again: bool = False


@dataclass(frozen=True)
class Said:
    """Something a user should know of a run (None: of the study) that does not end it."""

    run: Any
    text: str


Event = Ready | Started | Epoch | Done | Failed | Said
Events = Generator[Event, None, None]

# Carries out one run: yields the record of every epoch, and texts for the user; returns the whole record.
# Picklable. A method `warm` is called once in every worker process while it waits for its first run.
Work = Callable[[Any], Generator[dict[str, Any] | str, None, dict[str, Any]]]

# Yields Ready; then, for every run: Started, any number of Epochs, then Done or Failed. Closing it stops
# the work.
Engine = Callable[[Work, Sequence[Any]], Events]


TRIES = 3  # how often a run is begun in one sitting before its failure is believed


def out_of_memory(fault: Exception) -> bool:
    """Whether an exception is a lack of memory; PyTorch raises its own kinds for it."""
    said = re.search("out of memory|can't allocate memory|not enough memory", str(fault))
    return isinstance(fault, MemoryError) or bool(isinstance(fault, RuntimeError) and said)


def interruption(fault: BaseException | None) -> KeyboardInterrupt | None:
    """The Ctrl-C behind an exception: one that comes within compiled code leaves that as a SystemError."""
    while fault is not None and not isinstance(fault, KeyboardInterrupt):
        fault = fault.__cause__ or fault.__context__
    return fault


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
            yield Said(run, epoch) if isinstance(epoch, str) else Epoch(run, epoch)
    except ReluctantError as fault:
        yield Failed(run, str(fault))
    except Exception as fault:
        if (asked := interruption(fault)) is not None:
            raise asked from None
        starved = out_of_memory(fault)
        yield Failed(run, "out of memory\n" * starved + traceback.format_exc(), again=starved)
    else:
        yield Done(run, record)
    finally:
        steps.close()
