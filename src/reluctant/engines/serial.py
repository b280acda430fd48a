"""Runs in this process, one after the other: for debugging, and the reference for the other engines."""

import re
import traceback
from collections.abc import Sequence
from typing import Any

from reluctant.core.errors import ReluctantError
from reluctant.engines.events import Done, Epoch, Events, Failed, Message, Ready, Started, Work
from reluctant.records.schema import RunRecord


def serial(work: Work, runs: Sequence[Any]) -> Events:
    """Train the runs one after the other in this process, and yield the events."""
    yield Ready()
    for run in runs:
        yield from execute_run(work, run)


def execute_run(work: Work, run: Any) -> Events:
    """Train one run in this process and yield its events. An exception becomes `Failed`."""
    yield Started(run)
    steps = work(run)
    try:
        while True:
            try:
                step = next(steps)
            except StopIteration as end:
                record: RunRecord = end.value
                break
            yield Message(run, step) if isinstance(step, str) else Epoch(run, step)
    except ReluctantError as error:
        yield Failed(run, str(error))
    except Exception as error:
        if (interrupt := _find_interrupt(error)) is not None:
            raise interrupt from None
        prefix = "out of memory\n" if (starved := _is_out_of_memory(error)) else ""
        yield Failed(run, prefix + traceback.format_exc(), retryable=starved)
    else:
        yield Done(run, record)
    finally:
        steps.close()


def _is_out_of_memory(error: Exception) -> bool:
    """Whether an exception reports a lack of memory; PyTorch raises its own kinds for it."""
    words = "out of memory|can't allocate memory|not enough memory"
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and re.search(words, str(error)) is not None
    )


def _find_interrupt(error: BaseException | None) -> KeyboardInterrupt | None:
    """The Ctrl-C behind an exception: when it comes during compiled code, that code raises a SystemError."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error
