"""The inside of networks on the page: tables, figures, sentences beside the verdicts, and pages without it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from reluctant.analysis import ReportData
from reluctant.analysis.probe_sentences import sentences_beside_verdicts
from reluctant.records.parts import Json
from reluctant.report import render_page
from reluctant.report.detail_tables import probe_table
from reluctant.study import Study
from tests.support.records import changed_records, snapshots_of, study_records, without_probes

pytestmark = pytest.mark.usefixtures("undrawn")  # what is drawn is tested with the page and the figures

FOUR = ("relu", "leaky_relu(negative_slope=0.002)", "elu", "prelu")
MANY = tuple(f"leaky_relu(negative_slope={i / 100})" for i in range(2, 14))


def changed(path: Path, study: Study, change: Callable[[Json], None], arm: str = "") -> ReportData:
    return ReportData.of(changed_records(path, study, change, arm))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    study = Study(activation=FOUR, epochs=2, robustness=True, compare={"margin": 0.5})
    return ReportData.of(study_records(tmp_path_factory.mktemp("inside"), study))


@pytest.fixture(scope="module")
def page(data: ReportData) -> str:
    return render_page(data)


def test_every_table_stands_on_the_page(page: str) -> None:
    for title in ("All sites together", "Calibration on the test images", "Accuracy on degraded test images"):
        assert title in page
    assert "rotation 20°" in page
    assert page.count('<p class="says">') == 3


def test_sentences_stand_beside_the_verdicts(data: ReportData, page: str) -> None:
    setting = data.one_setting
    sentences = sentences_beside_verdicts(setting.comparison, setting.probes)
    assert sentences
    assert all(sentence in page for sentence in sentences)
    assert "These are observations, not causes" in page


def test_few_activations_have_unfolded_tables(page: str) -> None:
    assert "<summary>Table: All sites together" not in page


@pytest.mark.drawn
def test_many_activations_fold_their_tables(tmp_path: Path) -> None:
    study = Study(activation=("relu", *MANY), epochs=1, seed=0)
    html = render_page(ReportData.of(study_records(tmp_path, study)))
    assert "<summary>Table: All sites together, after the last epoch</summary>" in html
    assert "not shown: 12 activations without any" in re.sub(r"\s+", " ", html)


def test_records_without_probes_are_reported_as_before(tmp_path: Path) -> None:
    html = render_page(changed(tmp_path, Study(activation=FOUR[:2], epochs=1, seed=(0, 1)), without_probes))
    assert 'id="inside"' not in html
    assert "final scores" in html.lower()


def test_records_of_both_kinds_stand_side_by_side(tmp_path: Path) -> None:
    mixed = changed(tmp_path, Study(activation=FOUR[:2], epochs=1, seed=(0, 1)), without_probes, "relu")
    assert 'id="inside"' in render_page(mixed)
    table = probe_table(mixed.one_setting)
    assert table is not None
    assert table.rows[0] == ("ReLU", "0", *["–"] * 8)


def test_diverged_runs_have_no_numbers(tmp_path: Path) -> None:
    lost = {("relu", 0): 3, **{("elu", seed): 1 for seed in range(5)}}
    data = ReportData.of(study_records(tmp_path, Study(activation=("relu", "elu"), epochs=4), lost))
    table = probe_table(data.one_setting)
    assert table is not None
    assert [row[1] for row in table.rows] == ["4", "0"]
    assert table.rows[1] == ("ELU", "0", *["–"] * 8)


def test_a_network_without_sites_has_its_gradients(tmp_path: Path) -> None:
    def blind(content: Json) -> None:
        for snapshot in snapshots_of(content):
            snapshot["sites"] = {}

    html = render_page(changed(tmp_path, Study(activation="relu", epochs=1, seed=0), blind))
    assert "Norm of the gradient after the last epoch" in html
    assert "Dead units by site" not in html


@pytest.mark.drawn
def test_values_that_are_not_finite_are_dashes_and_names_of_sites_letters(tmp_path: Path) -> None:
    evil = "</text><script>alert(1)</script>{{7*7}}$x^2$"

    def spoil(content: Json) -> None:
        for snapshot in snapshots_of(content):
            snapshot["sites"][evil] = {**snapshot["sites"].pop("activation"), "in": [None, None], "gradient": None}
            snapshot["layers"]["blocks.0.conv"] = [0.0, None, 0.1]

    html = render_page(changed(tmp_path, Study(activation=("relu", "prelu"), epochs=1, seed=(0, 1)), spoil))
    assert "−∞" in html
    assert "no gradient reaches blocks.0.conv" in html
    assert "nan" not in re.sub(r"<svg.*?</svg>", "", html, flags=re.DOTALL).lower().replace("finance", "")
    assert "<script" not in html
    assert "{{7*7}}" in html


def test_every_setting_has_its_inside(tmp_path: Path) -> None:
    study = Study(activation="relu", lr=(0.1, 0.01), epochs=1, seed=0)
    html = render_page(ReportData.of(study_records(tmp_path, study)))
    assert html.count("<caption>All sites together") == 2
    assert html.count("<caption>Dead units by site") == 2
