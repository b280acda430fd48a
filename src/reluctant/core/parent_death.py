"""A child process does not outlive the process that has started it."""

import sys
from contextlib import suppress
from signal import Signals


def die_with_parent() -> None:
    """Ask Linux to kill this process when its parent dies: a thread cannot act while compiled code runs."""
    if sys.platform == "linux":
        import ctypes

        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(1, Signals.SIGKILL)  # PR_SET_PDEATHSIG
