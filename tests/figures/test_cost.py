"""Score against training time: means over seeds, who is shown to be beaten, a name for every dot."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from reluctant import figures
from reluctant.analysis.report_data import ReportData
from reluctant.analysis.setting_data import SettingData
from reluctant.figures import sheet, style
from reluctant.figures.inline import svg
from reluctant.records.store import Store
from reluctant.records.study_records import StudyRecords
from reluctant.study import Study
from tests.support.figures import FOUR, HOSTILE, MANY, markers, notes, texts, texts_outside
from tests.support.records import record, study_folder

ARMS = dict(zip(FOUR, [(3.0, 0.6), (2.0, 0.8), (4.0, 0.95), (5.0, 0.7)], strict=True))
CROWD = {name: (2 + 0.1 * (i % 7), 0.5 + 0.01 * i) for i, name in enumerate(MANY)}
STUDIES: dict[str, Mapping[str, tuple[float, float]]] = {
    "four": ARMS,
    "forty": CROWD,
    "hostile": dict.fromkeys(HOSTILE, (3.0, 0.9)),
    "one": {"relu": (1.0, 0.9)},
}


def timed(path: Path, arms: Mapping[str, tuple[float, float]], **fields: Any) -> ReportData:
    """The analysis of runs with given seconds per epoch and accuracy per activation."""
    study = Study(activation=tuple(arms), **{"epochs": 3, **fields})
    study_folder(path, study, skip=study.size)
    for run in study.runs():
        seconds, accuracy = arms[run.activation]
        content = record(run, accuracy=accuracy).to_json()
        for epoch in content["epochs"]:
            # a slow first epoch must not count
            epoch["seconds"]["train"] = seconds * (9 if epoch["epoch"] == 1 else 1 + 0.01 * int(run.seed))
        Store(path / "runs").add(run.key, content)
    return ReportData.of(StudyRecords.read(path))


@pytest.fixture(scope="module", params=STUDIES)
def data(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> SettingData:
    """A study of three seeds and one epoch."""
    path = tmp_path_factory.mktemp("timed")
    return timed(path, STUDIES[request.param], seed=(0, 1, 2), epochs=1).one_setting


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> SettingData:
    """Four activations, five seeds, three epochs."""
    return timed(tmp_path_factory.mktemp("four"), ARMS).one_setting


def test_time_and_score_are_means_over_seeds(four: SettingData) -> None:
    relu, leaky, elu, gelu = four.cost("accuracy")
    assert relu.time.mean == pytest.approx(3.0 * 1.02)  # of each run's median epoch
    assert relu.score == four.scores.interval("accuracy", "relu")
    assert not any(point.beaten for point in (relu, leaky, elu, gelu)), "accuracy is not the metric that decides"
    assert [point.beaten for point in four.cost()] == [True, False, False, True]


def test_dots_lie_at_the_means_and_names_on_the_front_are_in_ink(four: SettingData) -> None:
    figure = figures.score_against_time(four)
    dots = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    for dot, point in zip(dots, four.cost(), strict=True):
        assert np.asarray(dot.get_xydata()).tolist() == [[point.time.mean, point.score.mean]]
    assert inks(figure, four) == {"LeakyReLU 0.002", "ELU"}
    assert "grey name: another activation is faster, and better or the same (decided, not by the means)" in notes(
        figure
    )
    assert "ELU: 0.9" in str(figure.get_label())
    assert str(figure.get_label()).count("another is faster, and better or the same") == 2


def test_what_is_not_decided_beats_nothing(tmp_path: Path) -> None:
    """Scores that differ by noise, on three seeds: the means of all four differ, and nobody is in grey."""
    alike = dict(zip(FOUR, [(3.0, 0.90), (2.0, 0.91), (4.0, 0.90), (5.0, 0.89)], strict=True))
    data = timed(tmp_path, alike, seed=(0, 1, 2)).one_setting
    assert not any(point.beaten for point in data.cost())
    figure = figures.score_against_time(data)
    assert "no activation is shown to be faster than one that it equals or beats" in notes(figure)
    assert inks(figure, data) == set(data.labels.values())


def test_times_of_several_machines_beat_nothing(four: SettingData, tmp_path: Path) -> None:
    data = timed(tmp_path, ARMS)
    for run in data.scores.runs:
        if run.arm == "relu":
            object.__setattr__(run.record, "environment", "another")  # type: ignore[attr-defined]
    assert not any(point.beaten for point in data.one_setting.cost())


def test_an_interval_beyond_the_axes_ends_in_an_arrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = timed(tmp_path, ARMS, seed=(0, 1)).one_setting  # two seeds: intervals of 12 standard errors
    monkeypatch.setattr("reluctant.figures.cost.widened", lambda low, high, *_, **__: (low, high))
    figure = figures.score_against_time(data, "accuracy")
    (axes,) = figure.axes
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    for sign, beyond in {
        "<": [p for p in data.cost("accuracy") if p.time.low is not None and p.time.low < left],
        ">": [p for p in data.cost("accuracy") if p.time.high is not None and p.time.high > right],
        "v": [p for p in data.cost("accuracy") if p.score.low is not None and p.score.low < low],
        "^": [p for p in data.cost("accuracy") if p.score.high is not None and p.score.high > high],
    }.items():
        assert markers(figure, sign) == len(beyond), sign
    assert markers(figure, "<>v^") > 0


def inks(figure: Figure, data: SettingData) -> set[str]:
    """The names of activations that are written in ink."""
    names = {text for text in figure.findobj(Text) if isinstance(text, Text)}
    return {t.get_text() for t in names if t.get_text() in data.labels.values() and t.get_color() == style.INK}


def test_it_is_complete(data: SettingData) -> None:
    again = ReportData.of(StudyRecords.read(str(data.records and data.records.folder))).one_setting
    for width in (style.WIDE, style.NARROW):
        for metric in ("f1", "loss"):
            figure = figures.score_against_time(data, metric, width=width)
            assert texts_outside(figure) == []
            assert markers(figure, "o") == len(data.arms)
            assert svg(figure) == svg(figures.score_against_time(again, metric, width=width))
            head = sheet.head_of(figure)
            assert "mean of 3 seeds" in head.notes
            assert "under five seeds" in head.notes
            assert "not MNIST" in head.notes
            assert "against training time" in head.title


def test_every_name_can_be_read(four: SettingData, tmp_path: Path) -> None:
    few = texts(figures.score_against_time(four))
    assert {"ReLU", "LeakyReLU 0.002", "ELU", "GELU"} <= set(few)
    many = timed(tmp_path, CROWD, seed=0, epochs=1).one_setting
    assert {f"LeakyReLU {i / 100:g}" for i in range(2, 42)} <= set(texts(figures.score_against_time(many)))


def test_one_seed_has_no_interval(four: SettingData, tmp_path: Path) -> None:
    figure = figures.score_against_time(timed(tmp_path, ARMS, seed=0).one_setting)
    assert "one seed: no interval" in notes(figure)
    lines, with_intervals = (each.axes[0].lines for each in (figure, figures.score_against_time(four)))
    assert len(with_intervals) == len(lines) + 2 * len(ARMS)


def test_diverged_runs_are_left_out_and_counted(tmp_path: Path) -> None:
    study = Study(activation=FOUR, epochs=3)
    study_folder(tmp_path, study)
    for run in study.runs():
        if run.activation == "elu" or (run.activation, run.seed) == ("gelu", 0):
            Store(tmp_path / "runs").add(run.key, record(run, diverged=2))
    figure = figures.score_against_time(ReportData.of(StudyRecords.read(tmp_path)).one_setting)
    text = notes(figure)
    assert "6 of 20 runs diverged and are left out" in text
    assert "1 activation without a finished run" in text
    assert "mean of 4 to 5 seeds" in text
    assert markers(figure, "o") == 3


def test_without_a_finished_run_the_sheet_says_so(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(Study(activation=FOUR).to_toml(), "utf-8")
    data = ReportData.of(StudyRecords.read(tmp_path)).one_setting
    assert "There is no finished run yet." in texts(figures.score_against_time(data))


def test_of_several_settings_each_is_drawn(tmp_path: Path) -> None:
    data = timed(tmp_path, ARMS, lr=(0.1, 0.01), seed=0)
    for each in data.settings:
        assert markers(figures.score_against_time(each), "o") == len(ARMS)
