"""Each activation in one line: a diverged run is in no mean, and last in median and worst."""

import numpy as np
import pytest

from reluctant.analysis.summary import summary
from tests.support.scored import results

CURVES = {"relu": [[0.5, 0.9], [0.5, 0.8], [0.5, 0.7]], "elu": [[0.6, 0.6], [0.6, 0.9], [0.6, 0.8]]}


def test_what_a_line_says() -> None:
    table = summary(results(CURVES), "accuracy", target=0.75)
    relu = table.loc["relu"]
    assert relu["n"] == 3
    assert relu["mean"] == pytest.approx(0.8)
    assert relu["median"] == pytest.approx(0.8)
    assert relu["deviation"] == pytest.approx(0.1)
    assert relu["worst"] == pytest.approx(0.7)
    assert relu["low"] < 0.8 < relu["high"]
    assert relu["diverged"] == 0
    assert relu["epoch_seconds"] == pytest.approx(1.1)
    # 0.9: 1 + .25/.4, 0.8: 1 + .25/.3, never
    assert relu["epochs_to_target"] == pytest.approx(1 + 0.25 / 0.3)
    best = summary(results(CURVES), "accuracy", at="best").loc["elu"]
    assert best["mean"] == pytest.approx((0.6 + 0.9 + 0.8) / 3)
    assert summary(results(CURVES), "accuracy", at="mean").loc["relu", "mean"] == pytest.approx(0.65)


def test_a_diverged_run_counts_last() -> None:
    table = summary(results(CURVES, diverged=[("relu", 0), ("relu", 1)]), "accuracy", target=0.6)
    relu = table.loc["relu"]
    assert (relu["n"], relu["mean"]) == (1, pytest.approx(0.7))
    assert relu["diverged"] == pytest.approx(2 / 3)
    assert relu["median"] == -np.inf
    assert relu["worst"] == -np.inf
    assert relu["epochs_to_target"] == np.inf
    loss = summary(results(CURVES, diverged=[("relu", 0), ("relu", 1)]), "loss")
    assert loss.loc["relu", "worst"] == np.inf
