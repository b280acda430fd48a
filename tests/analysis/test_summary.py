"""Each arm in numbers, the front of score against time, curves and confusion over seeds."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from reluctant.analysis import ReportData, SettingData
from reluctant.analysis.summary import confusion_matrix
from reluctant.api.tables import summary_row
from reluctant.study import Study
from tests.support.records import study_records
from tests.support.scored import setting_data

CURVES = {"relu": [[0.5, 0.9], [0.5, 0.8], [0.5, 0.7]], "elu": [[0.6, 0.6], [0.6, 0.9], [0.6, 0.8]]}
LOST = [("relu", 0), ("relu", 1)]


@pytest.fixture(scope="module")
def data() -> SettingData:
    return setting_data(CURVES)


@pytest.fixture(scope="module")
def diverged() -> SettingData:
    return setting_data(CURVES, diverged=LOST)


STEP = 1 / 1000  # a test image
HALF = stats.t.ppf(0.975, 2) * np.sqrt((0.1**2 + STEP**2 / 12) / 3)


def test_an_arm_in_numbers(data: SettingData) -> None:
    relu, elu = data.summaries("accuracy")
    assert (relu.arm, relu.label, relu.runs, relu.diverged) == ("relu", "ReLU", 3, 0)
    assert relu.values.tolist() == [0.9, 0.8, 0.7]
    assert relu.finite.tolist() == [0.9, 0.8, 0.7]
    assert relu.interval.mean == pytest.approx(0.8)
    assert relu.interval.half == pytest.approx(HALF)
    assert relu.worst == 0.7
    assert elu.worst == 0.6
    assert data.summaries("loss")[0].worst == pytest.approx(0.3)


def test_a_diverged_run_is_in_no_mean_and_is_the_worst(diverged: SettingData) -> None:
    relu = diverged.summaries("accuracy")[0]
    assert (relu.interval.n, relu.diverged, relu.runs) == (1, 2, 3)
    assert relu.interval.mean == pytest.approx(0.7)
    assert np.isnan(relu.values).tolist() == [True, True, False]
    assert relu.finite.tolist() == pytest.approx([0.7])
    assert relu.worst == -np.inf
    assert diverged.summaries("loss")[0].worst == np.inf


def test_a_row_of_the_summary(data: SettingData) -> None:
    relu = summary_row(data, "relu", "accuracy", "last", 0.75)
    assert relu["n"] == 3
    assert relu["mean"] == pytest.approx(0.8)
    assert relu["median"] == pytest.approx(0.8)
    assert relu["std"] == pytest.approx(0.1)
    assert relu["worst"] == pytest.approx(0.7)
    assert relu["low"] < 0.8 < relu["high"]
    assert relu["diverged"] == 0
    assert relu["epoch_seconds"] == pytest.approx(1.1)
    # 0.9: 1 + .25/.4, 0.8: 1 + .25/.3, never
    assert relu["epochs_to_target"] == pytest.approx(1 + 0.25 / 0.3)
    best = summary_row(data, "elu", "accuracy", "best", None)
    assert best["mean"] == pytest.approx((0.6 + 0.9 + 0.8) / 3)
    assert "epochs_to_target" not in best
    assert summary_row(data, "relu", "accuracy", "mean", None)["mean"] == pytest.approx(0.65)


def test_a_diverged_run_is_last_in_median_and_worst(diverged: SettingData) -> None:
    relu = summary_row(diverged, "relu", "accuracy", "last", 0.6)
    assert relu["n"] == 1
    assert relu["mean"] == pytest.approx(0.7)
    assert relu["diverged"] == pytest.approx(2 / 3)
    assert relu["median"] == -np.inf
    assert relu["worst"] == -np.inf
    assert relu["epochs_to_target"] == np.inf
    assert summary_row(diverged, "relu", "loss", "last", None)["worst"] == np.inf


def test_the_band_of_a_curve_is_the_interval_of_every_epoch(data: SettingData, diverged: SettingData) -> None:
    band = data.band("accuracy", "relu")
    assert (band.n, band.epochs.tolist()) == (3, [1, 2])
    assert band.mean.tolist() == pytest.approx([0.5, 0.8])
    rounding = stats.t.ppf(0.975, 2) * STEP / 6  # three equal scores are no certainty: √(r²/12) / √3
    assert (band.high - band.mean).tolist() == pytest.approx([rounding, HALF])
    assert (band.mean - band.low).tolist() == pytest.approx([rounding, HALF])
    alone = diverged.band("accuracy", "relu")
    assert (alone.n, alone.mean.tolist()) == (1, pytest.approx([0.5, 0.7]))
    assert np.isnan(alone.low).all()
    assert not setting_data({"relu": [0.9], "elu": [0.9]}, diverged=[("relu", 0)]).band("loss", "relu")


def test_the_confusion_matrix_is_the_sum_over_finished_runs(tmp_path: Path) -> None:
    study = Study(activation=["relu", "elu"], seed=[0, 1, 2], epochs=2)
    data = ReportData.of(study_records(tmp_path, study, {("elu", 2): 2})).one_setting
    finished = [run for run in data.results("elu") if run.diverged is None]
    assert len(finished) == 2
    expected = sum(run.counts["test"][-1] for run in finished)
    assert np.array_equal(confusion_matrix(data.scores.of("elu")), expected)
    assert confusion_matrix([]).shape == (0, 0)


# Score against time.


def test_cost_points_are_the_arms_with_a_finished_run() -> None:
    lost = [("elu", 0), ("elu", 1), ("elu", 2)]
    points = setting_data(CURVES, diverged=lost).cost("accuracy")
    assert [point.arm for point in points] == ["relu"]
    assert points[0].time.mean == 1.0
    assert points[0].score.mean == pytest.approx(0.8)
    assert not points[0].beaten
