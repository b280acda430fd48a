"""The results of a benchmark: medians with intervals, and the cost of every activation."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import accumulate
from math import comb
from statistics import median
from typing import Any

from reluctant.bench.config import BenchConfig

# Tensors of the input's size that an activation must read and write: the input and the output; the incoming gradient,
# the input or the output, and the gradient that goes out.
TENSORS_MOVED = {"forward": 2, "backward": 3, "both": 5}


@dataclass(frozen=True)
class Median:
    """The median of n values and its interval; the bounds are None for fewer than six values.

    `confidence` is the probability that the interval contains the true median: the requested one or more.
    """

    n: int
    value: float
    low: float | None = None
    high: float | None = None
    confidence: float | None = None

    @property
    def reach(self) -> float | None:
        """The distance from the median to the further end of the interval: the number after ±."""
        if self.low is None or self.high is None:
            return None
        return max(self.value - self.low, self.high - self.value)


def median_interval(values: Sequence[float], confidence: float = 0.95) -> Median:
    """The interval from the k-th smallest to the k-th largest of n independent values (Thompson 1936).

    It assumes no distribution. It misses the true median with probability 2·P(B < k), B ~ Bin(n, ½), or less
    if values repeat. k is the largest that reaches the confidence. At least six values are necessary:
    2 / 2⁶ < 0.05 < 2 / 2⁵.
    """
    ordered, n = sorted(values), len(values)
    missed = [2 * tail / 2**n for tail in accumulate(comb(n, i) for i in range(n // 2))]
    k = sum(probability <= 1 - confidence for probability in missed)
    if k == 0:
        return Median(n, median(ordered))
    return Median(n, median(ordered), ordered[k - 1], ordered[n - k], 1 - missed[k - 1])


@dataclass(frozen=True)
class Cost:
    """The cost of one activation. Times are by pass: `forward`, `backward`, `both`; of a network only `both`.

    `seconds` has one call's time per round (the median within it), `ratio` the ratio to plain ReLU in the same round;
    for a compiled network, to the compiled one with ReLU. `saved_bytes` are saved for the backward pass; `peak_bytes`
    are the most bytes alive at once, input and gradients included, None if the device cannot report it.
    """

    activation: str
    compiled: bool
    seconds: Mapping[str, Sequence[float]]
    ratio: Mapping[str, Median]
    saved_bytes: int
    peak_bytes: int | None

    def microseconds(self, name: str) -> float:
        """The median time of one call of this pass."""
        return 1e6 * median(self.seconds[name])

    def bandwidth(self, name: str, input_bytes: int) -> float:
        """The bytes per second of a pass, if each tensor that it must read or write is read or written once."""
        return TENSORS_MOVED[name] * input_bytes / median(self.seconds[name])

    def to_dict(self) -> dict[str, Any]:
        """The cost as plain data."""
        data = asdict(self)
        saved, peak = data.pop("saved_bytes"), data.pop("peak_bytes")
        return {**data, "kept": saved, "peak": peak}


@dataclass(frozen=True)
class Bench:
    """A finished benchmark: ReLU, then the others in their order, each compiled one after its plain one.

    `notes` explain what could not be compiled, or not in every round.
    """

    config: BenchConfig
    costs: tuple[Cost, ...]
    notes: tuple[str, ...] = ()
    machine: Mapping[str, Any] = field(default_factory=dict)

    @property
    def computer(self) -> str:
        """The processor, or the device where that is not the CPU."""
        device = str(self.machine["torch"]["device"])
        return str(self.machine["processor"]) if device == "cpu" else device

    def to_dict(self) -> dict[str, Any]:
        """The benchmark as plain data, with the times of every round."""
        return {
            "setting": {**asdict(self.config), "clock": self.config.clock},
            "machine": dict(self.machine),
            "notes": list(self.notes),
            "costs": [cost.to_dict() for cost in self.costs],
        }
