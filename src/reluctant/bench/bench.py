"""The measurement of several activations beside ReLU, and what it found.

A round is a process of its own that times every activation a few times. Each is compared with ReLU within a
round, so that what slows the machine down for a while slows both, and the interval is one over processes. All
are in training mode; nobody's random state is touched and no gradient is left anywhere.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

import torch

from reluctant.bench.median import Median, median_interval
from reluctant.bench.memory import kept, peak
from reluctant.bench.process import apart
from reluctant.bench.round import Round, Variant, alone, timed_round, trials
from reluctant.bench.setting import Setting
from reluctant.bench.timing import Clock
from reluctant.bench.trial import KINDS
from reluctant.catalogue import ACTIVATIONS
from reluctant.core.environment import describe_environment

YARDSTICK = "relu"


@dataclass(frozen=True)
class Cost:
    """What one activation costs; times by kind: `forward`, `backward`, `both`.

    `seconds` holds one call's time per round (the median within its process), `ratio` its multiple of plain
    ReLU's in the same round. `kept` are the bytes that wait for the backward pass, `peak` the most alive at
    once, input and gradients among them; None where the device does not tell.
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

    `notes` say what could not be compiled, or not in every round, and why.
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

    With a `clock` of one's own all rounds run in this process, since a clock cannot travel to another. Raises
    `StudyError` for a name that makes no activation, or one that fails in this setting.
    """
    canonical = tuple(dict.fromkeys(str(ACTIVATIONS.canonical(name)) for name in (YARDSTICK, *names)))
    with alone(setting):
        found, notes = trials(canonical, setting)  # whatever fails, fails before the minutes of measuring
        memory = {variant: (kept(trial), peak(trial)) for variant, trial in found.items()}
    rounds = []
    for number in range(setting.rounds):
        rounds.append(
            timed_round(canonical, setting, number, clock) if clock else apart(canonical, setting, number)
        )
        tell(number + 1)
    lost = [variant for variant in found if any(variant not in t for each in rounds for t in each.values())]
    notes += tuple(f"{name} was not compiled in every round, and is left out" for name, _ in lost)
    costs = tuple(_cost(variant, rounds, *memory[variant]) for variant in found if variant not in lost)
    return Bench(setting, costs, notes, _machine(setting))


def _cost(variant: Variant, rounds: Sequence[Round], kept: int, peak: int | None) -> Cost:
    seconds = {kind: tuple(each[kind][variant] for each in rounds) for kind in KINDS}
    ratio = {
        kind: ratios(times, [each[kind][YARDSTICK, False] for each in rounds])
        for kind, times in seconds.items()
    }
    return Cost(*variant, seconds, ratio, kept, peak)


def ratios(times: Sequence[float], yardstick: Sequence[float]) -> Median:
    """The median over rounds of a time as a multiple of the yardstick's in the same round."""
    return median_interval([time / unit for time, unit in zip(times, yardstick, strict=True)])


def _machine(setting: Setting) -> dict[str, Any]:
    """This machine, its software, and what PyTorch computes on."""
    used = {"cpu": torch.backends.cpu.get_cpu_capability(), "device": setting.device}
    if setting.where.type == "cuda":
        used["device"] = torch.cuda.get_device_name(setting.where)
    return {**describe_environment(), "torch": used}
