"""The page of a study that is not plain: no run yet, diverged or failed runs, warnings, several settings."""

import dataclasses
from pathlib import Path

import pytest

from reluctant.analysis.report_data import ReportData
from reluctant.records.study_records import StudyRecords
from reluctant.report import render_page, write_report
from reluctant.report.tables import final_scores_table
from reluctant.study import Study
from tests.support.figures import FOUR, all_diverged
from tests.support.html import ParsedPage, read_report
from tests.support.records import changed_records, study_folder, study_records
from tests.support.undrawn import without_png

pytestmark = pytest.mark.usefixtures("undrawn")  # what is drawn is tested with the page and the figures


def rendered(records: StudyRecords) -> tuple[str, str]:
    """The page of these records, and its text."""
    html = render_page(ReportData.of(records))
    return html, ParsedPage(html).text


def test_no_run_yet(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(Study(activation=FOUR).to_toml(), "utf-8")
    html, text = rendered(StudyRecords.read(tmp_path))
    assert "No run has finished yet: 0 of 20." in text
    assert "<figure" not in html
    assert "Learning rate" in text
    assert "0 of 20 finished" in text


def test_all_runs_failed(tmp_path: Path) -> None:
    study = Study(activation=("relu", "elu"), epochs=3, seed=0)
    study_folder(tmp_path, study, skip=study.size)
    (tmp_path / "failed").mkdir()
    for run in study.runs():
        (tmp_path / "failed" / f"{run.key}.txt").write_text("Traceback\nMemoryError: too much", "utf-8")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "1.json").write_text("{", "utf-8")
    _, text = rendered(StudyRecords.read(tmp_path))
    assert "elu, seed 0failed: MemoryError: too muchTraceback" in text
    assert "Damaged and left out: data/1.json" in text


@pytest.mark.drawn
def test_all_runs_diverged(tmp_path: Path) -> None:
    study = Study(activation=("relu", "elu"), epochs=3, seed=(0, 1))
    _, text = rendered(study_records(tmp_path, study, all_diverged(study)))
    assert "All 4 finished runs diverged; there is no score to compare." in text
    assert text.count("the loss was not finite") == 4
    assert "2 of 2" in text
    assert "nan" not in text.lower().replace("finance", "")


def test_diverged_and_failed_runs_are_listed(tmp_path: Path) -> None:
    study = Study(activation=FOUR, epochs=3)
    records = study_records(tmp_path, study, {("elu", 1): 2, ("elu", 4): 3})
    (failed,) = (run for run in study.runs() if run.activation == "gelu" and run.seed == 3)
    records = dataclasses.replace(
        records,
        runs=tuple(result for result in records if result.run != failed),
        failures={failed: "Traceback (most recent call last):\n  deep\nMemoryError: too much"},
    )
    _, text = rendered(records)
    assert "Lost runs: ELU: 2 diverged of 5 runs." in text
    assert "19 of 20 runs so far." in text
    assert "elu, seed 1" in text
    assert "diverged in epoch 2: the loss was not finite" in text
    assert "gelu, seed 3" in text
    assert "failed: MemoryError: too much" in text
    assert "Traceback (most recent call last):\n  deep" in text
    table = final_scores_table(ReportData.of(records).one_setting)
    assert [row[1] for row in table.rows] == ["5", "5", "3", "4"]
    assert table.rows[2][-2:] == ("diverged", "2 of 5")


def test_warnings_stand_open_behind_the_scores_and_before_what_is_folded(tmp_path: Path) -> None:
    study = Study(activation="relu", epochs=1, seed=(0, 1))
    records = changed_records(tmp_path, study, lambda content: content.update(warnings=["the sum is another"]))
    html, _ = rendered(records)
    assert "the sum is another (2 runs)" in html
    assert html.index('id="scores"') < html.index("the sum is another") < html.index('<details class="fold">')
    assert '<a href="#warnings">' in html


@pytest.mark.drawn
@pytest.mark.parametrize(("rates", "every"), [((0.1, 0.01), True), (tuple(0.1 / (i + 1) for i in range(7)), False)])
def test_of_many_settings_curves_are_left_out(tmp_path: Path, rates: tuple[float, ...], every: bool) -> None:
    study = Study(activation=("relu", "elu"), lr=rates, epochs=2, seed=(0, 1))
    with without_png():
        write_report(ReportData.of(study_records(tmp_path, study)), tmp_path)
    html = read_report(tmp_path)
    assert html.count("Final scores on the test images") >= len(rates)
    assert (tmp_path / "figures" / "scores_f1_lr=0.1.svg").is_file()
    assert (tmp_path / "figures" / "training_relu_lr=0.1.svg").is_file() == every
    assert ("so the page has no curves" in html) != every
    number = "Two" if every else "Seven"
    assert (
        f"{number} settings (values of lr), each compared by itself: {len(rates)} comparisons with ReLU, "
        in ParsedPage(html).text
    )
    assert html.count("difference from ReLU</strong>") == len(rates)


@pytest.mark.drawn
def test_files_of_names_that_differ_in_signs_alone_do_not_clash(tmp_path: Path) -> None:
    names = ("lab:f(t='a/b')", "lab:f(t='a?b')", "lab:F(t='a b')")
    records = study_records(tmp_path, Study(activation=names, epochs=1, seed=0))
    with without_png():
        write_report(ReportData.of(records), tmp_path)
    assert len(list((tmp_path / "figures").glob("confusion_*.svg"))) == 3
    assert not any(set(p.name) & set("/?:'( ") for p in (tmp_path / "figures").iterdir())
