"""The learning rate of every step, and when a run stops early: functions of the run and its losses."""

import functools
import math
from collections.abc import Mapping, Sequence
from typing import Any

from reluctant.catalogue import SCHEDULES
from reluctant.study.run import Run


def rate(run: Run, epoch: int, batch: int, batches: int) -> float:
    """The learning rate of one step: batch `batch` (from 0) of `batches` in an epoch (from 1).

    During the warm-up of w steps the rate climbs by lr/w a step, so that no step has a rate of 0. After it, a
    curve falls until the end of the last epoch.
    """
    head, parameters = _parsed(run.schedule)
    if head == "constant":
        return run.lr
    step = (epoch - 1) * batches + batch
    passed = step // run.accumulate if run.steps else epoch - 1  # steps, or epochs, before this one
    warm: float = parameters.get("warmup", 0.0) * (run.accumulate if run.steps else batches)  # of steps, or of epochs
    if step < warm:
        return run.lr * min(1.0, (step + 1) / warm) * _share(head, parameters, passed, 0.0)
    return run.lr * _share(head, parameters, passed, (step - warm) / (run.epochs * batches - warm))


def last_rate(run: Run, epoch: int, batches: int) -> float:
    """The learning rate of an epoch's last step, as a record holds it."""
    return rate(run, epoch, batches - 1, batches)


def schedule_fault(schedule: str, length: float, unit: str = "epochs") -> str:
    """Why a schedule does not fit into this many epochs or steps; empty where it does."""
    head, parameters = _parsed(schedule)
    warm = parameters.get("warmup", 0.0)
    if unit == "steps" and head == "step" and parameters["every"] >= length:
        return (
            f"schedule: {schedule} drops for the first time after {parameters['every']:g} of {length:g} steps, so it "
            f"never does; every counts steps here"
        )
    if warm < length:
        return ""
    return (
        f"schedule: {schedule} warms up for {warm:g} of {length:g} {unit}, so it never reaches the learning "
        f"rate; give a shorter warmup, or more {unit}"
    )


@functools.cache
def _parsed(schedule: str) -> tuple[str, dict[str, Any]]:
    """The schedule's row and all its parameters; cached, since every step needs them."""
    name = SCHEDULES.canonical(schedule)
    return name.head, SCHEDULES.arguments(name)


def _share(head: str, parameters: Mapping[str, Any], passed: int, gone: float) -> float:
    """The share of the highest rate when the share t of the way is `gone`.

    The cosine is least + (1 − least)·(1 + cos πt)/2, the line 1 − t, and drops depend on the epochs or steps passed.
    """
    if head == "linear":
        return 1 - gone
    if head == "step":
        return float(parameters["factor"] ** (passed // parameters["every"]))
    least = float(parameters["least"])
    return least + (1 - least) * (1 + math.cos(math.pi * gone)) / 2


def stops_early(run: Run, losses: Sequence[float]) -> bool:
    """Whether a run stops early after the epochs with these validation losses.

    It does at the first epoch that is `patience` epochs behind the lowest loss so far, the earliest of
    equals; not after its last epoch, where it ends anyway.
    """
    if not run.patience or not losses or len(losses) >= run.epochs:
        return False
    best = min(range(len(losses)), key=losses.__getitem__)
    return len(losses) - 1 - best >= run.patience


def early_stop(run: Run, losses: Sequence[float]) -> int | None:
    """The epoch (from 1) after which a run with these validation losses must stop; None where none is."""
    return next((n for n in range(1, len(losses) + 1) if stops_early(run, losses[:n])), None)
