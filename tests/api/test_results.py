"""Results: what the records of a folder say, as arrays and tables."""

from pathlib import Path

import numpy as np
import pytest
from reluctant.records.study_results import Results

from reluctant.catalogue.metrics import score_from_counts
from reluctant.core.errors import StudyError
from reluctant.records.run_result import SPLITS, Result
from reluctant.records.store import Store
from reluctant.statistics import mean_interval
from reluctant.study import Run, Study
from tests.support.records import folder, record

STUDY = Study(activation=["relu", "elu"], seed=[0, 1, 2], epochs=4)
GRID = Study(activation=["relu", "elu"], seed=[0, 1], epochs=2, lr=[0.1, 0.01])


@pytest.fixture
def results(tmp_path: Path) -> Results:
    return Results.read(folder(tmp_path, STUDY))


def test_a_result_holds_what_its_record_holds() -> None:
    given = record(Run("relu", epochs=3))
    result = Result.of(given)
    for split in SPLITS:
        assert result.loss[split].tolist() == [e["loss"][split] for e in given["epochs"]]
        expected = [score_from_counts(np.array(e["confusion"][split]), "f1") for e in given["epochs"]]
        assert result.curve("f1", split) == pytest.approx(expected, abs=1e-12)
        assert result.score("f1", split) == pytest.approx(expected[-1], abs=1e-12)
    assert result.score("loss") == given["epochs"][-1]["loss"]["test"]
    assert "epochs" not in result.record


def test_a_diverged_run_has_no_final_score_and_keeps_its_curve() -> None:
    result = Result.of(record(Run("relu", epochs=5), diverged=3))
    assert np.isnan(result.score("f1"))
    assert len(result.curve("f1")) == result.epochs == 2
    at_once = Result.of(record(Run("relu", epochs=5), diverged=1))
    assert np.isnan(at_once.score("loss"))
    assert at_once.curve("f1").shape == (0,)


def test_scores_are_activations_by_seeds(results: Results) -> None:
    table = results.scores("accuracy")
    assert list(table.index) == ["relu", "elu"]
    assert table.columns.to_numpy().tolist() == [0, 1, 2]
    for result in results:
        assert table.loc[result.run.activation, result.run.seed] == result.score("accuracy")
    assert results.interval("accuracy", "elu") == mean_interval(table.loc["elu"].to_numpy())


def test_a_frame_has_one_row_per_activation_seed_epoch_and_split(results: Results) -> None:
    frame = results.frame(["f1", "loss"])
    assert len(frame) == 2 * 3 * 4 * 3
    assert not frame.duplicated(["activation", "seed", "epoch", "split"]).any()
    row = frame.query("activation == 'elu' and seed == 1 and epoch == 4 and split == 'valid'").iloc[0]
    (elu,) = (r for r in results if r.run == Run("elu", seed=1, epochs=4))
    assert row["f1"] == elu.score("f1", "valid")
    assert row["loss"] == elu.score("loss", "valid")
    assert row["lr"] == 0.001


def test_curves_and_confusion_leave_diverged_runs_out(tmp_path: Path) -> None:
    place = folder(tmp_path, STUDY, skip=1)
    last = list(STUDY.runs())[-1]
    Store(place / "runs").add(last.key, record(last, diverged=2))
    results = Results.read(place)
    assert results.by_epoch("f1", "relu").shape == (3, 4)
    assert results.by_epoch("f1", "elu").shape == (2, 4)
    assert results.interval("f1", "elu").n == 2
    whole = [r for r in results.of("elu") if r.diverged is None]
    assert np.array_equal(results.confusion("elu"), sum(r.counts["test"][-1] for r in whole))
    assert results.scores().isna().to_numpy()[1].tolist() == [False, False, True]


def test_an_unfinished_study_says_what_is_missing(tmp_path: Path) -> None:
    results = Results.read(folder(tmp_path, STUDY, skip=4))
    assert (len(results), results.missing) == (2, 4)
    assert results.scores().isna().sum().sum() == 4
    empty = Results.read(folder(tmp_path / "empty", STUDY, skip=6))
    assert empty.frame().empty
    assert empty.by_epoch("f1", "relu").size == 0
    assert empty.confusion("relu").size == 0


def test_settings_are_the_other_axes(tmp_path: Path) -> None:
    results = Results.read(folder(tmp_path, GRID))
    assert [dict(s) for s in results.settings] == [{"lr": 0.1}, {"lr": 0.01}]
    with pytest.raises(StudyError, match="the study varies lr; choose one setting first"):
        results.scores()
    part = results.at({"lr": 0.01})
    assert len(part) == 4
    assert {result.run.lr for result in part} == {0.01}
    assert part.missing == 0
    assert part.scores().shape == (2, 2)


def test_failures_are_those_without_a_record(tmp_path: Path) -> None:
    place = folder(tmp_path, STUDY, skip=1)
    first, *_, last = STUDY.runs()
    (place / "failed").mkdir()
    for run in (first, last):
        (place / "failed" / f"{run.key}.txt").write_text("Traceback")
    assert Results.read(place).failures == {last: "Traceback"}


def test_a_record_of_another_study_in_the_folder_is_left_alone(tmp_path: Path) -> None:
    place = folder(tmp_path, STUDY)
    other = Run("gelu", epochs=4)
    Store(place / "runs").add(other.key, record(other))
    assert {result.run.activation for result in Results.read(place)} == {"relu", "elu"}


def test_a_folder_without_a_study_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="holds no study"):
        Results.read(tmp_path)
