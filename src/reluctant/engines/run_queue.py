"""The runs that an engine still has to train, and the rule that decides which failures are retried."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from reluctant.engines.events import Done, Event, Failed, Message

MAX_ATTEMPTS = 3  # how often a run is started before its failure is final


@dataclass(frozen=True)
class Attempt:
    """A run and the number of the attempt to train it, from 1."""

    run: Any
    number: int = 1


class RunQueue:
    """The attempts that wait for a worker, in the order of the runs; retries come first."""

    def __init__(self, runs: Iterable[Any]) -> None:
        self._waiting = deque(map(Attempt, runs))

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def next_run(self) -> Any:
        """The run that `pop` returns next."""
        return self._waiting[0].run

    def pop(self) -> Attempt:
        """Remove and return the next attempt."""
        return self._waiting.popleft()

    def put_back(self, attempt: Attempt) -> None:
        """Return an attempt that no worker could start. It keeps its number."""
        self._waiting.appendleft(attempt)

    def finish(self, attempt: Attempt, event: Done | Failed) -> Event:
        """Return the event to pass on at the end of an attempt.

        A run whose failure may be retried is queued again, up to `MAX_ATTEMPTS`, and the event is a message.
        """
        if isinstance(event, Done):
            return replace(event, attempts=attempt.number)
        if not event.retryable or attempt.number >= MAX_ATTEMPTS:
            return event
        retry = Attempt(attempt.run, attempt.number + 1)
        self._waiting.appendleft(retry)
        reason = event.cause.splitlines()[0]
        return Message(event.run, f"{reason}; starting again, attempt {retry.number} of {MAX_ATTEMPTS}")


def timeout_reason(seconds: float | None) -> str:
    """Return why a run was ended that took longer than its timeout."""
    return f"the run took longer than {seconds:g} seconds (--run-timeout)"
