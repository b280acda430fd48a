"""Scores by arm, setting, seed and epoch, whoever trained; and as a pandas frame."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

import numpy as np
import numpy.typing as npt

from reluctant.catalogue.metrics import METRICS, SPLITS, Metric
from reluctant.core.display import did_you_mean, normalised
from reluctant.core.errors import StudyError
from reluctant.statistics import Interval, mean_interval
from reluctant.study.study import AXES

if TYPE_CHECKING:
    import pandas as pd


Floats = npt.NDArray[np.float64]
Seed = int | str
At = Literal["last", "best", "mean"]
AT = ("last", "best", "mean")  # after the last epoch, the one best on validation, the mean over epochs


class ScoredRun(Protocol):
    """One training and its scores: a record of ours, or a row of somebody's table."""

    @property
    def arm(self) -> str:
        """What is compared."""

    @property
    def seed(self) -> Seed:
        """Runs of all arms with the same seed are paired."""

    @property
    def diverged(self) -> int | None:
        """The epoch in which the loss stopped being finite; None where it never did."""

    @property
    def epochs(self) -> int:
        """How many epochs ended with finite numbers."""

    @property
    def items(self) -> Mapping[str, int]:
        """How many inputs each split has; empty where that is not known."""

    @property
    def numbers(self) -> Floats:
        """The epochs at which there is a score."""

    def numbers_of(self, name: str, split: str = "test") -> Floats:
        """The epochs at which there is this score, shape (epochs,)."""

    def value(self, axis: str) -> Any:
        """The run's value on an axis of the study."""

    def curve(self, name: str, split: str = "test") -> Floats:
        """A metric after every epoch, shape (epochs,)."""

    def full_curve(self, name: str, split: str = "test") -> Floats:
        """The curve over all planned epochs: a run that stopped early keeps its last value."""

    def score(self, name: str, split: str = "test", at: str = "last") -> float:
        """A metric after the last epoch, at the best one, or as the mean; NaN where the run diverged."""

    def resolution(self, name: str, split: str = "test") -> float:
        """One step of a score, such as 1 / test inputs; 0 for a score without steps."""

    def without_groups(self, name: str, groups: int) -> Floats | None:
        """The final test score without each of `groups` groups of test items; None where not known."""

    def epochs_to_converge(self, name: str, split: str = "test", share: float = 0.9) -> float:
        """Epochs until `share` of the way from the first epoch's value to the last; NaN where not known."""

    def epochs_to_reach(self, name: str, target: float, split: str = "test") -> float:
        """Epochs until a metric is as good as the target; infinite if never."""

    def seconds_per_epoch(self) -> float:
        """Training time of an epoch, the median of the run's; NaN where not known."""


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores of all finished runs."""

    arms: tuple[str, ...]  # all arms, in the order of tables and figures
    seeds: tuple[Seed, ...]  # all seeds, in the order of arrays
    runs: tuple[ScoredRun, ...]  # the finished runs, diverged ones among them
    # every combination of the axes beside arm and seed; one empty setting where nothing else varies
    settings: tuple[Mapping[str, Any], ...] = ({},)
    # the metrics that these runs have scores of, by name
    metrics: Mapping[str, Metric] = field(default_factory=lambda: {m.name: m for m in METRICS})
    control: tuple[ScoredRun, ...] = ()  # runs of the baseline under other seeds, for the noise floor
    axes: tuple[str, ...] = AXES  # all axes that a run has a value on, varied or not

    def __len__(self) -> int:
        return len(self.runs)

    @cached_property
    def _by_arm(self) -> Mapping[str, tuple[ScoredRun, ...]]:
        """The runs of every arm, one per seed, in the order of the seeds."""
        position = {seed: i for i, seed in enumerate(self.seeds)}
        runs: dict[str, list[ScoredRun]] = {arm: [] for arm in self.arms}
        for run in self.runs:
            if run.seed in position and run.arm in runs:
                runs[run.arm].append(run)
        return {arm: tuple(sorted(each, key=lambda run: position[run.seed])) for arm, each in runs.items()}

    def of(self, arm: str) -> tuple[ScoredRun, ...]:
        """The finished runs of an arm at the one setting, in the order of the seeds."""
        self.require_one_setting()
        return self._by_arm[arm]

    def finished(self, arm: str) -> tuple[ScoredRun, ...]:
        """The runs of an arm that ended with finite numbers."""
        return tuple(run for run in self.of(arm) if run.diverged is None)

    def diverged(self, arm: str) -> int:
        """How many runs of an arm diverged."""
        return sum(run.diverged is not None for run in self.of(arm))

    def values(self, name: str, arm: str, split: str = "test", at: str = "last") -> Floats:
        """A score per seed, shape (seeds,); NaN where a run diverged or is missing."""
        by_seed = {run.seed: run.score(name, split, at) for run in self.of(arm)}
        return np.array([by_seed.get(seed, np.nan) for seed in self.seeds], float)

    def interval(self, name: str, arm: str, split: str = "test", at: str = "last") -> Interval:
        """Mean and 95 % interval of an arm's scores; diverged runs are left out."""
        values = [run.score(name, split, at) for run in self.finished(arm)]
        return mean_interval(values, resolution=self.resolution(name, split))

    def by_epoch(self, name: str, arm: str, split: str = "test") -> Floats:
        """Curves of an arm's finished runs, shape (runs, epochs); a run that stopped early is continued."""
        curves = [run.full_curve(name, split) for run in self.finished(arm)]
        return np.array(curves) if curves else np.empty((0, 0))

    def resolution(self, name: str, split: str = "test") -> float:
        """One step of a score; 0 where it has none."""
        return next((run.resolution(name, split) for run in self.runs if run.epochs), 0.0)

    def at(self, setting: Mapping[str, Any]) -> Self:
        """The scores at one setting."""
        runs, control = (
            tuple(run for run in each if all(run.value(axis) == v for axis, v in setting.items()))
            for each in (self.runs, self.control)
        )
        return replace(self, runs=runs, control=control, settings=(setting,))

    def only(self, chosen: Callable[[ScoredRun], bool]) -> Self:
        """The scores of the runs that are chosen."""
        return replace(self, runs=tuple(filter(chosen, self.runs)))

    def require_one_setting(self) -> None:
        """Raise `StudyError` where more than arm and seed varies."""
        if len(self.settings) > 1:
            axes = ", ".join(self.settings[0])
            raise StudyError(f"the study varies {axes}; add setting={dict(self.settings[0])}")

    def metric(self, name: str) -> Metric:
        """The metric of this name or alias; `StudyError` where these runs have no such score."""
        for metric in self.metrics.values():
            if normalised(name) in {normalised(each) for each in (metric.name, *metric.aliases)}:
                return metric
        known = list(self.metrics)
        listed = f"; there are {', '.join(known)}" if known else ""
        raise StudyError(f"there is no metric {name!r}{did_you_mean(name, known) or listed}")


