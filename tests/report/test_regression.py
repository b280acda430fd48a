"""Studies that predict numbers: figures, page, tables, sentences, claims, files and commands."""

import dataclasses
import re
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from reluctant import figures
from reluctant.analysis.claims import Outcome
from reluctant.analysis.report_data import ReportData
from reluctant.analysis.sentence import verdict_sentences
from reluctant.analysis.setting_data import SettingData
from reluctant.api.results import Results
from reluctant.cli.main import DONE
from reluctant.figures.curves import four_curves
from reluctant.figures.predicted import DOTS, true_and_predicted
from reluctant.records.study_records import StudyRecords
from reluctant.report import render_page
from reluctant.report.detail_tables import predicted_table
from reluctant.report.export import export_results
from reluctant.report.tables import final_scores_table, four_curves_table
from reluctant.report.verdict_tables import claim_table
from reluctant.statistics import jackknife_variance
from reluctant.study import Claim
from tests.support.commands import answer
from tests.support.figures import page_words, words
from tests.support.regressed import ROWS, data_record, regression_records, targets

AHEAD = "GELU and Tanh are better than ReLU by "


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> StudyRecords:
    return regression_records(tmp_path_factory.mktemp("numbers") / "study", compare={"looks": "at the end"})


@pytest.fixture(scope="module")
def data(records: StudyRecords) -> ReportData:
    return ReportData.of(records)


@pytest.fixture(scope="module")
def setting(data: ReportData) -> SettingData:
    return data.one_setting


@pytest.fixture(scope="module")
def html(data: ReportData) -> str:
    return render_page(data)


def setting_of(path: Path, **options: object) -> SettingData:
    """The analysis of another such study at its only setting."""
    return ReportData.of(regression_records(path, **options)).one_setting  # type: ignore[arg-type]


def sentences(records: StudyRecords, metric: str) -> str:
    """The verdicts by a metric."""
    return verdict_sentences(ReportData.of(records, metric=metric).one_setting.comparison)


def test_the_page_speaks_of_rows_and_not_of_images(html: str) -> None:
    text = page_words(html)
    assert re.findall(r".{30}\b[Ii]mages?\b.{30}", text) == []
    assert "the test rows" in text
    choices = "(used for choices such as the learning rate)"
    assert f"Rows 200 for training, 200 for validation {choices}, 200 test rows to report on" in text


def test_nothing_of_classification_is_on_the_page(html: str) -> None:
    text = page_words(html)
    for absent in ("Accuracy", "Macro", "F1", "onfusion", "nats", "points", "predicted as"):
        assert absent not in text, absent
    for present in ("R²", "RMSE", "MAE", "predicted against true", "units of the target"):
        assert present in text, present


def test_remarks_on_the_data_stand_beside_the_study_and_do_not_act(html: str) -> None:
    study = html[html.index('id="study"') : html.index('id="network"')]
    assert "The column &lt;b&gt;age&lt;/b&gt; was filled in with its median." in study


def test_the_word_for_the_inputs_is_that_of_the_data(data: ReportData, records: StudyRecords) -> None:
    assert (data.subject.items, data.subject.item) == ("rows", "row")
    unknown = ReportData.of(dataclasses.replace(records, data={})).subject
    assert (unknown.items, unknown.item) == ("images", "image")
    signals = data_record().model_copy(update={"sha256": "2" * 64, "items": "signals"})
    both = dataclasses.replace(records, runs=(), data={**records.data, "2" * 64: signals})
    assert ReportData.of(both).subject.items == "inputs"


def test_final_scores_have_four_digits_in_the_targets_units(setting: SettingData) -> None:
    table = final_scores_table(setting)
    assert table.caption == "Final scores on the test rows"
    assert table.columns[2:6] == ("R²\u00a0*", "RMSE", "MAE", "Test loss")
    means = [cell.partition(" ")[0] for cell in table.rows[0][2:6]]
    assert [len(mean.partition(".")[2]) for mean in means] == [4, 2, 2, 4]
    assert float(means[1]) == pytest.approx(setting.scores.interval("rmse", "relu").mean, abs=0.005)


def test_decimals_follow_the_size_of_the_scores(tmp_path: Path) -> None:
    for scale, decimals in ((1e-7, 6), (0.001, 5), (0.1, 3), (1.0, 2), (100.0, 0), (1e5, 0)):
        records = regression_records(tmp_path / str(scale), seed=[0], activation=["relu"], epochs=1)
        (result,) = records
        result.counts["test"][:, 1, :] *= scale
        result.counts["test"][:, 2, :] *= scale**2
        setting = ReportData.of(records).one_setting
        assert setting.unit("rmse").score_decimals == decimals, scale
        assert setting.unit("r2").score_decimals == 4


