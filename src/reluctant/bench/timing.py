"""Interleaved timing: every round times all subjects once, in a new random order."""

import random
import time
from collections.abc import Callable, Hashable, Mapping
from math import ceil
from typing import TypeVar

from reluctant.bench.trial import Step

MIN_SECONDS = 0.01  # the shortest timing: below it, the clock and its loop distort the result
SEED = 20

Clock = Callable[[Step, int], float]  # a step and the number of its calls → their total seconds
Key = TypeVar("Key", bound=Hashable)
Subject = TypeVar("Subject")


def torch_clock(threads: int, *, processor_time: bool = False) -> Clock:
    """The clock of `torch.utils.benchmark`: it warms up and synchronises with the device.

    With `processor_time` it counts the CPU time of this process, which other programs do not lengthen.
    """
    from torch.utils import benchmark

    read_time = time.process_time if processor_time else benchmark.timer

    def seconds(step: Step, number: int) -> float:
        timer = benchmark.Timer("step()", timer=read_time, globals={"step": step}, num_threads=threads)
        return timer.timeit(number).raw_times[0]

    return seconds


def calls_needed(step: Step, clock: Clock) -> int:
    """How often a step must be called so that a timing takes `MIN_SECONDS`, with a reserve."""
    number = 1
    while (spent := clock(step, number)) < MIN_SECONDS:
        number = max(number + 1, ceil(number * min(10, 1.2 * MIN_SECONDS / max(spent, 1e-9))))
    return number


def time_interleaved(
    subjects: Mapping[Key, Subject],
    passes: Mapping[str, Callable[[Subject], Step]],
    clock: Clock,
    rounds: int,
    seed: int = 0,
) -> dict[str, dict[Key, list[float]]]:
    """Seconds of one call by pass and subject, one value per round.

    Each timing prepares its step anew: the memory addresses of its tensors are part of the spread, and the
    saved tensors of one subject do not occupy memory while another is timed.
    """
    numbers = {
        (name, key): calls_needed(prepare(subject), clock)
        for name, prepare in passes.items()
        for key, subject in subjects.items()
    }
    order = random.Random(SEED + seed)
    times: dict[str, dict[Key, list[float]]] = {name: {key: [] for key in subjects} for name in passes}
    for _ in range(rounds):
        for name, prepare in passes.items():
            for key in order.sample(list(subjects), len(subjects)):
                number = numbers[name, key]
                times[name][key].append(clock(prepare(subjects[key]), number) / number)
    return times
