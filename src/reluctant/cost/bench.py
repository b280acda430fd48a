"""The measurement of several activations beside ReLU, and what it found.

Each is compared with ReLU within a round, so that what slows the machine down for a while slows both. All are
in training mode; nobody's random state is touched and no gradient is left anywhere.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

import torch

from reluctant.catalogue import ACTIVATIONS
from reluctant.cost.compiled import repeatable, variants
from reluctant.cost.median import Median, median_interval
from reluctant.cost.memory import kept, peak
from reluctant.cost.setting import Setting
from reluctant.cost.timing import Clock, stopwatch, timed
from reluctant.cost.trial import KINDS, Trial, inputs, tried
from reluctant.environment import describe

YARDSTICK = "relu"

Variant = tuple[str, bool]  # an activation's name, and whether it is compiled
Times = Mapping[str, Mapping[Variant, Sequence[float]]]


@dataclass(frozen=True)
class Cost:
    """What one activation costs; times by kind: `forward`, `backward`, `both`.

    `seconds` holds one call's time per round, `ratio` its multiple of plain ReLU's in the same round. `kept`
    are the bytes that wait for the backward pass, `peak` the most alive at once, input and gradients among
    them; None where the device does not tell.
    """

    activation: str
    compiled: bool
    seconds: Mapping[str, Sequence[float]]
    ratio: Mapping[str, Median]
    kept: int
    peak: int | None

    def microseconds(self, kind: str) -> float:
        """The median time of one call."""
        return 1e6 * median(self.seconds[kind])


@dataclass(frozen=True)
class Bench:
    """A finished measurement: ReLU first, then the others as they were named, the compiled after the plain.

    `notes` say what could not be compiled, and why.
    """

    setting: Setting
    costs: tuple[Cost, ...]
    notes: tuple[str, ...] = ()
    machine: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain data, the times of every round included."""
        return {
            "setting": {**asdict(self.setting), "clock": self.setting.clock},
            "machine": dict(self.machine),
            "notes": list(self.notes),
            "costs": [asdict(cost) for cost in self.costs],
        }


def measure(
    names: Sequence[str],
    setting: Setting,
    *,
    clock: Clock | None = None,
    tell: Callable[[int], None] = lambda done: None,
) -> Bench:
    """What these activations cost, and ReLU; `tell` hears how many rounds are done.

    Raises `StudyError` for a name that makes no activation, or one that fails in this setting.
    """
    canonical = dict.fromkeys(str(ACTIVATIONS.canonical(name)) for name in (YARDSTICK, *names))
    with _alone(setting):
        x, gradient = inputs(setting)
        plain = {name: tried(name, setting, x, gradient) for name in canonical}
        fast = dict(variants(plain)) if setting.compile else dict[str, Trial | str]()
        trials: dict[Variant, Trial] = {}
        for name, trial in plain.items():
            trials[name, False] = trial
            if isinstance(made := fast.get(name), Trial):
                trials[name, True] = made
        clock = clock or stopwatch(setting.threads, own=setting.own_time)
        times = timed(trials, KINDS, clock, setting.rounds, tell)
        costs = tuple(_cost(variant, trial, times) for variant, trial in trials.items())
    notes = tuple(sentence for sentence in fast.values() if isinstance(sentence, str))
    return Bench(setting, costs, notes, _machine(setting))


@contextmanager
def _alone(setting: Setting) -> Iterator[None]:
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


def _cost(variant: Variant, trial: Trial, times: Times) -> Cost:
    seconds = {kind: tuple(by[variant]) for kind, by in times.items()}
    ratio = {kind: ratios(by[variant], by[YARDSTICK, False]) for kind, by in times.items()}
    return Cost(*variant, seconds, ratio, kept(trial), peak(trial))


def ratios(times: Sequence[float], yardstick: Sequence[float]) -> Median:
    """The median over rounds of a time as a multiple of the yardstick's in the same round."""
    return median_interval([time / unit for time, unit in zip(times, yardstick, strict=True)])


def _machine(setting: Setting) -> dict[str, Any]:
    """This machine, its software, and what PyTorch computes on."""
    used = {"cpu": torch.backends.cpu.get_cpu_capability(), "device": setting.device}
    if setting.where.type == "cuda":
        used["device"] = torch.cuda.get_device_name(setting.where)
    return {**describe(), "torch": used}
