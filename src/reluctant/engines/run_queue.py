"""The runs of an engine: the queue with its rule for retries, and one run executed in this process."""

import re
import signal
import traceback
from collections import deque
from collections.abc import Callable, Generator, Hashable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from reluctant.core.errors import ReluctantError
from reluctant.engines.events import Done, Epoch, Event, Failed, Message, Started, Turn
from reluctant.records.schema import RunRecord

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

    def pop_pack(self, size: int, key: Callable[[Any], Hashable]) -> list[Attempt]:
        """Remove and return the next attempt and others whose runs have the same key, up to `size` together.

        A second attempt is in a pack of half the size, as memory may have been short, and the last one is alone.
        """
        first = self.pop()
        size = 1 if first.number == MAX_ATTEMPTS else max(1, size >> first.number - 1)
        alike = [each for each in self._waiting if each.number <= first.number and key(each.run) == key(first.run)]
        pack = [first, *alike[: size - 1]]
        for attempt in pack[1:]:
            self._waiting.remove(attempt)
        return pack

    def put_back(self, attempt: Attempt) -> None:
        """Return an attempt to the front of the queue."""
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
        self.put_back(retry)
        reason = event.cause.splitlines()[0]
        return Message(event.run, f"{reason}; starting again, attempt {retry.number} of {MAX_ATTEMPTS}")


def timeout_reason(seconds: float | None) -> str:
    """Return why a run was ended that took longer than its timeout."""
    return f"the run took longer than {seconds:g} seconds (--run-timeout)"


def execute_run(work: Callable[[Any], Any], run: Any) -> Generator[Any, None, None]:
    """Train one run in this process and yield its events, and its turns in a pack. An exception becomes `Failed`."""
    yield Started(run)
    steps = work(run)
    try:
        while True:
            try:
                step = next(steps)
            except StopIteration as end:
                record: RunRecord = end.value
                break
            if isinstance(step, Turn):
                yield step
            else:
                yield Message(run, step) if isinstance(step, str) else Epoch(run, step)
    except ReluctantError as error:
        yield Failed(run, str(error))
    except Exception as error:
        if (interrupt := _find_interrupt(error)) is not None:
            raise interrupt from None
        words = "out of memory|can't allocate memory|not enough memory"  # PyTorch raises its own kinds of errors
        starved = isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and re.search(words, str(error)))
        lost = isinstance(error, RuntimeError) and re.search("CUDA error|device-side assert|illegal memory", str(error))
        prefix = "out of memory\n" if starved else ""
        # After an error of CUDA the whole process computes nothing more; another one may
        yield Failed(run, prefix + traceback.format_exc(), retryable=bool(starved or lost))
    except SystemExit as error:
        if _is_asked_to_end(error):
            raise
        cause = f"code of the run ended the program (sys.exit({error.code!r})); let it return or raise an error\n"
        yield Failed(run, cause + traceback.format_exc())
    else:
        yield Done(run, record)
    finally:
        steps.close()


def _is_asked_to_end(error: SystemExit) -> bool:
    """Whether an exit comes from a signal's handler: it is meant for this process, and not for the run."""
    handlers = {signal.getsignal(number) for number in signal.valid_signals()}
    codes = {getattr(handler, "__code__", None) for handler in handlers}
    return any(frame.f_code in codes for frame, _ in traceback.walk_tb(error.__traceback__))


def _find_interrupt(error: BaseException | None) -> KeyboardInterrupt | None:
    """The Ctrl-C behind an exception: when it comes during compiled code, that code raises a SystemError."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error
