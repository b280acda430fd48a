"""How numbers of a metric are written: points of a score, nats of a loss, the target's own units."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reluctant.catalogue.metrics import Metric, unit
from reluctant.catalogue.reported import NUMBER, PERCENT
from reluctant.statistics import Interval

OF_TARGET = "units of the target"
DIGITS, MOST = 4, 6  # digits of a number in the target's units, and the decimals it may have
DASH = "–"


@dataclass(frozen=True)
class Unit:
    """How one metric is written in one study: a difference is multiplied by `factor` and followed by `word`."""

    factor: float
    decimals: int  # those of a difference
    word: str
    score_decimals: int  # those of a score
    axis: str  # what a score is counted in, for the name of an axis
    difference_axis: str  # what a difference is counted in

    def scaled(self, value: float) -> float:
        """A difference in the unit it is written in."""
        return self.factor * value if self.factor != 1 else value

    def amount(self, value: float, *, signed: bool = False) -> str:
        """A difference with its unit: `0.21 points`, `+0.0031 nats`."""
        return f"{self.difference(value, signed=signed)} {self.word}".rstrip()

    def difference(self, value: float, *, signed: bool = True) -> str:
        """A difference without its unit: `+0.21`; a dash where there is none."""
        text = number(self.scaled(value), self.decimals)
        return f"+{text}" if signed and np.isfinite(value) and not text.startswith("−") else text

    def margin(self, margin: float) -> str:
        """`±0.2 points`, `±1 point`, `±0.005 nats`."""
        written = f"{self.scaled(margin):g}"
        return f"±{written} {self.word.removesuffix('s') if written == '1' else self.word}".rstrip()

    def span(self, low: float, high: float) -> str:
        """Two amounts as a range, the smaller first: `0.12–0.31 points`."""
        one, other = (f"{self.scaled(end):.{self.decimals}f}" for end in sorted((abs(low), abs(high))))
        return f"{one if one == other else f'{one}–{other}'} {self.word}".rstrip()

    def value(self, score: float) -> str:
        """A score: `0.9812`; four digits of a number in the target's units, `53.21`."""
        return number(score, self.score_decimals)

    def interval(self, interval: Interval) -> str:
        """`0.9812 ± 0.0021`; a dash without values."""
        if not interval.n:
            return DASH
        half = "" if interval.half is None else f" ± {self.value(interval.half)}"
        return self.value(interval.mean) + half


def unit_of(metric: Metric, task: str, item: str, typical: Sequence[float]) -> Unit:
    """How a metric is written, by its task and what one input is called (image, row, signal).

    The `typical` scores decide the decimals of a number in the target's units: four digits of a usual one.
    """
    axis = unit(metric, task).replace("image", item)
    if axis in (OF_TARGET, NUMBER):
        usual = abs(float(np.median(typical))) if len(typical) else 0.0
        decimals = max(0, min(MOST, DIGITS - 1 - int(np.floor(np.log10(usual))))) if usual > 0 else DIGITS
        return Unit(1, decimals, "", decimals, *(2 * [metric.title if axis == NUMBER else axis]))
    if axis == PERCENT:
        return Unit(1, 2, "points", 2, PERCENT, "points")
    if axis == "share of 1":
        return Unit(100, 2, "points", 4, axis, "points")
    word = "nats" if axis.startswith("nats") else "" if axis.startswith("share of") else axis
    return Unit(1, 4, word, 4, axis, axis)


def number(value: float, decimals: int = 4) -> str:
    """A number with a true minus, zero without one; a dash where there is none."""
    return f"{value:z.{decimals}f}".replace("-", "−") if np.isfinite(value) else DASH


def p_value(p: float | None) -> str:
    """`0.031`, `< 0.0001`; a dash where there is none."""
    return DASH if p is None else f"{p:.2g}" if p >= 0.0001 else "< 0.0001"


def percent(share: float) -> str:
    """`12 %`, `3.4 %`, `0.02 %`; `none` for nothing at all, a dash for no number."""
    if not np.isfinite(share):
        return DASH
    value = 100 * share
    if value == 0:
        return "none"
    return "< 0.01 %" if value < 0.01 else f"{value:.0f} %" if value >= 9.95 else f"{value:.2g} %"
