"""How amounts of a metric are written: points of a score, nats of a loss, the target's own units."""

from dataclasses import dataclass

import numpy as np

from reluctant.analysis.comparison.inputs import item
from reluctant.catalogue.metrics import Metric, unit
from reluctant.catalogue.metrics import metric as named
from reluctant.records.study_results import Results

OF_TARGET = "units of the target"
DIGITS, MOST = 4, 6  # digits of a number in the target's units, and the decimals it may take


@dataclass(frozen=True)
class Unit:
    """How one metric is written in one study: a difference is multiplied by `factor` and followed by `word`.

    `decimals` are those of a difference, `score` those of a score; `axis` is what a score is counted in.
    """

    factor: float
    decimals: int
    word: str
    score: int
    axis: str

    def scaled(self, value: float) -> float:
        """A difference as it is written: in points of a score, in nats of a loss."""
        return self.factor * value if self.factor != 1 else value

    def amount(self, value: float, *, signed: bool = False) -> str:
        """A difference with its unit: `0.21 points`, `+0.0031 nats`."""
        sign = "+" if signed else ""
        return self._with(f"{self.scaled(value):{sign}.{self.decimals}f}".replace("-", "−"))

    def margin(self, margin: float) -> str:
        """`±0.2 points`, `±0.005 nats`."""
        return self._with(f"±{self.scaled(margin):g}")

    def span(self, low: float, high: float) -> str:
        """Two amounts as a range, the smaller first: `0.12–0.31 points`."""
        ends = (f"{self.scaled(end):.{self.decimals}f}" for end in sorted((abs(low), abs(high))))
        one, other = ends
        return self._with(one if one == other else f"{one}–{other}")

    def value(self, score: float) -> str:
        """A score: `0.9812`; four digits of a number in the target's units, `53.21`."""
        return f"{score:.{self.score}f}"

    def _with(self, text: str) -> str:
        return f"{text} {self.word}".rstrip()


def unit_of(results: Results, name: str) -> Unit:
    """How a metric is written in this study, by its task and inputs; in the target's units, by its size."""
    metric, task = named(name), results.study.task
    axis = unit(name, task).replace("image", item(results))
    if axis == OF_TARGET:
        decimals = _decimals(results, metric.name)
        return Unit(1, decimals, "", decimals, axis)
    if metric.name == "loss":
        return Unit(1, 4, "nats" if axis.startswith("nats") else axis, 4, axis)
    return Unit(1, 4, "", 4, axis) if metric.name == "r2" else Unit(100, 2, "points", 4, axis)


def _decimals(results: Results, name: str) -> int:
    """What leaves four digits of a usual score."""
    scores = [r.score(name) for r in results if r.diverged is None and r.epochs]
    usual = float(np.median(scores)) if scores else 0.0
    if not usual > 0:
        return DIGITS
    return max(0, min(MOST, DIGITS - 1 - int(np.floor(np.log10(usual)))))


def called(metric: Metric) -> str:
    """The metric inside a sentence: `macro F1`, `accuracy`, `loss`."""
    title = metric.title if metric.title[:2] == "F1" or metric.title.isupper() else metric.title.lower()
    return f"macro {title}" if metric.name in ("precision", "recall", "f1") else title
