"""A run of which only reported scores are known: a row of somebody's table, or what a training function reported."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from reluctant.catalogue.metrics import Metric
from reluctant.core.errors import StudyError
from reluctant.records.parts import ReportedEpoch
from reluctant.study import Seed

Floats = npt.NDArray[np.float64]
NOTHING = np.empty(0)
COARSE = 5.0  # steps of rounding; where runs vary by more, rounding adds less than one per cent to their variance


@dataclass(frozen=True, eq=False)
class ReportedRun:
    """One run and its scores, by metric and split, each a curve over the epochs that were reported, shape (epochs,).

    A run without epochs has curves of one value. Of a run that diverged the curves end before it.
    """

    arm: str
    seed: Seed
    curves: Mapping[tuple[str, str], Floats]
    metrics: Mapping[str, Metric]
    planned_epochs: int = 1
    diverged: int | None = None
    values: Mapping[str, Any] = field(default_factory=dict)  # on the axes beside arm and seed
    steps: Mapping[str, float] = field(default_factory=dict)  # one step of a score by metric; 0 or none where unknown
    items: Mapping[str, int] = field(default_factory=dict)  # how many inputs a split has, where that is known
    # the epochs of each curve's values, and those of the metric in all runs; 1, 2, … where they are not there
    points: Mapping[tuple[str, str], Floats] = field(default_factory=dict)
    grids: Mapping[tuple[str, str], Floats] = field(default_factory=dict)
    broken: frozenset[tuple[str, str]] = frozenset()  # metrics whose last value was not finite

    @property
    def numbers(self) -> Floats:
        """All epochs at which something was reported."""
        every = [self.numbers_of(name, split) for name, split in self.curves]
        return np.unique(np.concatenate(every)) if every else NOTHING

    def numbers_of(self, name: str, split: str = "test") -> Floats:
        """The epochs at which a metric was reported, shape (epochs,)."""
        return self.points.get((name, split), np.arange(1.0, len(self.curve(name, split)) + 1))

    @property
    def epochs(self) -> int:
        """How many epochs have a score."""
        return max((len(curve) for curve in self.curves.values()), default=0)

    def value(self, axis: str) -> Any:
        """The run's value on an axis of the study."""
        return self.values.get(axis)

    def curve(self, name: str, split: str = "test") -> Floats:
        """A metric after every epoch that was reported; empty where it was not."""
        return self.curves.get((name, split), NOTHING)

    def full_curve(self, name: str, split: str = "test") -> Floats:
        """The curve over the epochs of all runs; where this one was not measured it keeps its last value."""
        curve, grid = self.curve(name, split), self._grid(name, split)
        if not len(curve) or self.diverged is not None:
            return curve
        position = np.searchsorted(self.numbers_of(name, split), grid, side="right") - 1
        whole: Floats = curve[np.maximum(position, 0)]
        return whole

    def _grid(self, name: str, split: str) -> Floats:
        return self.grids.get((name, split), np.arange(1.0, max(self.planned_epochs, len(self.curve(name, split))) + 1))

    def score(self, name: str, split: str = "test", at: str = "last") -> float:
        """A metric after the last epoch, at the epoch that is best on validation, or the mean; NaN where diverged.

        Raises:
            StudyError: The best epoch is asked for, and no validation scores were reported.
        """
        curve = self.curve(name, split)
        if self.diverged is not None or not len(curve) or (name, split) in self.broken:
            return float("nan")
        numbers = self.numbers_of(name, split)
        if at == "mean":
            if not np.array_equal(numbers, self._grid(name, split)[: len(numbers)]):
                raise StudyError(
                    f"{name} was not measured at the same epochs in all runs, so means differ; use at = 'last'"
                )
            return float(self.full_curve(name, split).mean())
        if at == "last":
            return float(curve[-1])
        valid = self.curve(name, "valid")
        common, of_valid, of_test = np.intersect1d(self.numbers_of(name, "valid"), numbers, return_indices=True)
        if not len(common):
            raise StudyError(
                f"the best epoch is chosen by validation scores, and {name} has none for its epochs; report them "
                f"(val_{name}), or use at = 'last'"
            )
        chosen = valid[of_valid].argmax() if self.metrics[name].higher else valid[of_valid].argmin()
        return float(curve[of_test[chosen]])

    def resolution(self, name: str, split: str = "test") -> float:
        """One step of a score; 0 where it has none, or none is known."""
        if (items := self.items.get(split)) and self.metrics[name].unit == "share of 1":
            return 1 / items
        return self.steps.get(name, 0.0)

    def without_groups(self, name: str, groups: int) -> Floats | None:
        """None: which items were right is not known."""
        return None

    def epochs_to_reach(self, name: str, target: float, split: str = "test") -> float:
        """Epochs until a metric is as good as the target, on a line between epochs; infinite if never."""
        curve = self.curve(name, split)
        return epochs_to_reach(curve, target, higher=self.metrics[name].higher)

    def epochs_to_converge(self, name: str, split: str = "test", share: float = 0.9) -> float:
        """Epochs until `share` of the way from the first epoch's value to the last; NaN where there is no such way."""
        curve = self.curve(name, split)
        if self.diverged is not None:
            return float("nan")
        return epochs_to_converge(curve, share, higher=self.metrics[name].higher)

    def seconds_per_epoch(self) -> float:
        """NaN: not known."""
        return float("nan")


