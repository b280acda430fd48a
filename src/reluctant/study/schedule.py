"""The learning rate of every step: a function of the run and of where its training stands alone."""

import functools
import math
from collections.abc import Callable
from typing import Any

from reluctant.catalogue import SCHEDULES
from reluctant.study.run import Run


def rate(run: Run, epoch: int, batch: int, batches: int) -> float:
    """The learning rate of one step: batch `batch` (from 0) of `batches` in an epoch (from 1).

    During the warm-up of w steps the rate climbs evenly, by lr/w a step, so that none is lost on a rate of 0.
    What falls along a curve falls from there to the end of the last epoch; steps count from the first epoch.
    """
    head, given = _parsed(run.schedule)
    if head == "constant":
        return run.lr
    taken = (epoch - 1) * batches + batch
    warm: float = given.get("warmup", 0.0) * batches
    if taken < warm:
        return run.lr * min(1.0, (taken + 1) / warm) * _SHAPES[head](given, epoch, 0.0)
    return run.lr * _SHAPES[head](given, epoch, (taken - warm) / (run.epochs * batches - warm))


def last_rate(run: Run, epoch: int, batches: int) -> float:
    """The learning rate of an epoch's last step, as a record holds it."""
    return rate(run, epoch, batches - 1, batches)


def fault_of(schedule: str, epochs: float) -> str:
    """Why a schedule does not fit into so many epochs; empty where it does."""
    warm = _parsed(schedule)[1].get("warmup", 0.0)
    if warm < epochs:
        return ""
    return (
        f"schedule: {schedule} warms up for {warm:g} of {epochs:g} epochs and would never reach the learning "
        f"rate; give a shorter warmup, or more epochs"
    )


@functools.cache
def _parsed(schedule: str) -> tuple[str, dict[str, Any]]:
    """The schedule's row and all its parameters; asked for at every step."""
    name = SCHEDULES.canonical(schedule)
    return name.head, SCHEDULES.arguments(name)


def _cosine(given: dict[str, Any], epoch: int, gone: float) -> float:
    """η = least + (1 − least)·(1 + cos πt)/2 at the share t of the way."""
    least = float(given["least"])
    return least + (1 - least) * (1 + math.cos(math.pi * gone)) / 2


def _linear(given: dict[str, Any], epoch: int, gone: float) -> float:
    return 1 - gone


def _step(given: dict[str, Any], epoch: int, gone: float) -> float:
    return float(given["factor"] ** ((epoch - 1) // given["every"]))


_SHAPES: dict[str, Callable[[dict[str, Any], int, float], float]] = {
    "cosine": _cosine,
    "linear": _linear,
    "step": _step,
}
