"""`Scores`: by arm, setting, seed and epoch, from runs of any origin."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reluctant.analysis import ReportData
from reluctant.catalogue.metrics import METRICS, Metric
from reluctant.core.errors import StudyError
from reluctant.records.study_records import StudyRecords
from reluctant.scores import Floats, ScoredRun, Scores
from reluctant.scores.scores import scores_frame
from reluctant.statistics import mean_interval
from reluctant.study import Run, Study
from tests.support.records import study_folder, study_records
from tests.support.scored import report_data

STUDY = Study(activation=["relu", "elu"], seed=[0, 1, 2], epochs=4)
GRID = Study(activation=["relu", "elu"], seed=[0, 1], epochs=2, lr=[0.1, 0.01])


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> StudyRecords:
    return study_records(tmp_path_factory.mktemp("scores"), STUDY)


@pytest.fixture(scope="module")
def scores(records: StudyRecords) -> Scores:
    return ReportData.of(records).scores


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Scores:
    return ReportData.of(study_records(tmp_path_factory.mktemp("grid"), GRID)).scores


@dataclass(frozen=True)
class TableRow:
    """A run as a row of somebody's table: one score after one epoch, and nothing else."""

    arm: str
    seed: int | str
    points: float
    diverged: int | None = None
    epochs: int = 1
    items: Mapping[str, int] = field(default_factory=dict)

    @property
    def numbers(self) -> Floats:
        return np.ones(1)

    def numbers_of(self, name: str, split: str = "test") -> Floats:
        return self.numbers

    def value(self, axis: str) -> Any:
        return {"size": 1}[axis]

    def curve(self, name: str, split: str = "test") -> Floats:
        return np.array([self.points])

    def full_curve(self, name: str, split: str = "test") -> Floats:
        return self.curve(name, split)

    def score(self, name: str, split: str = "test", at: str = "last") -> float:
        return self.points if self.diverged is None else float("nan")

    def resolution(self, name: str, split: str = "test") -> float:
        return 0.0

    def without_groups(self, name: str, groups: int) -> Floats | None:
        return None

    def epochs_to_converge(self, name: str, split: str = "test", share: float = 0.9) -> float:
        return float("nan")

    def epochs_to_reach(self, name: str, target: float, split: str = "test") -> float:
        return 1.0 if self.points >= target else float("inf")

    def seconds_per_epoch(self) -> float:
        return float("nan")


POINTS = Metric("points", "Points", True, 0.5, "of a game", aliases=("score",))


def test_values_are_a_score_per_seed_in_the_order_of_the_seeds(scores: Scores, records: StudyRecords) -> None:
    assert scores.arms == ("relu", "elu")
    assert scores.seeds == (0, 1, 2)
    for arm in scores.arms:
        expected = [run.score("accuracy") for run in records if run.arm == arm]
        assert scores.values("accuracy", arm).tolist() == expected
        assert [run.seed for run in scores.of(arm)] == [0, 1, 2]
        assert scores.interval("accuracy", arm) == mean_interval(expected, resolution=scores.resolution("accuracy"))
    shuffled = replace(scores, runs=tuple(reversed(scores.runs)))
    assert shuffled.values("f1", "elu").tolist() == scores.values("f1", "elu").tolist()


def test_missing_and_diverged_runs_have_no_score(tmp_path: Path) -> None:
    study_folder(tmp_path, STUDY, skip=1)
    without_last = ReportData.of(StudyRecords.read(tmp_path)).scores
    assert np.isnan(without_last.values("f1", "elu")).tolist() == [False, False, True]
    lost = ReportData.of(study_records(tmp_path, STUDY, {("elu", 2): 2})).scores
    assert np.isnan(lost.values("f1", "elu")).tolist() == [False, False, True]
    assert (lost.diverged("elu"), lost.diverged("relu")) == (1, 0)
    assert [run.seed for run in lost.finished("elu")] == [0, 1]
    assert len(lost.of("elu")) == 3
    assert lost.interval("f1", "elu").n == 2


def test_curves_leave_diverged_runs_out(tmp_path: Path) -> None:
    scores = ReportData.of(study_records(tmp_path, STUDY, {("elu", 2): 2})).scores
    assert scores.by_epoch("f1", "relu").shape == (3, 4)
    assert scores.by_epoch("f1", "elu").shape == (2, 4)
    nothing = ReportData.of(StudyRecords.read(study_folder(tmp_path / "empty", STUDY, skip=6))).scores
    assert nothing.by_epoch("f1", "relu").size == 0
    assert len(nothing) == 0
    assert nothing.resolution("f1") == 0


def test_settings_are_the_other_axes(grid: Scores) -> None:
    assert [dict(setting) for setting in grid.settings] == [{"lr": 0.1}, {"lr": 0.01}]
    message = r"the study varies lr; add setting={'lr': 0.1}"
    with pytest.raises(StudyError, match=message):
        grid.values("f1", "relu")
    part = grid.at({"lr": 0.01})
    assert len(part) == 4
    assert {run.value("lr") for run in part.runs} == {0.01}
    assert len(part.values("f1", "relu")) == 2
    part.require_one_setting()


