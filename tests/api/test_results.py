"""Results in Python: tables as frames, figures, files, and clear answers to wrong questions."""

import dataclasses
import io
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

import reluctant
from reluctant.analysis.report_data import ReportData
from reluctant.analysis.summary import confusion_matrix
from reluctant.api.result_plots import PLOTS
from reluctant.api.results import Results
from reluctant.core.errors import StudyError
from reluctant.records.store import Store
from reluctant.statistics import mean_interval
from reluctant.study import Run, Study
from tests.support.records import record, study_folder
from tests.support.scored import scored_records

STUDY = Study(activation=["relu", "elu"], seed=[0, 1, 2], epochs=4)
GRID = Study(activation=["relu", "elu"], seed=[0, 1], epochs=2, lr=[0.1, 0.01])


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return Results.read(study_folder(tmp_path_factory.mktemp("results"), STUDY))


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return Results.read(study_folder(tmp_path_factory.mktemp("grid"), GRID))


def test_scores_are_activations_by_seeds(results: Results) -> None:
    table = results.scores("accuracy")
    assert list(table.index) == ["relu", "elu"]
    assert table.columns.to_numpy().tolist() == [0, 1, 2]
    for result in results:
        assert table.loc[result.arm, result.seed] == result.score("accuracy")
    interval = results.setting().scores.interval("accuracy", "elu")
    assert interval == mean_interval(
        table.loc["elu"].to_numpy(), resolution=results.setting().scores.resolution("accuracy")
    )


def test_a_frame_has_one_row_per_activation_seed_epoch_and_split(results: Results) -> None:
    frame = results.frame(["f1", "loss"])
    assert len(frame) == 2 * 3 * 4 * 3
    assert not frame.duplicated(["activation", "seed", "epoch", "split"]).any()
    row = frame.query("activation == 'elu' and seed == 1 and epoch == 4 and split == 'valid'").iloc[0]
    (elu,) = (each for each in results if each.run == Run("elu", seed=1, epochs=4))
    assert row["f1"] == elu.score("f1", "valid")
    assert row["loss"] == elu.score("loss", "valid")
    assert row["lr"] == 0.001
    assert list(results.frame().columns[-5:]) == ["accuracy", "precision", "recall", "f1", "loss"]


def test_curves_are_epochs_by_runs(results: Results) -> None:
    table = results.curves("loss", "train")
    assert table.shape == (4, 6)
    assert table.index.tolist() == [1, 2, 3, 4]
    for result in results:
        assert table[result.arm, result.seed].tolist() == result.curve("loss", "train").tolist()


def test_diverged_runs_are_in_no_mean(tmp_path: Path) -> None:
    folder = study_folder(tmp_path, STUDY, skip=1)
    *_, last = STUDY.runs()
    Store(folder / "runs").add(last.key, record(last, diverged=2))
    results = Results.read(folder)
    data = results.setting()
    assert data.scores.by_epoch("f1", "relu").shape == (3, 4)
    assert data.scores.by_epoch("f1", "elu").shape == (2, 4)
    assert data.scores.interval("f1", "elu").n == 2
    finished = [result for result in results if result.arm == "elu" and result.diverged is None]
    expected = sum(result.counts["test"][-1] for result in finished)
    assert np.array_equal(confusion_matrix(data.results("elu")), expected)
    assert results.scores().isna().to_numpy()[1].tolist() == [False, False, True]
    assert results.curves()["elu", last.seed].isna().tolist() == [False, True, True, True]
    summary = results.summary()
    assert summary["n"].tolist() == [3, 2]
    assert summary["worst"]["elu"] == -np.inf
    assert summary["diverged"].tolist() == pytest.approx([0, 1 / 3])


def test_an_unfinished_study_counts_what_is_missing(tmp_path: Path) -> None:
    results = Results.read(study_folder(tmp_path, STUDY, skip=4))
    assert (len(results), results.missing) == (2, 4)
    assert results.scores().isna().sum().sum() == 4
    assert "2 of 6 runs so far. Verdicts hold at every look." in " ".join(repr(results).split())
    empty = Results.read(study_folder(tmp_path / "empty", STUDY, skip=6))
    assert empty.frame().empty
    assert empty.setting().scores.by_epoch("f1", "relu").size == 0
    assert confusion_matrix(empty.setting().results("relu")).size == 0


def test_tuned_rows_are_labelled(tmp_path: Path) -> None:
    tuned = Results.read(study_folder(tmp_path, GRID.model_copy(update={"choose": "lr"})))
    assert tuned.verdicts()["lr"].tolist() == [0.1, 0.1, 0.01, 0.01, "tuned", "tuned"]
    assert "\nEach at its own lr: " in str(tuned)


def test_settings_are_the_other_axes(grid: Results) -> None:
    assert [dict(setting) for setting in grid.settings] == [{"lr": 0.1}, {"lr": 0.01}]
    with pytest.raises(StudyError, match="the study varies lr; add setting="):
        grid.scores()
    part = grid.setting({"lr": 0.01})
    assert len(part.scores) == 4
    assert {run.value("lr") for run in part.scores.runs} == {0.01}
    assert grid.scores(setting={"lr": 0.01}).shape == (2, 2)
    assert grid.verdicts()["lr"].tolist() == [0.1, 0.1, 0.01, 0.01]
    assert str(grid).startswith("lr = 0.1: ")
    with pytest.raises(StudyError, match="the study has no setting with lr = 1; give one, such as"):
        grid.setting({"lr": 1})


