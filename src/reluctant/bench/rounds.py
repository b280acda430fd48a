"""A round of a benchmark: one process times every activation a few times.

Each round is a new process, because the memory addresses of tensors differ from process to process. ReLU's
two passes took 440 µs in one process and 580 in another, for as long as each lived (docs/log.md). An interval
from one process alone is therefore too narrow, and wrong. A GPU has no such addresses, and a process takes many
seconds to begin with one; a network has many tensors, and is compiled for long: their rounds are of one process.
"""

import ctypes
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from statistics import median
from typing import Any

import torch

from reluctant.bench.config import BenchConfig
from reluctant.bench.network import prepare_network
from reluctant.bench.timing import Clock, EventClock, call_numbers, time_interleaved, torch_clock
from reluctant.bench.trial import (
    TimedTrial,
    compile_trials,
    measured_passes,
    prepare_trial,
    repeatable_backward,
    sample_inputs,
)
from reluctant.core.errors import StudyError
from reluctant.core.randomness import preserve_random_states

REPEATS = 5  # timings of each activation in a round, of which the median is taken
REPEATS_ON_GPU, REPEATS_OF_NETWORK = 3, 1
PROCESSOR_BOUND = 0.8  # the share of a call's time from which the processor's part of it decides it
_TRIM, _MAP = -1, -3  # glibc's M_TRIM_THRESHOLD and M_MMAP_THRESHOLD
_MESSAGE_LENGTH = 300  # the most characters that are quoted from a process that failed

Variant = tuple[str, bool]  # the name of an activation, and whether it is compiled
Round = dict[str, dict[Variant, float]]  # seconds of one call, by pass


@contextmanager
def benchmark_state(config: BenchConfig) -> Iterator[None]:
    """The configured number of threads, and gradients enabled; everything is restored, random states too."""
    threads = torch.get_num_threads()
    gpus = [config.torch_device] if config.uses_cuda else []
    backward = repeatable_backward() if config.compile and not config.model else nullcontext()
    with preserve_random_states(), torch.random.fork_rng(devices=gpus), torch.enable_grad(), backward:
        torch.set_num_threads(config.threads)
        try:
            yield
        finally:
            torch.set_num_threads(threads)


def prepare_trials(
    names: Sequence[str], config: BenchConfig, on_phase: Callable[[str], None] = lambda text: None
) -> tuple[dict[Variant, TimedTrial], tuple[str, ...]]:
    """All trials, each compiled one after its plain one, and sentences on what cannot be compiled.

    Raises:
        StudyError: A name gives no activation, or the activation fails with this configuration.
    """
    plain: dict[str, TimedTrial] = {}
    on_phase("preparing the input")
    inputs = None if config.model else sample_inputs(config)
    for number, name in enumerate(names, 1):
        on_phase(f"preparing {name} ({number} of {len(names)})")
        plain[name] = prepare_trial(name, config, *inputs) if inputs else prepare_network(name, config)
    compiled = dict[str, TimedTrial | str]()
    if config.compile:
        compiled.update(compile_trials(plain, measured_passes(config), on_phase))
    trials: dict[Variant, TimedTrial] = {}
    for name, trial in plain.items():
        trials[name, False] = trial
        fast = compiled.get(name)
        if isinstance(fast, TimedTrial):
            trials[name, True] = fast
    return trials, tuple(sentence for sentence in compiled.values() if isinstance(sentence, str))


def time_round(names: Sequence[str], config: BenchConfig, number: int, clock: Clock | None = None) -> Round:
    """The seconds of one call of each activation, the median of `REPEATS`; `number` decides their order."""
    with benchmark_state(config):
        trials, _ = prepare_trials(names, config)
        times = time_interleaved(trials, measured_passes(config), clock or usual_clock(config), REPEATS, number)
    return _medians(times)


def time_rounds(trials: Mapping[Variant, TimedTrial], config: BenchConfig, clock: Clock) -> Iterator[Round]:
    """All rounds, in this process."""
    passes = measured_passes(config)
    repeats = REPEATS_OF_NETWORK if config.model else REPEATS_ON_GPU
    numbers = call_numbers(trials, passes, clock)
    for number in range(config.rounds):
        yield _medians(time_interleaved(trials, passes, clock, repeats, number, numbers))


def usual_clock(config: BenchConfig) -> Clock:
    """CUDA events on a GPU, else processor time or wall time."""
    if config.uses_cuda:
        return EventClock(config.torch_device)
    return torch_clock(config.threads, processor_time=config.uses_processor_time)


def processor_bound(trials: Mapping[Variant, TimedTrial], rounds: Sequence[Round], clock: Clock) -> tuple[str, ...]:
    """A sentence on the activations for which a GPU mostly waited for the processor; none if there are no such."""
    if not isinstance(clock, EventClock):
        return ()
    names = [
        f"{name}, compiled" if compiled else name
        for (name, compiled), trial in trials.items()
        if clock.issuing(trial.both()) >= PROCESSOR_BOUND * median([each["both"][name, compiled] for each in rounds])
    ]
    which = "all of them" if len(names) == len(trials) else "; ".join(names)
    advice = "their times are of PyTorch on the processor, not of the arithmetic; give a larger --shape"
    return (f"The GPU waited for the processor ({which}): {advice}.",) if names else ()


def _medians(times: Mapping[str, Mapping[Variant, Sequence[float]]]) -> Round:
    return {name: {key: median(seconds) for key, seconds in by.items()} for name, by in times.items()}


def time_round_in_process(names: Sequence[str], config: BenchConfig, number: int) -> Round:
    """`time_round` in a new process; `StudyError` if the process fails."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "reluctant.bench.rounds"],
        input=pickle.dumps((sys.path, tuple(names), config, number)),
        capture_output=True,
        check=False,
    )
    if done.returncode:
        lines = done.stderr.decode(errors="replace").splitlines()
        message = next((line for line in reversed(lines) if line.strip()), "no message")
        raise StudyError(f"a process that measures ended with status {done.returncode}: {message[:_MESSAGE_LENGTH]}")
    result: Round = pickle.loads(done.stdout)
    return result


def serve_round() -> None:
    """The new process: read what to measure from stdin, write the round to stdout, discard other output."""
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    path, names, config, number = pickle.load(sys.stdin.buffer)
    sys.path[:] = path
    # Freed memory stays with the process (glibc), as in the training of a network. Otherwise some processes
    # return it after every pass and wait for 341 new pages in the next one.
    with suppress(OSError, AttributeError):
        library: Any = ctypes.CDLL(None)
        for parameter in (_TRIM, _MAP):
            library.mallopt(parameter, 2**30)
    with output:
        pickle.dump(time_round(names, config, number), output)


if __name__ == "__main__":
    serve_round()