def test_differences_of_r2_are_numbers_and_of_rmse_the_targets_units(records: StudyRecords) -> None:
    by_r2, by_rmse = (ReportData.of(records, metric=m).one_setting.comparison for m in ("r2", "rmse"))
    assert re.search(AHEAD + r"0\.\d{4}–0\.\d{4} of R²", verdict_sentences(by_r2))
    assert re.search(AHEAD + r"\d+\.\d\d–\d+\.\d\d of RMSE", verdict_sentences(by_rmse))
    assert by_r2.unit.margin(0.01) == "±0.01"
    assert "share of variance explained" in words(figures.differences(by_r2))
    assert "(units of the target)" in words(figures.differences(by_rmse))
    assert "squared standard deviations of loss" in sentences(records, "loss")


def test_other_test_rows_are_accounted_for(data: ReportData, records: StudyRecords) -> None:
    comparison = data.one_setting.comparison
    assert all(contrast.with_items is not None for contrast in comparison.family)
    text = verdict_sentences(comparison)
    assert "With new seeds and other test rows (only 3 seeds), " in text or "for other test rows, about" in text
    scores = data.one_setting.scores
    left_out = [
        np.array([run.without_groups("r2", 50) for run in scores.of(arm)], float).mean(axis=0)
        for arm in ("gelu", "relu")
    ]
    variance = jackknife_variance(left_out[0] - left_out[1])
    assert variance == pytest.approx(jackknifed(records), rel=1e-6)


def jackknifed(records: StudyRecords) -> float:
    """The variance by its definition: every group of rows left out in turn, R² computed anew."""
    true = targets()[:, 0]
    group = np.arange(len(true)) % 50
    gaps = []
    for left in range(50):
        rest = group != left
        r2 = {
            arm: np.mean([
                r_squared(true[rest], result.predictions[rest, 0]) for result in records if result.arm == arm
            ])
            for arm in ("gelu", "relu")
        }  # fmt: skip
        gaps.append(r2["gelu"] - r2["relu"])
    return float(49 / 50 * np.sum((np.array(gaps) - np.mean(gaps)) ** 2))


def r_squared(true: npt.NDArray[np.float64], predicted: npt.NDArray[np.float64]) -> float:
    return float(1 - np.sum((true - predicted) ** 2) / np.sum((true - true.mean()) ** 2))


def test_the_four_curves_are_those_of_numbers(setting: SettingData) -> None:
    assert [name for name, _, _ in four_curves(setting)] == ["r2", "mae", "loss", "loss"]
    figure = figures.training_curves(setting, "gelu")
    text = words(figure)
    for above, unit in (
        ("R²", "share of variance"),
        ("MAE", "units of the target"),
        ("Training loss", "squared standard deviations"),
    ):
        assert above in text
        assert unit in text
    assert "the test rows" in text
    r2, mae = figure.axes[:2]
    assert r2.get_ylim()[1] <= 1.1 < mae.get_ylim()[0]
    assert mae.get_yticklabels()[0].get_text() != ""
    heads = ("Epoch", "R²", "MAE", "Training loss", "Test loss")
    assert four_curves_table(setting, "gelu").columns == heads


def test_predicted_against_true_shows_every_seed(setting: SettingData) -> None:
    ((true, predicted),) = true_and_predicted(setting, "gelu")
    assert len(true) == 3 * ROWS
    np.testing.assert_array_equal(true[:ROWS], targets()[:, 0])
    assert np.std(predicted - true) == pytest.approx(40, rel=0.1)
    figure = figures.predicted(setting, "gelu")
    (axes,) = figure.axes
    assert axes.get_xlim() == axes.get_ylim()
    (line,) = [each for each in axes.lines if each.get_gid() == "equal"]
    assert np.asarray(line.get_xydata()).tolist() == [[end, end] for end in axes.get_xlim()]
    (dots,) = [each for each in axes.lines if each.get_gid() != "equal"]
    assert len(np.asarray(dots.get_xdata())) == len(true)
    text = words(figure)
    assert f"R² {setting.scores.interval('r2', 'gelu').mean:.4f}" in text
    assert f"RMSE {setting.scores.interval('rmse', 'gelu').mean:.2f}" in text


def test_of_many_numbers_an_even_choice_is_drawn(tmp_path: Path) -> None:
    setting = setting_of(tmp_path / "s", rows=DOTS + 500, seed=[0], activation=["relu"], epochs=1)
    figure = figures.predicted(setting, "relu")
    (axes,) = figure.axes
    (dots,) = [each for each in axes.lines if each.get_gid() != "equal"]
    x = np.asarray(dots.get_xdata(), float)
    true = targets(DOTS + 500)[:, 0]
    assert len(x) == DOTS
    assert (x[0], x[-1]) == (true[0], true[-1])
    assert set(x) <= set(true)
    assert "1,500 of 2,000 predictions drawn" in words(figure)


