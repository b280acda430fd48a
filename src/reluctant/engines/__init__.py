"""Engines: runs in, events out as they happen. All engines keep one contract, which one test checks.

`serial` and `local` are here; the Ray engine is in `reluctant.engines.ray`, because Ray is optional.
"""

from reluctant.engines.events import Done, Engine, Epoch, Event, Events, Failed, Message, Ready, Started, Work
from reluctant.engines.local import local
from reluctant.engines.run_queue import MAX_ATTEMPTS, execute_run
from reluctant.engines.serial import serial

__all__ = [
    "MAX_ATTEMPTS", "Done", "Engine", "Epoch", "Event", "Events", "Failed", "Message", "Ready", "Started", "Work",
    "execute_run", "local", "serial",
]  # fmt: skip
