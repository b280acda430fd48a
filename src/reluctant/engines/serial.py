"""One run after the other, in this process: for debugging, and the reference for the other engines."""

from collections.abc import Sequence
from typing import Any

from reluctant.engines.event import Events, Ready, Work, attempt


def serial(work: Work, runs: Sequence[Any]) -> Events:
    """Carry out the runs one after the other in this process."""
    yield Ready()
    for run in runs:
        yield from attempt(work, run)
