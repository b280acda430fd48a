"""Work for the tests of the engines: what a worker may do, and what may become of it."""

import os
import signal
import sys
from collections.abc import Generator
from typing import Any

Steps = Generator[dict[str, Any], None, dict[str, Any]]


def work(run: Any) -> Steps:
    """Two epochs and a record, or whatever the run's name asks for."""
    yield {"epoch": 1, "run": run}
    if run == "raise":
        raise ValueError("a fault in the run")
    if run == "exit":
        sys.exit(3)
    if run == "leave":
        os._exit(0)
    if run == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if run == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    if run == "speak":
        print("last words", file=sys.stderr, flush=True)
        os._exit(7)
    yield {"epoch": 2, "run": run}
    return {"run": run, "process": os.getpid()}