def test_failures_are_those_without_a_record(tmp_path: Path) -> None:
    folder = study_folder(tmp_path, STUDY, skip=1)
    first, *_, last = STUDY.runs()
    (folder / "failed").mkdir()
    for run in (first, last):
        (folder / "failed" / f"{run.key}.txt").write_text("Traceback\n\nValueError: so")
    results = Results.read(folder)
    assert results.failures == {last: "Traceback\n\nValueError: so"}
    assert f"elu, seed {last.seed}, failed: ValueError: so" in repr(results)


def test_a_record_of_another_study_in_the_folder_is_left_alone(tmp_path: Path) -> None:
    folder = study_folder(tmp_path, STUDY)
    other = Run("gelu", epochs=4)
    Store(folder / "runs").add(other.key, record(other))
    assert {result.arm for result in Results.read(folder)} == {"relu", "elu"}


def test_a_folder_without_a_study_is_refused(tmp_path: Path) -> None:
    for read in (Results.read, reluctant.judge):
        with pytest.raises(StudyError, match="holds no study"):
            read(tmp_path)


def test_verdicts_answer_another_question_too() -> None:
    scores = {"relu": [0.90, 0.91, 0.92], "elu": [0.95, 0.961, 0.97], "gelu": [0.90, 0.911, 0.92]}
    compare = {"metric": "accuracy", "margin": 0.01, "baseline": "relu", "looks": "at the end"}
    results = Results(ReportData.of(scored_records(scores, compare=compare)))
    table = results.verdicts()
    assert table["verdict"].tolist() == ["baseline", "better", "the same"]
    assert table["accuracy"].tolist() == pytest.approx([0.91, 0.9603, 0.9103], abs=1e-4)
    assert table["difference"]["elu"] == pytest.approx(0.0503, abs=1e-4)
    assert table["low"]["elu"] < table["difference"]["elu"] < table["high"]["elu"]
    assert results.verdicts(baseline="elu")["verdict"].tolist() == ["worse", "baseline", "worse"]
    assert results.verdicts(margin=0.1)["verdict"].tolist() == ["baseline", "the same", "the same"]
    assert results.verdicts(metric="loss").columns[1] == "loss"
    with pytest.raises(StudyError, match="'tanh' is not part of the study; choose one of relu, elu, gelu"):
        results.verdicts(baseline="tanh")


def test_every_kind_of_plot_is_a_figure_that_a_notebook_can_show(results: Results) -> None:
    for kind in PLOTS:
        if kind not in ("predicted", "rate"):
            figure = results.plot(kind, activation="elu", width=4)
            assert isinstance(figure, Figure)
            assert figure.get_size_inches()[0] == pytest.approx(4, abs=0.4)
    assert results.plot()._repr_png_().startswith(b"\x89PNG")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("curve", "there is no plot 'curve'; did you mean 'curves'"),
        ("predicted", "classification has no plot 'predicted'; there are scores, curves, "),
        ("training", r"training is of one activation: plot\('training', activation='relu'\)"),
    ],
)
def test_a_plot_that_cannot_be_drawn_is_refused(results: Results, kind: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        results.plot(kind)


def test_results_write_their_report_and_files(tmp_path: Path) -> None:
    study = Study(activation="relu", seed=0, epochs=1)
    results = Results.read(study_folder(tmp_path / "s", study))
    assert results.report() == str(tmp_path / "s" / "report.html")
    assert (tmp_path / "s" / "report.html").is_file()
    assert results.export(tmp_path / "x.csv") == str(tmp_path / "x.csv")
    without = Results(ReportData.of(scored_records({"relu": [0.9, 0.8]})))
    with pytest.raises(StudyError, match="these results have no folder"):
        without.report()


def test_scores_from_a_table_have_no_records(results: Results) -> None:
    table = Results(dataclasses.replace(results.data, records=None))
    assert table.folder is None
    assert table.failures == {}
    assert repr(table) == repr(results)
    assert "6 runs</small>" in table._repr_html_()
    with pytest.raises(StudyError, match="these scores come from a table; there are no records of runs"):
        _ = table.study
    with pytest.raises(StudyError, match="these results have no folder"):
        table.report()


def test_printed_results_fit_eighty_columns_and_any_encoding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = "leaky_relu(negative_slope=0.002)"
    study = Study(activation=["relu", long], seed=[0, 1, 2], epochs=1, lr=[0.1, 0.01])
    results = Results.read(study_folder(tmp_path, study))
    lines = repr(results).splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert "lr = 0.01: " in repr(results)
    assert "".join(lines).count("negative_slope=") == 2  # a table for each setting, with the whole name
    output = io.TextIOWrapper(io.BytesIO(), "ascii")
    monkeypatch.setattr(sys, "stdout", output)
    text = repr(results)
    monkeypatch.undo()
    assert text.isascii()
    assert "+-" in text
