"""The program in a worker process of `local`: `python -m reluctant.engines.worker_program PIPE LIFELINE`.

The parent's handle of the process is `reluctant.engines.worker_process`.
"""

import gc
import os
import sys
import threading
from contextlib import suppress
from multiprocessing.connection import Connection

from reluctant.engines.serial import execute


def run_worker(pipe: int, lifeline: int) -> None:
    """Receive the import path, the work, then runs; send the events of each run.

    Args:
        pipe: Handle of the connection to the parent.
        lifeline: Handle of a pipe that the parent holds open. When it closes, also because the parent has
            died, this process exits.
    """
    threading.Thread(target=_exit_with_parent, args=(lifeline,), daemon=True).start()
    connection: Connection = Connection(pipe)
    sys.path[:] = connection.recv()
    work = connection.recv()
    if hasattr(work, "warm_up"):
        gc.disable()  # what this imports stays; searching it for garbage took a fifth of the start
        with suppress(Exception):  # a fault will be reported by the run itself
            work.warm_up()
        gc.freeze()
        gc.enable()
    while True:
        for event in execute(work, connection.recv()):
            connection.send(event)


def _exit_with_parent(lifeline: int) -> None:
    os.read(lifeline, 1)
    os._exit(1)


if __name__ == "__main__":
    run_worker(int(sys.argv[1]), int(sys.argv[2]))
