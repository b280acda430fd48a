"""Each arm in numbers: mean and interval, seeds, median, spread, worst seed, divergence, gap, time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reluctant.records.run_result import RunResult
from reluctant.scores import Floats, ScoredRun, Scores
from reluctant.statistics import Interval, mean_interval


@dataclass(frozen=True)
class ArmSummary:
    """What an arm's runs score after the last epoch, by one metric."""

    arm: str
    label: str
    values: Floats  # a score per seed, in the order of the seeds; NaN where a run diverged or is missing
    interval: Interval  # mean and interval of the runs that finished
    worst: float  # the worst seed's score; ∓∞ where a run diverged
    diverged: int  # how many runs diverged, of `runs`
    runs: int

    @property
    def finite(self) -> Floats:
        """The scores of the runs that finished."""
        finite: Floats = self.values[np.isfinite(self.values)]
        return finite


def summarise(scores: Scores, name: str, arm: str, label: str, at: str = "last") -> ArmSummary:
    """The summary of one arm at one setting."""
    values, runs = scores.values(name, arm, at=at), scores.of(arm)
    higher, diverged = scores.metric(name).higher, scores.diverged(arm)
    finite = values[np.isfinite(values)]
    worst = float("nan")
    if diverged:
        worst = float("-inf" if higher else "inf")
    elif len(finite):
        worst = float(finite.min() if higher else finite.max())
    return ArmSummary(arm, label, values, scores.interval(name, arm, at=at), worst, diverged, len(runs))


@dataclass(frozen=True)
class CostPoint:
    """An arm's score against its training time per epoch; on the front no other is both faster and better."""

    arm: str
    label: str
    time: Interval
    score: Interval
    on_front: bool


def cost_points(scores: Scores, name: str, labels: dict[str, str]) -> tuple[CostPoint, ...]:
    """The arms that have a finished run and known times, in the study's order."""
    arms = [(arm, scores.finished(arm)) for arm in scores.arms]
    points = [
        (arm, mean_interval([run.seconds_per_epoch() for run in runs]), scores.interval(name, arm))
        for arm, runs in arms
        if any(run.epochs for run in runs)
    ]
    points = [point for point in points if np.isfinite(point[1].mean)]
    front = efficient(
        [time.mean for _, time, _ in points], [score.mean for _, _, score in points], higher=scores.metric(name).higher
    )
    return tuple(
        CostPoint(arm, labels[arm], time, score, on) for (arm, time, score), on in zip(points, front, strict=True)
    )


def efficient(times: Sequence[float], scores: Sequence[float], *, higher: bool = True) -> list[bool]:
    """Whether each is on the front: no other is as fast and as good, and faster or better."""
    signed = [score if higher else -score for score in scores]
    pairs = list(zip(times, signed, strict=True))
    return [not any(t <= time and s >= score and (t, s) != (time, score) for t, s in pairs) for time, score in pairs]


@dataclass(frozen=True, eq=False)
class Band:
    """Mean and 95 % interval per epoch, shape (epochs,) each, of `n` seeds; bounds are NaN under two."""

    n: int
    mean: Floats
    low: Floats
    high: Floats

    @property
    def epochs(self) -> Floats:
        """The epochs, counted from 1."""
        return np.arange(1, len(self.mean) + 1, dtype=float)

    def __bool__(self) -> bool:
        return len(self.mean) > 0


def band(scores: Scores, name: str, arm: str, split: str = "test") -> Band:
    """The band of one arm; empty where no run ended with finite numbers."""
    curves = scores.by_epoch(name, arm, split)
    resolution = scores.resolution(name, split)
    intervals = [mean_interval(column, resolution=resolution) for column in curves.T]
    low = [np.nan if i.low is None else i.low for i in intervals]
    high = [np.nan if i.high is None else i.high for i in intervals]
    return Band(len(curves), np.array([i.mean for i in intervals], float), np.array(low), np.array(high))


def confusion_matrix(runs: Sequence[ScoredRun]) -> "np.typing.NDArray[np.int64]":
    """The confusion matrix of the test split after the last epoch, summed over runs that finished.

    Above 20 classes only that of the test split is kept. Empty (0, 0) where there is none.
    """
    last = [r.matrix() for r in runs if isinstance(r, RunResult) and r.diverged is None and r.epochs]
    matrices = [matrix for matrix in last if matrix is not None]
    return np.sum(matrices, axis=0, dtype=np.int64) if matrices else np.zeros((0, 0), np.int64)