def scores_frame(scores: Scores, task: str, metrics: Sequence[str] = (), *, arm: str = "activation") -> "pd.DataFrame":
    """One row per run, epoch and split; unless named, the metrics are those of the task.

    A run that diverged ends with a row of NaN for the epoch in which it did. `items` is the number of inputs of the
    split; `control` marks runs of the baseline under other seeds, where there are such.
    """
    import pandas as pd

    names = list(metrics) or table_metrics(scores, task)
    runs = [(run, False) for run in scores.runs] + [(run, True) for run in scores.control]
    parts = [
        {arm: np.full(_rows(run), run.arm)}
        | _columns(run, split, names, scores.axes)
        | ({"control": np.full(_rows(run), extra)} if scores.control else {})
        for run, extra in runs
        for split in SPLITS
        if not run.epochs or any(len(run.curve(name, split)) for name in names)
    ]
    columns = [
        arm,
        "seed",
        *map(axis_column, scores.axes),
        "epoch",
        "split",
        "items",
        *(["control"] if scores.control else []),
        *names,
    ]
    whole: dict[str, Any] = {c: np.concatenate([p[c] for p in parts]) if parts else [] for c in columns}
    return pd.DataFrame(whole, columns=columns)


def axis_column(axis: str) -> str:
    """The column of an axis in tables that have metrics too: `run_loss` is what was minimised, `loss` the metric."""
    return f"run_{axis}" if any(axis == each.name for each in METRICS) else axis


def table_metrics(scores: Scores, task: str) -> list[str]:
    """The metrics of a task that runs have scores of; all of them where nothing but reported scores is known."""
    return [m.name for m in METRICS if task in m.tasks and m.name in scores.metrics] or list(scores.metrics)


def _rows(run: ScoredRun) -> int:
    return len(run.numbers) + (run.diverged is not None)


def _columns(run: ScoredRun, split: str, metrics: Sequence[str], axes: Sequence[str]) -> dict[str, Any]:
    n, fixed = _rows(run), {"seed": run.seed, **{axis_column(axis): run.value(axis) for axis in axes}}
    fixed |= {"split": split, "items": run.items.get(split, 0)}
    columns = {name: np.full(n, value) for name, value in fixed.items()}
    epochs = run.numbers.astype(int)
    if run.diverged is not None:
        epochs = np.append(epochs, max(run.diverged, int(epochs[-1]) + 1 if len(epochs) else 1))
    return {**columns, "epoch": epochs, **{name: _on_epochs(run, name, split, n) for name in metrics}}


def _on_epochs(run: ScoredRun, name: str, split: str, rows: int) -> "npt.NDArray[Any]":
    """A metric at every epoch of its run: NaN where the run diverged, None where it was not measured."""
    curve, position = run.curve(name, split), np.searchsorted(run.numbers, run.numbers_of(name, split))
    values = np.full(rows, np.nan)
    values[position[: len(curve)]] = curve
    measured = np.zeros(rows, bool)
    measured[position] = True
    measured[len(run.numbers) :] = True  # the epoch in which it diverged
    if measured.all():
        return values
    gaps = values.astype(object)
    gaps[~measured] = None
    return gaps
