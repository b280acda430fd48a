"""Engines: runs in, events out as they happen. `serial` and `local` keep one contract, tested on both."""

from reluctant.engines.event import (
    TRIES,
    Done,
    Engine,
    Epoch,
    Event,
    Events,
    Failed,
    Ready,
    Said,
    Started,
    Work,
    attempt,
)
from reluctant.engines.local import local
from reluctant.engines.serial import serial

__all__ = [
    "TRIES",
    "Done",
    "Engine",
    "Epoch",
    "Event",
    "Events",
    "Failed",
    "Ready",
    "Said",
    "Started",
    "Work",
    "attempt",
    "local",
    "serial",
]
