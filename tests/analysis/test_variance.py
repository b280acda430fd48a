"""Where the variance between runs comes from: the components of every arm's scores, and the sentence."""

from pathlib import Path

import numpy as np
import pytest

from reluctant.analysis import ReportData
from reluctant.analysis.variance import ArmVariance, variance_by_source, variance_sentence
from reluctant.records.study_records import StudyRecords
from reluctant.statistics import REST, Component, components
from reluctant.study import Study
from tests.support.records import study_folder, study_records

TABLE = {"init": [0, 1, 2], "order": [0, 1], "noise": [0, 1]}
STUDY = Study(activation=["relu", "elu"], seed=TABLE, epochs=2)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    return ReportData.of(study_records(tmp_path_factory.mktemp("variance"), STUDY))


def test_the_variance_is_that_of_the_scores(data: ReportData) -> None:
    relu, elu = data.one_setting.variances
    assert (relu.arm, elu.arm) == ("relu", "elu")
    assert [part.source for part in relu.parts] == ["init", "order", "noise", REST]
    values = data.scores.values("f1", "relu")
    expected = components(values.reshape(3, 2, 2), "abc")
    assert [part.variance for part in relu.parts] == [part.variance for part in expected]
    assert relu.mean == pytest.approx(values.mean())
    assert relu.std == pytest.approx(np.sqrt(sum(part.variance for part in expected)))
    assert (relu.runs, relu.missing) == (12, 0)
    assert sum(part.share for part in relu.parts) == pytest.approx(1)


def test_every_score_stands_in_the_cell_of_its_own_seeds(tmp_path: Path) -> None:
    table = {"init": [2, 0, 1], "order": [1, 0]}  # in any order
    records = study_records(tmp_path, Study(activation="relu", seed=table, epochs=2))
    setting = ReportData.of(records).one_setting
    grid = np.empty((3, 2))
    for run in setting.scores.of("relu"):
        numbers = dict(pair.split("=") for pair in str(run.seed).split())
        grid[int(numbers["init"]), int(numbers["order"])] = run.score("f1")
    expected = [part.variance for part in components(grid, "ab")]
    assert [part.variance for part in setting.variances[0].parts] == pytest.approx(expected)


def test_runs_that_are_missing_or_diverged_leave_an_arm_out(tmp_path: Path) -> None:
    unfinished = ReportData.of(StudyRecords.read(study_folder(tmp_path, STUDY, skip=1)))
    relu, elu = unfinished.one_setting.variances
    assert (relu.missing, elu.missing, elu.runs, elu.parts) == (0, 1, 12, ())
    assert np.isnan(elu.std)
    assert np.isfinite(elu.mean)
    sentence = variance_sentence(unfinished.one_setting.variances, "activations")
    assert "interactions and the rest" in sentence


def test_the_sentence_adds_all_arms_together() -> None:
    def arm(*variances: float) -> ArmVariance:
        sources = zip(("init", "order", REST), variances, strict=True)
        return ArmVariance("a", 4, 0, 0.9, 0.1, tuple(Component(s, 2, v, 0.0) for s, v in sources))

    assert variance_sentence([arm(3.0, 1.0, 0.0), arm(3.0, 1.0, 2.0)], "activations") == (
        "Of the variance between runs, 60 % comes from the initial weights, 20 % from the order of the "
        "batches and 20 % from interactions and the rest (all activations together)."
    )
    assert variance_sentence([arm(0.0, 0.0, 0.0)], "activations") == ""
    assert variance_sentence([], "activations") == ""


def test_a_table_of_seeds_compares_nothing(data: ReportData) -> None:
    assert data.comparisons == ()


def test_plain_seeds_have_no_components(tmp_path: Path) -> None:
    plain = ReportData.of(study_records(tmp_path, Study(activation="relu", seed=[0, 1], epochs=1)))
    assert plain.question.seed_sources is None
    assert variance_by_source(plain.scores, plain.question) == ()
