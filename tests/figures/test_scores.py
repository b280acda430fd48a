"""Final scores and confusion matrices: every number in them is one of the records."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from reluctant import figures
from reluctant.analysis.report_data import ReportData
from reluctant.analysis.setting_data import SettingData
from reluctant.analysis.summary import confusion_matrix
from reluctant.catalogue.metrics import SPLITS
from reluctant.figures import style
from reluctant.figures.notes import metric_axis
from reluctant.records.parts import Json
from reluctant.study import Study
from tests.support.figures import FOUR, markers, texts, texts_outside, words
from tests.support.records import changed_records, confusion, study_records

Setting = Callable[[str], SettingData]


@pytest.mark.parametrize("metric", ["f1", "accuracy", "mcc", "loss"])
def test_the_overview_writes_the_scores(setting: Setting, metric: str) -> None:
    data = setting("four")
    text = words(figures.final_scores(data, metric))
    for activation in FOUR:
        interval = data.scores.interval(metric, activation)
        assert f"{interval.mean:.4f} ± {interval.half:.4f}" in text
    assert metric_axis(data, data.metric(metric)) in text


def test_the_overview_counts_diverged_runs(setting: Setting) -> None:
    figure = figures.final_scores(setting("some diverged"))
    text = words(figure)
    assert "2 of 5 diverged" in text
    assert "5 of 5 diverged" in text
    assert markers(figure, "x") == 2


def test_beyond_twelve_the_overview_is_sorted(setting: Setting) -> None:
    data = setting("forty")
    figure = figures.final_scores(data)
    by_label = {label: data.scores.interval("f1", arm).mean for arm, label in data.labels.items()}
    order = [text for text in texts(figure) if text in by_label]
    assert [by_label[label] for label in order] == sorted(by_label.values(), reverse=True)
    assert "sorted by the mean" in str(figure.get_label())


def test_confusion_writes_the_counts(setting: Setting) -> None:
    data = setting("four")
    matrix = confusion_matrix(data.results("elu"))
    written = texts(figures.confusion(data, "elu"))
    for count in {int(v) for v in matrix.ravel() if v}:
        assert written.count(str(count)) >= int((matrix == count).sum())


@pytest.mark.parametrize("width", [4.9, style.NARROW])
def test_long_names_of_classes_stay_on_the_sheet(tmp_path: Path, width: float) -> None:
    study = Study(activation="relu", dataset="fashion_mnist", epochs=1, seed=0)
    data = ReportData.of(study_records(tmp_path, study)).one_setting
    figure = figures.confusion(data, "relu", width=width)
    assert texts_outside(figure) == []
    assert texts(figure).count("Ankle boot") == 2


def test_a_hundred_classes_are_shaded_and_not_written(tmp_path: Path) -> None:
    def enlarge(content: Json) -> None:
        matrix = confusion(np.random.default_rng(0), 4000, 0.9, classes=100)
        content["epochs"][0]["confusion"] = dict.fromkeys(SPLITS, matrix)

    study = Study(activation="relu", epochs=1, seed=0)
    data = ReportData.of(changed_records(tmp_path, study, enlarge)).one_setting
    figure = figures.confusion(data, "relu")
    assert len(figure.axes[0].patches) <= 6
    assert any("errors, light to dark: 1" in text for text in texts(figure))
    assert "wrong. Most often: " in str(figure.get_label())
