"""Rows of the tables that Python gets of a study's results."""

import numpy as np

from reluctant.analysis import SettingData
from reluctant.records.run_result import RunResult
from reluctant.scores import Floats


def summary_row(data: SettingData, arm: str, metric: str, at: str, target: float | None) -> dict[str, float]:
    """What an activation's finished runs score, as `Results.summary` describes it."""
    chosen, runs = data.metric(metric), data.scores.of(arm)
    interval = data.scores.interval(chosen.name, arm, at=at)
    scores = np.array([run.score(chosen.name, at=at) for run in runs], float)
    scores[np.isnan(scores)] = -np.inf if chosen.higher else np.inf
    finite = scores[np.isfinite(scores)]
    results = [run for run in runs if isinstance(run, RunResult)]
    seconds = [float((r.seconds["train"] + r.seconds["evaluate"]).mean()) for r in results if r.epochs]
    row = {
        "n": interval.n,
        "mean": interval.mean,
        "low": np.nan if interval.low is None else interval.low,
        "high": np.nan if interval.high is None else interval.high,
        "median": _median(scores),
        "std": float(finite.std(ddof=1)) if len(finite) > 1 else np.nan,
        "worst": float(scores.min() if chosen.higher else scores.max()) if len(scores) else np.nan,
        "diverged": data.scores.diverged(arm) / len(runs) if runs else np.nan,
        "gap": _mean([r.generalisation_gap(chosen.name) for r in results]),
        "epoch_seconds": _mean(seconds),
    }
    if target is not None:
        reached = [np.inf if r.diverged else r.epochs_to_reach(chosen.name, target) for r in runs]
        row["epochs_to_target"] = _median(np.array(reached, float))
    return row


def _median(values: Floats) -> float:
    """The median of values that may be infinite."""
    ordered = np.sort(values)
    if not len(ordered):
        return float("nan")
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return float(low if low == high else (low + high) / 2)


def _mean(values: list[float]) -> float:
    known = [v for v in values if np.isfinite(v)]
    return float(np.mean(known)) if known else float("nan")
