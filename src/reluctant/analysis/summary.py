"""Each activation in one line: mean and interval, median, spread, worst seed, divergence, gap, speed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from reluctant.catalogue.metrics import metric as named
from reluctant.records.run_result import Result
from reluctant.records.study_results import Results

if TYPE_CHECKING:
    import pandas as pd


def summary(
    results: Results, metric: str | None = None, *, at: str | None = None, target: float | None = None
) -> "pd.DataFrame":
    """One row per activation (one setting): what its finished runs score on the test images.

    Columns: n, mean, low, high (95 %), median, deviation, worst, diverged (share of runs), gap (training part
    minus test, last epoch), epoch_seconds and, with a `target`, the median of the epochs until it is reached.
    A diverged run is in no mean and counts as the last in median, worst and epochs.
    """
    import pandas as pd

    results.one_setting()
    asked = named(metric or results.study.compare.metric)
    rows = [
        _row(results, name, asked.name, at or results.study.compare.at, target)
        for name in results.activations
    ]
    return pd.DataFrame(rows, index=pd.Index(results.activations, name="activation"))


def _row(results: Results, activation: str, metric: str, at: str, target: float | None) -> dict[str, float]:
    runs = results.of(activation)
    interval = results.interval(metric, activation, at=at)
    higher = named(metric).higher
    ranked = np.array([r.score(metric, at=at) for r in runs])
    ranked[np.isnan(ranked)] = -np.inf if higher else np.inf
    kept = ranked[np.isfinite(ranked)]
    reached = [] if target is None else [_reached(r, metric, target) for r in runs]
    return {
        "n": interval.n,
        "mean": interval.mean,
        "low": np.nan if interval.low is None else interval.low,
        "high": np.nan if interval.high is None else interval.high,
        "median": _median(ranked),
        "deviation": float(kept.std(ddof=1)) if len(kept) > 1 else np.nan,
        "worst": _last(ranked, higher),
        "diverged": sum(r.diverged is not None for r in runs) / len(runs) if runs else np.nan,
        "gap": _mean([r.gap(metric) for r in runs]),
        "epoch_seconds": _mean([float(np.sum([r.seconds["train"], r.seconds["evaluate"]], axis=0).mean())
                                for r in runs if r.epochs]),
        **({"epochs_to_target": _median(np.array(reached))} if reached else {}),
    }  # fmt: skip


def _reached(result: Result, metric: str, target: float) -> float:
    return result.reach(metric, target) if result.diverged is None else float("inf")


def _median(values: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> float:
    """The median of values that may be infinite."""
    ordered = np.sort(values)
    if not len(ordered):
        return float("nan")
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return float(low if low == high else (low + high) / 2)


def _last(ranked: "np.ndarray[tuple[int], np.dtype[np.float64]]", higher: bool) -> float:
    if not len(ranked):
        return float("nan")
    return float(ranked.min() if higher else ranked.max())


def _mean(values: Sequence[float]) -> float:
    known = [v for v in values if np.isfinite(v)]
    return float(np.mean(known)) if known else float("nan")
