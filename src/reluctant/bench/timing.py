"""Clocks, and interleaved timing: every round times all subjects once, in a new random order."""

import random
import time
from collections.abc import Callable, Hashable, Mapping
from math import ceil
from typing import Any, TypeVar

import torch

from reluctant.bench.trial import Step

MIN_SECONDS = 0.01  # the shortest timing: below it, the clock and its loop distort the result
ISSUED = 10  # calls without a wait; the queue of a GPU takes about a thousand operations
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


class EventClock:
    """The clock of a GPU: events in its stream of work, one before the calls and one after them.

    `cuda` is PyTorch's module; tests give a stand-in.
    """

    def __init__(self, device: torch.device, cuda: Any = torch.cuda) -> None:
        self.device, self.cuda = device, cuda

    def __call__(self, step: Step, number: int) -> float:
        """The seconds between the events; a call before the first one warms up."""
        with self.cuda.device(self.device):
            step()
            begin, end = (self.cuda.Event(enable_timing=True) for _ in range(2))
            begin.record()
            for _ in range(number):
                step()
            end.record()
            end.synchronize()
            milliseconds: float = begin.elapsed_time(end)
        return milliseconds / 1000

    def issuing(self, step: Step) -> float:
        """The seconds that the processor needs to issue one call, while it does not wait for the GPU."""
        with self.cuda.device(self.device):
            self.cuda.synchronize()
            began = time.perf_counter()
            for _ in range(ISSUED):
                step()
            seconds = time.perf_counter() - began
            self.cuda.synchronize()
        return seconds / ISSUED


def calls_needed(step: Step, clock: Clock) -> int:
    """How often a step must be called so that a timing takes `MIN_SECONDS`, with a reserve."""
    number = 1
    while (spent := clock(step, number)) < MIN_SECONDS:
        number = max(number + 1, ceil(number * min(10, 1.2 * MIN_SECONDS / max(spent, 1e-9))))
    return number


def call_numbers(
    subjects: Mapping[Key, Subject], passes: Mapping[str, Callable[[Subject], Step]], clock: Clock
) -> dict[tuple[str, Key], int]:
    """How often each pass of each subject is called in a timing."""
    return {
        (name, key): calls_needed(prepare(subject), clock)
        for name, prepare in passes.items()
        for key, subject in subjects.items()
    }


def time_interleaved(
    subjects: Mapping[Key, Subject],
    passes: Mapping[str, Callable[[Subject], Step]],
    clock: Clock,
    rounds: int,
    seed: int = 0,
    numbers: Mapping[tuple[str, Key], int] | None = None,
) -> dict[str, dict[Key, list[float]]]:
    """Seconds of one call by pass and subject, one value per round.

    Each timing prepares its step anew: the memory addresses of its tensors are part of the spread, and the
    saved tensors of one subject do not occupy memory while another is timed. `numbers` are those of
    `call_numbers`, where they are known.
    """
    numbers = numbers or call_numbers(subjects, passes, clock)
    order = random.Random(SEED + seed)
    times: dict[str, dict[Key, list[float]]] = {name: {key: [] for key in subjects} for name in passes}
    for _ in range(rounds):
        for name, prepare in passes.items():
            for key in order.sample(list(subjects), len(subjects)):
                number = numbers[name, key]
                times[name][key].append(clock(prepare(subjects[key]), number) / number)
    return times