def rounding_steps(runs: Sequence[ReportedRun], decimals: Mapping[str, int | None]) -> dict[str, float]:
    """One step of each score that is rounded so coarsely that it matters: beside it the runs of an arm hardly differ.

    Args:
        runs: All runs.
        decimals: With how many decimals each score is written; None for a score that was not rounded.
    """
    steps = {}
    for name, number in decimals.items():
        by_arm: dict[str, list[float]] = {}
        for run in runs:
            curve = run.curve(name)
            by_arm.setdefault(run.arm, []).extend(curve[-1:].tolist())
        spreads = [float(np.std(values)) for values in by_arm.values() if len(values) > 1]
        if number is not None and spreads and np.median(spreads) < COARSE * 10.0**-number:
            steps[name] = 10.0**-number
    return steps


def epochs_to_reach(curve: Floats, target: float, *, higher: bool) -> float:
    """Epochs until a curve is as good as the target, on a line between epochs; infinite if never."""
    signed, goal = (curve, target) if higher else (-curve, -target)
    reached = np.flatnonzero(signed >= goal)
    if not reached.size:
        return float("inf")
    first = int(reached[0])
    if first == 0:
        return 1.0
    before, after = signed[first - 1], signed[first]
    return float(first + (goal - before) / (after - before))


def epochs_to_converge(curve: Floats, share: float, *, higher: bool) -> float:
    """Epochs until `share` of the way from the first value to the last.

    NaN for an empty curve, and for one that ends worse than it begins: it does not converge.
    """
    if not len(curve):
        return float("nan")
    gain = curve[-1] - curve[0]
    if len(curve) > 1 and (gain < 0 if higher else gain > 0):
        return float("nan")
    return epochs_to_reach(curve, float(curve[0] + share * gain), higher=higher)


def diverged_epoch(reports: Sequence[ReportedEpoch], decides: str = "") -> int | None:
    """The epoch from which on a score is not finite to the end; None where all end with a number.

    With `decides`, a metric's name, only that metric counts.
    """
    ends = []
    for name in {name for report in reports for name in report.scores if decides in ("", name)}:
        curve = [(report.epoch, report.scores[name]) for report in reports if name in report.scores]
        if curve[-1][1] is None:
            finite = [epoch for epoch, value in curve if value is not None]
            ends.append(next(epoch for epoch, _ in curve if not finite or epoch > finite[-1]))
    return min(ends, default=None)
