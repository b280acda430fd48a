"""The variance by source on the page, in the terminal and in exports: nothing is compared."""

from pathlib import Path

import pytest

from reluctant.analysis import ReportData
from reluctant.analysis.variance import variance_sentence
from reluctant.cli.main import DONE, execute
from reluctant.core.errors import StudyError
from reluctant.report import render_page
from reluctant.report.export import export_results
from reluctant.study import Study
from tests.support.records import study_records

pytestmark = pytest.mark.usefixtures("undrawn")  # what is drawn is tested with the page and the figures

TABLE = {"init": [0, 1, 2], "order": [0, 1], "noise": [0, 1]}
STUDY = Study(activation=["relu", "elu"], seed=TABLE, epochs=2)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    return ReportData.of(study_records(tmp_path_factory.mktemp("variance"), STUDY))


def test_the_page_shows_the_variance_and_compares_nothing(data: ReportData) -> None:
    page = render_page(data)
    sentence = variance_sentence(data.one_setting.variances, data.subject.arms)
    assert sentence.startswith("Of the variance between runs, ")
    assert sentence in page
    assert '<h2 id="variance-heading">Variance by source</h2>' in page
    assert 'id="verdicts"' not in page
    assert "every combination of 3 numbers for the initial weights" in page


def test_plain_seeds_have_no_such_section(tmp_path: Path) -> None:
    plain = ReportData.of(study_records(tmp_path, Study(activation="relu", seed=[0, 1], epochs=1)))
    assert 'id="variance"' not in render_page(plain)


def test_the_name_of_a_setting_leads_to_no_other_folder(tmp_path: Path) -> None:
    table = {"init": [0, 1], "order": [0, 1]}
    study = Study(activation="relu", seed=table, epochs=1, dataset=["idx(root='../../x')", "digits"])
    render_page(ReportData.of(study_records(tmp_path / "a", study)), tmp_path / "deep" / "figures")
    drawings = list(tmp_path.rglob("*.svg"))
    assert len([path for path in drawings if path.name.startswith("variance")]) == 2
    assert {path.parent for path in drawings} == {tmp_path / "deep" / "figures"}


def test_the_terminal_prints_the_shares(data: ReportData, capsys: pytest.CaptureFixture[str]) -> None:
    assert data.records is not None
    assert execute(["judge", str(data.records.folder)]) == DONE
    printed = capsys.readouterr().out
    assert printed.count("initial weights") == 2
    assert "baseline" not in printed


def test_a_table_of_verdicts_cannot_be_exported(data: ReportData, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="compares nothing"):
        export_results(data, tmp_path / "a.md")
    lines = export_results(data, tmp_path / "a.csv").read_text().splitlines()
    assert len(lines) == 2 * 12 * 2 * 3 + 1
