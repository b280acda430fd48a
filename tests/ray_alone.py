"""A program for the tests of Ray: starts one, tells of its processes and sockets, and ends as asked."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reluctant.engines import Epoch
from reluctant.engines.ray import ray_engine
from tests.engine_work import work
from tests.undisturbed import children

LISTENING = "0A"


def descendants(pid: int) -> Iterator[int]:
    """The processes that a process has started, and those that these have."""
    for child in children(pid):
        yield child
        yield from descendants(child)


def name(pid: int) -> str:
    """What a process calls itself."""
    return Path(f"/proc/{pid}/comm").read_text().strip()


def listening(pids: set[int]) -> set[str]:
    """The addresses, as the system writes them in hexadecimal, on which the processes listen for others."""
    open_here = {where for pid in pids for where in _sockets(pid)}
    lines = [
        line.split()
        for file in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{file}").read_text().splitlines()[1:]
    ]
    return {
        fields[1].partition(":")[0] for fields in lines if fields[3] == LISTENING and fields[9] in open_here
    }


def _sockets(pid: int) -> Iterator[str]:
    try:
        handles = list(Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return
    for handle in handles:
        try:
            target = str(handle.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            yield target[8:-1]


def main(end: str) -> None:
    """Begin two runs that never end; tell; then `close` the engine or `die`."""
    before = signal.getsignal(signal.SIGTERM)
    events = ray_engine(work, ["hang", "hang"])
    epochs = (event for event in events if isinstance(event, Epoch))
    next(epochs)
    next(epochs)
    pids = set(descendants(os.getpid()))
    told: dict[str, Any] = {
        "processes": {pid: name(pid) for pid in pids},
        "listening": sorted(listening({*pids, os.getpid()})),
    }
    told["kept"] = [signal.getsignal(signal.SIGTERM) == before]
    print(json.dumps(told), flush=True)
    if end == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    events.close()
    print(json.dumps({"left": sorted(set(descendants(os.getpid())))}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
