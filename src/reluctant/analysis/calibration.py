"""How far predictions can be trusted: calibration, agreement between seeds, accuracy on degraded inputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from reluctant.records.parts import Calibration
from reluctant.records.run_result import RunResult
from reluctant.scores import Scores
from reluctant.statistics import Interval, mean_interval


@dataclass(frozen=True)
class ArmCalibration:
    """Calibration of an arm's networks over seeds, on the test split."""

    error: Interval  # expected calibration error
    brier: Interval
    churn: float  # share of inputs on which two seeds disagree; NaN under two seeds


def arm_calibration(scores: Scores, arm: str) -> ArmCalibration | None:
    """Calibration and agreement of an arm's finished runs; None where no record holds them."""
    runs = _with_final(scores, arm, "calibration")
    if not runs:
        return None
    return ArmCalibration(
        mean_interval([expected_calibration_error(stored) for _, stored in runs]),
        mean_interval([brier_score(stored) for _, stored in runs]),
        churn([run.predictions for run, _ in runs]),
    )


def arm_robustness(scores: Scores, arm: str) -> dict[tuple[str, str], Interval]:
    """Accuracy per degradation and strength over the finished runs; empty where no record holds it."""
    accuracies = [robust_accuracy(stored) for _, stored in _with_final(scores, arm, "robustness")]
    return {
        (kind, strength): mean_interval([accuracy[kind][strength] for accuracy in accuracies])
        for kind, strengths in (accuracies[0].items() if accuracies else ())
        for strength in sorted(strengths, key=float)
    }


def _with_final(scores: Scores, arm: str, part: str) -> list[tuple[RunResult, Any]]:
    """The finished runs of an arm whose record holds this part of `final`, with it."""
    runs = [run for run in scores.finished(arm) if isinstance(run, RunResult)]
    return [(run, stored) for run in runs if (stored := getattr(run.record.final, part, None))]


def expected_calibration_error(stored: Calibration) -> float:
    """Σ nᵦ/n · |share right − mean confidence| over the bins (Naeini et al. 2015); 0 is perfect."""
    n, right = np.array(stored.images, float), np.array(stored.right, float)
    return float(np.abs(right - np.array(stored.confidence, float)).sum() / n.sum())


def brier_score(stored: Calibration) -> float:
    """Mean over inputs of Σ over classes of (probability − truth)²; between 0, perfect, and 2."""
    return float(stored.brier / sum(stored.images))


def robust_accuracy(stored: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Accuracy per degradation and strength."""
    return {
        kind: {strength: right / stored["images"] for strength, right in by_strength.items()}
        for kind, by_strength in stored.items()
        if kind != "images"
    }


def churn(predictions: Sequence[npt.NDArray[np.int64]]) -> float:
    """Share of inputs on which two seeds disagree, the mean over all pairs; NaN under two seeds.

    Pairs are not compared one by one (500 seeds have 124,750): of n seeds of which m predict one class for an input,
    m·(m − 1) of n·(n − 1) ordered pairs agree on that class.
    """
    seeds = len(predictions)
    if seeds < 2:
        return float("nan")
    by_input = np.sort(np.stack(predictions, axis=1), axis=1)
    begins = np.ones(by_input.shape, bool)  # of every run of equal predictions for one input
    begins[:, 1:] = by_input[:, 1:] != by_input[:, :-1]
    alike = np.diff(np.append(np.flatnonzero(begins), begins.size))
    return 1 - float((alike * (alike - 1)).sum()) / (len(by_input) * seeds * (seeds - 1))
