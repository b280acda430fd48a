"""Scores as a pandas frame: one row per arm, seed, setting, epoch and split, the metrics as columns."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from reluctant.catalogue.metrics import METRICS
from reluctant.scores.scores import SPLITS, ScoredRun, Scores
from reluctant.study.study import AXES

if TYPE_CHECKING:
    import pandas as pd


def scores_frame(scores: Scores, task: str, metrics: Sequence[str] = ()) -> "pd.DataFrame":
    """One row per run, epoch and split; unless named, the metrics are those of the task."""
    import pandas as pd

    names = list(metrics) or [m.name for m in METRICS if task in m.tasks and m.name in scores.metrics]
    runs = (*scores.runs, *scores.control)
    parts = [_columns(run, split, names) for run in runs for split in SPLITS]
    columns = ["activation", "seed", *AXES, "epoch", "split", *names]
    whole: dict[str, Any] = {c: np.concatenate([p[c] for p in parts]) if parts else [] for c in columns}
    return pd.DataFrame(whole, columns=columns)


def _columns(run: ScoredRun, split: str, metrics: Sequence[str]) -> dict[str, Any]:
    n = run.epochs
    fixed = {"activation": run.arm, "seed": run.seed, **{axis: run.value(axis) for axis in AXES}}
    return {
        **{name: np.full(n, value) for name, value in fixed.items()},
        "epoch": np.arange(1, n + 1),
        "split": np.full(n, split),
        **{name: run.curve(name, split) for name in metrics},
    }
