"""Scores of stored confidences and predictions: calibration, robustness, agreement between seeds."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt


def expected_calibration_error(stored: Mapping[str, Any]) -> float:
    """Σ nᵦ/n · |share right − mean confidence| over the bins (Naeini et al. 2015); 0 is perfect."""
    n, right, confidence = (np.array(stored[key], float) for key in ("images", "right", "confidence"))
    return float(np.abs(right - confidence).sum() / n.sum())


def brier_score(stored: Mapping[str, Any]) -> float:
    """Mean over images of Σ over classes of (probability − truth)²; between 0, perfect, and 2."""
    return float(stored["brier"] / sum(stored["images"]))


def robust_accuracy(stored: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Accuracy per worsening and strength."""
    return {
        kind: {strength: right / stored["images"] for strength, right in by_strength.items()}
        for kind, by_strength in stored.items()
        if kind != "images"
    }


def churn(predictions: Sequence[npt.NDArray[np.int64]]) -> float:
    """Share of images on which two seeds disagree, the mean over all pairs; NaN under two seeds."""
    pairs = [float((one != other).mean()) for one, other in combinations(predictions, 2)]
    return float(np.mean(pairs)) if pairs else float("nan")
