"""Each arm in numbers: mean and interval, seeds, median, spread, worst seed, divergence, gap, time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reluctant.records.run_result import RunResult
from reluctant.scores import Floats, ScoredRun, Scores
from reluctant.statistics import Interval, Verdict, mean_interval, welch
from reluctant.statistics.power import LEVEL


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
    """An arm's score against its training time per epoch, and whether another is shown to be a better bargain.

    `beaten`: another arm is faster, and better or the same, and both are decided: seconds by Welch's test on runs of
    one machine, corrected for all pairs, and the score by the verdict on the pair. Means alone decide nothing.
    """

    arm: str
    label: str
    time: Interval
    score: Interval
    beaten: bool


Verdicts = Mapping[tuple[str, str], Verdict]  # on the first of two arms, against the second


def cost_points(scores: Scores, name: str, labels: Mapping[str, str], verdicts: Verdicts) -> tuple[CostPoint, ...]:
    """The arms that have a finished run and known times, in the study's order."""
    runs = {arm: [run for run in scores.finished(arm) if run.epochs] for arm in scores.arms}
    seconds = {arm: np.array([run.seconds_per_epoch() for run in each]) for arm, each in runs.items() if each}
    times = {arm: interval for arm, each in seconds.items() if np.isfinite((interval := mean_interval(each)).mean)}
    pairs = len(times) * (len(times) - 1) / 2
    one_machine = len(machines_of([run for arm in times for run in runs[arm]])) <= 1

    def faster(one: str, other: str) -> bool:
        """Whether runs of the first are shown to take less time."""
        if times[one].mean >= times[other].mean or not one_machine:
            return False
        p = welch(np.log(seconds[one]), np.log(seconds[other])).p
        return p is not None and p <= LEVEL / pairs

    def beaten(arm: str) -> bool:
        good = (Verdict.BETTER, Verdict.SAME)
        return any(verdicts.get((each, arm)) in good and faster(each, arm) for each in times if each != arm)

    return tuple(
        CostPoint(arm, labels[arm], time, scores.interval(name, arm), beaten(arm)) for arm, time in times.items()
    )


def machines_of(runs: Sequence[ScoredRun]) -> set[str]:
    """The machines and sets of versions on which runs were trained, as far as that is known."""
    return {str(run.record.environment) for run in runs if isinstance(run, RunResult) and run.record.environment}


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
