"""The verdicts on the page and in their figure: every sign, every interval, and what makes them doubtful."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reluctant import figures
from reluctant.analysis.headline import headline
from reluctant.analysis.report_data import ReportData
from reluctant.analysis.study_facts import recipe
from reluctant.records.store import Store
from reluctant.records.study_records import StudyRecords
from reluctant.report import render_page
from reluctant.report.page import build_page
from reluctant.report.pictures import PictureBook
from reluctant.report.verdict_tables import more_seeds_text, pairs_table, verdicts_table
from reluctant.statistics import Verdict
from reluctant.study import Study
from tests.support.figures import texts, texts_outside
from tests.support.html import ParsedPage
from tests.support.predicted import LEVELS, predicted_data, usual_level, write_data_record
from tests.support.records import record

pytestmark = pytest.mark.usefixtures("undrawn")  # what is drawn is tested with the page and the figures

STUDY = Study(name="five", activation=tuple(LEVELS), epochs=2, seed=tuple(range(6)), compare={"margin": 0.005})
STD = {"tanh": 0.02}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    """A study with a better, a worse, a same and an undecided activation."""
    return predicted_data(tmp_path_factory.mktemp("five"), STUDY, std=STD)


@pytest.fixture(scope="module")
def html(data: ReportData) -> str:
    """Its page, with drawings: a fixture of a module comes before `undrawn`."""
    return render_page(data)


def test_every_verdict_has_its_sign(data: ReportData, html: str) -> None:
    comparison = data.one_setting.comparison
    text, written = ParsedPage(html).text, texts(figures.differences(comparison))
    verdicts = [verdict for verdict in Verdict if verdict != Verdict.NONE]
    assert set(verdicts) == {contrast.verdict for contrast in comparison.family}
    for verdict in verdicts:
        assert f"{verdict.sign} {verdict}" in text
        assert f"{verdict.sign} {verdict}" in written


def test_signs_differ_in_form() -> None:
    assert len({verdict.sign for verdict in Verdict}) == len(Verdict)


def test_the_verdicts_stand_first_after_the_headline(html: str) -> None:
    assert html.index('class="headline"') < html.index('id="verdicts"') < html.index('id="scores"')


def test_the_table_holds_the_comparison(data: ReportData) -> None:
    comparison = data.one_setting.comparison
    table, ranks = verdicts_table(comparison, explained=True), {r.arm: r.rank for r in comparison.rows}
    assert table.rows[0][:2] == ("ReLU", "the baseline")
    for row, contrast in zip(table.rows[1:], comparison.family, strict=True):
        verdict, _, reason = row[1].partition(":\n")
        assert verdict == f"{contrast.verdict.sign} {contrast.verdict}"
        assert not reason.startswith("p "), "it has a column"
        assert row[2].startswith(f"{100 * contrast.difference.mean:+.2f}".replace("-", "−"))
        low, high = ranks[contrast.arm] or (0, 0)
        assert row[5] == (f"{low}–{high}" if low < high else str(low))
        assert row[6] == "6"
        assert row[4] == ("not worth it" if contrast.verdict == Verdict.UNDECIDED else "–")


def test_more_seeds_are_a_range(data: ReportData) -> None:
    (undecided,) = (c for c in data.one_setting.comparison.family if c.verdict == Verdict.UNDECIDED)
    for more_seeds, text in (((8, 22), "8–22"), ((5, 5), "5"), (None, "not worth it")):
        decision = replace(undecided.decision, more_seeds=more_seeds)
        assert more_seeds_text(replace(undecided, decision=decision)) == text


def test_the_pairs_mirror_each_other(data: ReportData, html: str) -> None:
    cells = [row[1:] for row in pairs_table(data.one_setting.comparison).rows]
    signs = [[cell.partition("\n")[0] for cell in row] for row in cells]
    assert all(signs[i][i] == "" for i in range(5))
    assert signs[2][0] == "▲"
    assert signs[0][2] == "▼"
    assert cells[2][0].partition("\n")[2].replace("+", "−") == cells[0][2].partition("\n")[2]
    assert "Table: all pairs. For exploring only" in html


def test_the_figure_draws_the_intervals(data: ReportData) -> None:
    comparison = data.one_setting.comparison
    axes = figures.differences(comparison).axes[0]
    lines = [np.asarray(line.get_xdata(), float) for line in axes.lines]
    for contrast in comparison.family:
        assert contrast.with_items is not None
        plain = contrast.difference.low, contrast.difference.high
        for ends in (plain, contrast.interval):
            assert any(len(x) == 2 and x == pytest.approx(100 * np.array(ends, float)) for x in lines)
        for end in contrast.with_items:  # a mark at each end that lies on the axis
            low, high = axes.get_xlim()
            assert not low <= 100 * end <= high or any(len(x) == 1 and x[0] == pytest.approx(100 * end) for x in lines)
        assert any(len(x) == 1 and x[0] == pytest.approx(100 * contrast.difference.mean) for x in lines)


@pytest.mark.parametrize(("metric", "ways"), [("f1", {"← worse", "better →"}), ("loss", {"← better", "worse →"})])
def test_the_figure_shows_which_way_is_better(tmp_path: Path, metric: str, ways: set[str]) -> None:
    study = Study(activation=("relu", "elu", "gelu"), epochs=1, compare={"metric": metric})
    written = texts(figures.differences(predicted_data(tmp_path, study).one_setting.comparison))
    assert {text for text in written if "→" in text or "←" in text} == ways


def test_a_very_wide_interval_stays_on_the_sheet(tmp_path: Path) -> None:
    study = Study(activation=tuple(LEVELS), epochs=1, seed=(0, 1))
    data = predicted_data(tmp_path, study, std={"elu": 0.2})
    assert texts_outside(figures.differences(data.one_setting.comparison)) == []


def test_beyond_twelve_the_pairs_are_left_out_and_rows_sorted(tmp_path: Path) -> None:
    names = tuple(f"leaky_relu(negative_slope={i / 100})" for i in range(2, 16))
    study = Study(activation=names, epochs=1, seed=(0, 1, 2))
    data = predicted_data(tmp_path, study, lambda run: 0.8 + 0.01 * names.index(run.activation))
    (section,) = build_page(data, PictureBook(None)).comparisons
    assert section.pairs is None
    assert "91 pairs of all activations are too many" in section.too_many
    assert [row[0] for row in section.verdicts.rows[1:3]] == ["LeakyReLU 0.15", "LeakyReLU 0.14"]


def test_the_interval_that_decides_is_wider_and_named(data: ReportData, html: str) -> None:
    text = ParsedPage(html).text
    assert "thick line: its 95 % interval · thin line: the interval that decides, for all activations together" in text
    first = data.one_setting.comparison.family[0]
    assert first.interval is not None
    assert first.difference.low is not None
    assert first.interval[0] < first.difference.low
    assert first.with_items is not None
    assert first.with_items[0] < first.interval[0] < first.interval[1] < first.with_items[1]
    assert "… for other test images" in text
    assert "the study may be looked at after each seed" in text


@pytest.mark.parametrize("doubtful", [True, False])
def test_the_control(tmp_path: Path, doubtful: bool) -> None:
    study = Study(activation=("relu", "elu"), epochs=1, control=True)
    drop = 0.05 if doubtful else 0.0
    data = predicted_data(tmp_path, study, lambda run: usual_level(run) - drop * (int(run.seed) > 4))
    comparison = data.one_setting.comparison
    assert comparison.baseline_differs_from_itself == doubtful
    text = ParsedPage(render_page(data)).text
    warning = "Do not trust these verdicts: ReLU differs from itself under other seeds"
    assert (warning in text) == headline(data)[0].startswith(warning) == doubtful
    assert ("'Undecided' is expected: the baseline is compared with itself." in text) != doubtful
    assert "The control trains the baseline again under other seeds" in text
    row = "! differs from itself" if doubtful else "noise floor"
    assert row in texts(figures.differences(comparison))


@pytest.mark.parametrize("best", [0.01, 0.1])
def test_each_at_its_own_learning_rate(tmp_path: Path, best: float) -> None:
    study = Study(activation=("relu", "elu"), lr=(0.001, 0.01, 0.1), choose="lr", epochs=1, seed=tuple(range(9)))
    data = predicted_data(tmp_path, study, valid=lambda run: 0.9 if run.lr == best else 0.7)
    text = ParsedPage(render_page(data)).text
    assert "Three settings (values of lr), each compared by itself: 3 comparisons with ReLU, 3 better." in text
    assert "Each at its own lr. With new seeds and other test images, ELU is better than ReLU" in text
    assert f"lr = {best} for ReLU, {best} for ELU." in text
    assert "so the answer stands under ‘Each at its own lr’" in text
    assert text.count("This block answers the study’s question.") == 1
    edge = "ReLU (lr = 0.1), ELU (lr = 0.1): the values chosen are at an end of the list"
    assert (edge in text) == (best == 0.1)


@pytest.mark.drawn
def test_one_seed(tmp_path: Path) -> None:
    data = predicted_data(tmp_path, Study(activation=("relu", "elu"), epochs=1, seed=0))
    text = ParsedPage(render_page(data)).text
    assert "No verdict for ELU: one seed has no spread." in text
    assert "– no verdict" in text
    assert "With one seed there is no interval" in text
    assert "nan" not in text.lower()


@pytest.mark.drawn
def test_diverged_runs_are_left_out_and_counted(tmp_path: Path) -> None:
    study = Study(activation=tuple(LEVELS), epochs=2)
    predicted_data(tmp_path, study)
    for run in study.runs():
        if (run.activation, run.seed) in {("elu", 1), ("gelu", 0), ("tanh", 0), ("tanh", 1), ("tanh", 2)}:
            Store(tmp_path / "runs").add(run.key, record(run, diverged=1))
    (section,) = build_page(ReportData.of(StudyRecords.read(tmp_path)), PictureBook(None)).comparisons
    rows = {row[0]: row for row in section.verdicts.rows}
    assert rows["ELU"][1].startswith("– no verdict:\n1 of 5 runs diverged")
    assert rows["ELU"][6] == "4\nof 5"
    assert rows["GELU"][1].startswith("▼ worse")
    assert "dot: mean of 2 to 5 shared seeds" in section.picture.notes


def test_data_are_described_by_the_folder(data: ReportData, tmp_path: Path) -> None:
    assert data.one_setting.class_names(10)[3] == "class 3"
    assert data.one_setting.class_names(12) == tuple(map(str, range(12)))
    (tmp_path / "study.toml").write_text(STUDY.to_toml(), "utf-8")
    write_data_record(tmp_path)
    images = dict(recipe(StudyRecords.read(tmp_path), "images"))["Images"]
    assert images.startswith(
        "11 for training, 12 for validation (used for choices such as the learning rate), 1,000 test images"
    )
