"""A program for the tests of Ray: starts a local Ray, prints its processes and sockets, and ends as told."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from reluctant.engines import Epoch
from reluctant.engines.ray import ray_engine
from tests.support.engine_work import work
from tests.support.processes import descendants

LISTENING = "0A"


def listening_addresses(pids: set[int]) -> set[str]:
    """The addresses, in the system's hexadecimal form, on which the processes listen."""
    sockets = {socket for pid in pids for socket in _sockets(pid)}
    lines = [
        line.split() for file in ("tcp", "tcp6") for line in Path(f"/proc/net/{file}").read_text().splitlines()[1:]
    ]
    return {fields[1].partition(":")[0] for fields in lines if fields[3] == LISTENING and fields[9] in sockets}


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
    """Begin two runs that never end and print the state; then `close` the engine or `die`."""
    before = signal.getsignal(signal.SIGTERM)
    events = ray_engine(work, ["hang", "hang"])
    epochs = (event for event in events if isinstance(event, Epoch))
    next(epochs)
    next(epochs)
    pids = set(descendants(os.getpid()))
    state = {
        "processes": {pid: Path(f"/proc/{pid}/comm").read_text().strip() for pid in pids},
        "listening": sorted(listening_addresses({*pids, os.getpid()})),
        "sigterm_unchanged": [signal.getsignal(signal.SIGTERM) == before],
    }
    print(json.dumps(state), flush=True)
    if end == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    events.close()
    after = {"leftovers": sorted(set(descendants(os.getpid()))), "token_mode": os.environ.get("RAY_AUTH_MODE")}
    print(json.dumps(after), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
