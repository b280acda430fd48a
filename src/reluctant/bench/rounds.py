"""A round of a benchmark: one process times every activation a few times.

Each round is a new process, because the memory addresses of tensors differ from process to process. ReLU's
two passes took 440 µs in one process and 580 in another, for as long as each lived (docs/log.md). An interval
from one process alone is therefore too narrow, and wrong.
"""

import ctypes
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from statistics import median
from typing import Any

import torch

from reluctant.bench.config import BenchConfig
from reluctant.bench.timing import Clock, time_interleaved, torch_clock
from reluctant.bench.trial import PASSES, TimedTrial, compile_trials, prepare_trial, repeatable_backward, sample_inputs
from reluctant.core.errors import StudyError

REPEATS = 5  # timings of each activation in a round, of which the median is taken
_TRIM, _MAP = -1, -3  # glibc's M_TRIM_THRESHOLD and M_MMAP_THRESHOLD
_MESSAGE_LENGTH = 300  # the most characters that are quoted from a process that failed

Variant = tuple[str, bool]  # the name of an activation, and whether it is compiled
Round = dict[str, dict[Variant, float]]  # seconds of one call, by pass


@contextmanager
def benchmark_state(config: BenchConfig) -> Iterator[None]:
    """The configured number of threads, and gradients enabled; everything is restored, random states too."""
    threads = torch.get_num_threads()
    gpus = [config.torch_device] if config.torch_device.type == "cuda" else []
    backward = repeatable_backward() if config.compile else nullcontext()
    with torch.random.fork_rng(devices=gpus), torch.enable_grad(), backward:
        torch.set_num_threads(config.threads)
        try:
            yield
        finally:
            torch.set_num_threads(threads)


def prepare_trials(names: Sequence[str], config: BenchConfig) -> tuple[dict[Variant, TimedTrial], tuple[str, ...]]:
    """All trials, each compiled one after its plain one, and sentences on what cannot be compiled.

    Raises:
        StudyError: A name gives no activation, or the activation fails with this configuration.
    """
    x, gradient = sample_inputs(config)
    plain = {name: prepare_trial(name, config, x, gradient) for name in names}
    compiled = dict(compile_trials(plain)) if config.compile else dict[str, TimedTrial | str]()
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
        clock = clock or torch_clock(config.threads, processor_time=config.uses_processor_time)
        times = time_interleaved(trials, PASSES, clock, REPEATS, number)
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