def test_several_outputs_have_panels_of_their_own(tmp_path: Path) -> None:
    setting = setting_of(tmp_path / "s", outputs=5, seed=[0], activation=["relu"], epochs=1)
    figure = figures.predicted(setting, "relu", width=3.4)
    assert len(figure.axes) == 4
    assert "the first 4 of 5 outputs" in words(figure)
    table = predicted_table(setting, "relu")
    assert table.columns[0] == "Output"
    assert len(table.rows) == 5 * 10


def test_numbers_in_ten_steps(setting: SettingData) -> None:
    table = predicted_table(setting, "relu")
    assert len(table.rows) == 10
    assert sum(int(row[-1]) for row in table.rows) == 3 * ROWS
    assert float(table.rows[0][0].replace("−", "-")) == pytest.approx(targets().min(), abs=0.01)
    means = [float(row[2]) for row in table.rows]
    assert means == sorted(means)


def test_what_the_records_lack_is_named(records: StudyRecords, tmp_path: Path) -> None:
    runs = tuple(dataclasses.replace(result, truth=None) for result in records)
    without = ReportData.of(dataclasses.replace(records, runs=runs)).one_setting
    assert "The true numbers are not in the records." in words(figures.predicted(without, "relu"))
    assert predicted_table(without, "relu").rows == ()
    lost = setting_of(tmp_path / "s", lost=1)
    assert "diverged" in words(figures.predicted(lost, "tanh"))
    only = ReportData.of(regression_records(tmp_path / "t", activation=["tanh"], seed=[1], lost=1))
    assert "No run ended with finite numbers." in words(figures.predicted(only.one_setting, "tanh"))
    assert "diverged" in page_words(render_page(only))


@pytest.mark.parametrize(
    ("metric", "of", "extreme", "expected"),
    [
        ("r2", "gelu", "highest", Outcome.SUPPORTED),
        ("rmse", "gelu", "lowest", Outcome.SUPPORTED),
        ("mae", "relu", "lowest", Outcome.CONTRADICTED),
    ],
)
def test_claims_about_numbers(records: StudyRecords, metric: str, of: str, extreme: str, expected: Outcome) -> None:
    claim = Claim.model_validate({"says": "so", "metric": metric, "of": of, "is": extreme})
    study = records.study.model_copy(update={"claim": (claim,)})
    setting = ReportData.of(dataclasses.replace(records, study=study)).one_setting
    (judged,) = setting.claims
    assert judged.outcome == expected
    unit = "share of variance explained" if metric == "r2" else "units of the target"
    assert claim_table(setting, judged).columns[1] == f"Mean difference, {unit}"


def test_files_hold_the_metrics_of_the_task_alone(data: ReportData, tmp_path: Path) -> None:
    for frame in (pd.read_csv(export_results(data, tmp_path / "a.csv")),
                  pd.read_parquet(export_results(data, tmp_path / "a.parquet"))):  # fmt: skip
        assert list(frame.columns[-4:]) == ["r2", "rmse", "mae", "loss"]
        assert not {"accuracy", "f1"} & set(frame.columns)
    assert "| R² ± 95 % |" in export_results(data, tmp_path / "a.md").read_text("utf-8")
    assert r"& R$^2$ $\pm$ 95 \% &" in export_results(data, tmp_path / "a.tex").read_text("utf-8")


def test_commands_print_numbers(
    records: StudyRecords, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")

    def output(*arguments: object) -> str:
        status, out, _ = answer(capsys, *arguments)
        assert status == DONE
        return " ".join(out.split())

    assert "other test rows" in output("judge", records.folder)
    assert re.search(
        r"gelu +3 +\d\d\.\d\d ± \d\.\d\d +[-−]\d\.\d\d ", output("judge", records.folder, "--metric", "rmse")
    )
    assert "9 of 9 runs finished" in output("status", records.folder)


def test_the_worst_run_has_the_largest_error(data: ReportData, setting: SettingData) -> None:
    largest = max(setting.scores.values("rmse", "gelu"))
    assert {summary.arm: summary.worst for summary in setting.summaries("rmse")}["gelu"] == largest
    assert Results(data).summary("rmse")["worst"]["gelu"] == largest


def test_the_page_is_the_same_again(records: StudyRecords, html: str) -> None:
    assert render_page(ReportData.of(records)) == html
    assert "nan" not in page_words(html).lower().split()
