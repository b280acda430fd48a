"""The program that a worker process of `local` runs: `python -m reluctant.engines.process PIPE LIFELINE`."""

import gc
import os
import sys
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from reluctant.engines.event import attempt


def _end_with(lifeline: int) -> None:
    """End this process when the other end of the pipe is closed, which the death of its owner does too."""
    os.read(lifeline, 1)
    os._exit(1)


def serve(pipe: int, lifeline: int) -> None:
    """Receive the import path, the work, then runs; send their events."""
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()
    connection: Connection = Connection(pipe)
    sys.path[:] = connection.recv()
    work = connection.recv()
    if hasattr(work, "warm"):
        with suppress(Exception):  # whatever is wrong, the run itself will say
            _warm(work)
    while True:
        for event in attempt(work, connection.recv()):
            connection.send(event)


def _warm(work: Any) -> None:
    """Whatever this imports stays; looking through it for garbage took a fifth of the start."""
    gc.disable()
    try:
        work.warm()
    finally:
        gc.freeze()
        gc.enable()


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]))
