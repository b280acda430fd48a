"""Times taken in turn: in every round all subjects once, in an order drawn anew."""

import random
import time
from collections.abc import Callable, Hashable, Mapping
from math import ceil
from typing import TypeVar

from reluctant.bench.trial import Step

LEAST = 0.01  # seconds that one timing takes at least; below, the clock and its loop show
SEED = 20

Clock = Callable[[Step, int], float]  # a step and how often; the seconds that it took in all
Key = TypeVar("Key", bound=Hashable)
Subject = TypeVar("Subject")


def stopwatch(threads: int, *, own: bool = False) -> Clock:
    """The clock of `torch.utils.benchmark`: it warms up, and waits for the device before it looks.

    With `own` it counts the processor's time for this process alone, which other programs do not lengthen.
    """
    from torch.utils import benchmark

    look = time.process_time if own else benchmark.timer

    def seconds(step: Step, number: int) -> float:
        timer = benchmark.Timer("step()", timer=look, globals={"step": step}, num_threads=threads)
        return timer.timeit(number).raw_times[0]

    return seconds


def enough(step: Step, clock: Clock) -> int:
    """How often a step is called so that a timing takes `LEAST` seconds, with something to spare."""
    number = 1
    while (spent := clock(step, number)) < LEAST:
        number = max(number + 1, ceil(number * min(10, 1.2 * LEAST / max(spent, 1e-9))))
    return number


def timed(
    subjects: Mapping[Key, Subject],
    kinds: Mapping[str, Callable[[Subject], Step]],
    clock: Clock,
    rounds: int,
    seed: int = 0,
) -> dict[str, dict[Key, list[float]]]:
    """Seconds of one call by kind and subject, a value per round.

    A step is made anew for every timing: where its tensors happen to lie in memory is part of the spread, and
    no subject's kept tensors fill the memory while another is timed.
    """
    numbers = {
        (kind, key): enough(prepare(subject), clock)
        for kind, prepare in kinds.items()
        for key, subject in subjects.items()
    }
    order = random.Random(SEED + seed)
    times: dict[str, dict[Key, list[float]]] = {kind: {key: [] for key in subjects} for kind in kinds}
    for _ in range(rounds):
        for kind, prepare in kinds.items():
            for key in order.sample(list(subjects), len(subjects)):
                number = numbers[kind, key]
                times[kind][key].append(clock(prepare(subjects[key]), number) / number)
    return times
