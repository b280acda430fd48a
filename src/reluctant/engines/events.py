"""The events of an engine, and the types of an engine and of its work. All of it is plain data."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reluctant.records.parts import EpochRecord, ReportedEpoch
    from reluctant.records.schema import RunRecord


@dataclass(frozen=True)
class Ready:
    """The first event: the workers are starting up and have not received a run yet."""

    run: Any = None


@dataclass(frozen=True)
class Started:
    """A run has started."""

    run: Any


@dataclass(frozen=True)
class Epoch:
    """A run has finished an epoch, or reported; `record` is this epoch's part of the run's record."""

    run: Any
    record: "EpochRecord | ReportedEpoch"


@dataclass(frozen=True)
class Done:
    """A run has finished; `record` is its whole record, `attempts` how often this call started the run."""

    run: Any
    record: "RunRecord"
    attempts: int = 1


@dataclass(frozen=True)
class Failed:
    """A run has ended without a record; `cause` is a traceback, or what is known of a worker's death.

    `retryable` says that the cause lay outside the run, so that another attempt may succeed.
    """

    run: Any
    cause: str
    retryable: bool = False


@dataclass(frozen=True)
class Message:
    """A text for the user about a run, or about the study where `run` is None. It does not end the run."""

    run: Any
    text: str


@dataclass(frozen=True)
class Turn:
    """A run of a pack waits until `steps` are taken. It stays within the process and is no event of an engine."""

    steps: Any


Event = Ready | Started | Epoch | Done | Failed | Message
Events = Generator[Event, None, None]

# Trains one run: yields the record of every epoch, and texts for the user; returns the run's whole record.
# Must be picklable. It may have three methods: `warm_up()` is called once in every worker process while that
# waits for its first run; `prepare(run)` before a run begins, so that it does not count as the run's time;
# `provide_data(run)` yields texts and is called on a Ray node before a run.
Work = Callable[[Any], Generator["EpochRecord | ReportedEpoch | str", None, "RunRecord"]]

# Yields Ready; then, for every run: Started, any number of Epochs, then Done or Failed. Messages may come at
# any time. Closing the generator stops the work.
Engine = Callable[[Work, Sequence[Any]], Events]