def test_runs_are_chosen_by_arm_and_value(grid: Scores) -> None:
    chosen = grid.only(lambda run: (run.arm, run.value("lr")) in {("relu", 0.1), ("elu", 0.01)})
    assert {(run.arm, run.value("lr")) for run in chosen.runs} == {("relu", 0.1), ("elu", 0.01)}
    assert len(chosen) == 4


def test_control_runs_are_apart(tmp_path: Path) -> None:
    study = Study(activation=["relu", "elu"], seed=[0, 1], epochs=1, control=True, lr=[0.1, 0.01])
    scores = ReportData.of(study_records(tmp_path, study)).scores
    assert len(scores) == 8
    assert {run.arm for run in scores.control} == {"relu"}
    assert {run.seed for run in scores.control} == {2, 3}
    assert len(scores.at({"lr": 0.1}).control) == 2
    assert len(scores.at({"lr": 0.1}).values("f1", "relu")) == 2


def test_a_metric_is_called_by_name_or_alias(scores: Scores) -> None:
    assert scores.metric("f1").name == scores.metric("F1").name == "f1"
    for metric in METRICS:
        for alias in metric.aliases:
            assert scores.metric(alias) is metric
    with pytest.raises(StudyError, match="there is no metric 'acuracy'; did you mean 'accuracy'"):
        scores.metric("acuracy")
    with pytest.raises(StudyError, match="there is no metric 'zzz'; there are accuracy"):
        scores.metric("zzz")


def test_the_resolution_is_one_test_item(scores: Scores) -> None:
    assert scores.resolution("f1") == 1 / 200
    assert scores.resolution("loss") == 0


def test_any_run_with_scores_will_do() -> None:
    """The analysis knows nothing of records: rows of a table are enough."""
    rows: tuple[ScoredRun, ...] = (
        TableRow("a", "monday", 3.0),
        TableRow("b", "monday", 4.0),
        TableRow("a", "tuesday", 5.0),
        TableRow("b", "tuesday", 5.0, diverged=1),
    )
    scores = Scores(("a", "b"), ("tuesday", "monday"), rows, metrics={})
    assert scores.values("points", "a").tolist() == [5.0, 3.0]
    assert np.isnan(scores.values("points", "b")).tolist() == [True, False]
    assert scores.interval("points", "a").mean == 4.0
    assert scores.by_epoch("points", "a").tolist() == [[5.0], [3.0]]
    assert scores.diverged("b") == 1
    assert scores.resolution("points") == 0
    with pytest.raises(StudyError, match="there is no metric 'points'"):
        scores.metric("points")
    assert replace(scores, metrics={"points": POINTS}).metric("Score") is POINTS


def test_the_score_that_counts_is_passed_on() -> None:
    scores = report_data({"relu": [[0.5, 0.9, 0.7]] * 2, "elu": [[0.5, 0.6, 0.7]] * 2}).scores
    assert scores.values("accuracy", "relu", at="best").tolist() == [0.9, 0.9]
    assert scores.values("accuracy", "relu", at="mean") == pytest.approx([0.7, 0.7])
    assert scores.interval("accuracy", "elu", at="mean").mean == pytest.approx(0.6)
    assert scores.values("loss", "relu", "valid").tolist() == pytest.approx([0.3, 0.3])


def test_a_frame_has_one_row_per_run_epoch_and_split(scores: Scores, records: StudyRecords) -> None:
    frame = scores_frame(scores, "classification", ["f1", "loss"])
    assert len(frame) == 2 * 3 * 4 * 3
    assert not frame.duplicated(["activation", "seed", "epoch", "split"]).any()
    row = frame.query("activation == 'elu' and seed == 1 and epoch == 4 and split == 'valid'").iloc[0]
    (elu,) = (run for run in records if run.run == Run("elu", seed=1, epochs=4))
    assert row["f1"] == elu.score("f1", "valid")
    assert row["loss"] == elu.score("loss", "valid")
    assert row["lr"] == 0.001


def test_a_frame_has_the_usual_metrics_and_the_control(tmp_path: Path, grid: Scores) -> None:
    usual = [metric.name for metric in METRICS if "classification" in metric.tasks]
    assert list(scores_frame(grid, "classification").columns[-len(usual) :]) == usual
    study = Study(activation=["relu", "elu"], seed=[0, 1], epochs=1, control=True)
    controlled = ReportData.of(study_records(tmp_path, study)).scores
    assert set(scores_frame(controlled, "classification", ["f1"])["seed"]) == {0, 1, 2, 3}
    empty = Scores(("a",), (0,), ())
    assert scores_frame(empty, "classification").empty
    assert "f1" in scores_frame(empty, "classification").columns
