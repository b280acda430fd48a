"""One round of a measurement: every activation timed a few times in one process, in an order drawn anew."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from statistics import median

import torch

from reluctant.bench.compiled import repeatable, variants
from reluctant.bench.setting import Setting
from reluctant.bench.timing import Clock, stopwatch, timed
from reluctant.bench.trial import KINDS, Trial, inputs, tried

REPEATS = 5  # timings of each; what a process is worth is their median

Variant = tuple[str, bool]  # an activation's name, and whether it is compiled
Round = dict[str, dict[Variant, float]]  # seconds of one call, by kind


@contextmanager
def alone(setting: Setting) -> Iterator[None]:
    """The threads asked for and gradients on; afterwards these and all random states are as they were."""
    threads = torch.get_num_threads()
    cards = [setting.where] if setting.where.type == "cuda" else []
    again = repeatable() if setting.compile else nullcontext()
    with torch.random.fork_rng(devices=cards), torch.enable_grad(), again:
        torch.set_num_threads(setting.threads)
        try:
            yield
        finally:
            torch.set_num_threads(threads)


def trials(names: Sequence[str], setting: Setting) -> tuple[dict[Variant, Trial], tuple[str, ...]]:
    """Every activation ready to be measured, its compiled variant behind it; and what cannot be compiled.

    Raises `StudyError` for a name that makes no activation, or one that fails in this setting.
    """
    x, gradient = inputs(setting)
    plain = {name: tried(name, setting, x, gradient) for name in names}
    fast = dict(variants(plain)) if setting.compile else dict[str, Trial | str]()
    found: dict[Variant, Trial] = {}
    for name, trial in plain.items():
        found[name, False] = trial
        if isinstance(made := fast.get(name), Trial):
            found[name, True] = made
    return found, tuple(sentence for sentence in fast.values() if isinstance(sentence, str))


def timed_round(names: Sequence[str], setting: Setting, number: int, clock: Clock | None = None) -> Round:
    """The seconds of one call of each, the median of `REPEATS`; `number` decides the order."""
    with alone(setting):
        found, _ = trials(names, setting)
        clock = clock or stopwatch(setting.threads, own=setting.own_time)
        times = timed(found, KINDS, clock, REPEATS, number)
    return {kind: {variant: median(those) for variant, those in by.items()} for kind, by in times.items()}
