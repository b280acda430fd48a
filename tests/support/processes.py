"""Processes of the tests: which ones a process has started, and waiting until one is gone."""

import os
import select
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def children(pid: int) -> Iterator[int]:
    """The living processes that a process has started."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            yield int(stat.parent.name)


def descendants(pid: int) -> Iterator[int]:
    """The processes that a process has started, and those that these have started."""
    for child in children(pid):
        yield child
        yield from descendants(child)


def kill(pid: int) -> None:
    """Send SIGKILL to a process that may be gone."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def ends(pid: int) -> bool:
    """Whether a process that is not our child ends within ten seconds."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    with open(handle) as file:  # noqa: PTH123 (a handle, not a path)
        return bool(select.select([file], [], [], 10)[0])
