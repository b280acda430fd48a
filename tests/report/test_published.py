"""Published numbers on the page and in the terminal, and the verification of the page."""

import re
from pathlib import Path
from typing import Any

import pytest

from reluctant.analysis import ReportData, SettingData
from reluctant.cli.main import DONE
from reluctant.records.study_records import StudyRecords
from reluctant.report import render_page, write_report
from reluctant.report.published import published_sentence
from reluctant.report.verdict_tables import published_table
from reluctant.study import Study
from reluctant.verification.page import check_page
from tests.support.commands import answer
from tests.support.records import study_folder, study_records
from tests.support.scored import FIVE_PUBLISHED, PUBLISHED, SCORES_BESIDE_PUBLISHED, setting_data

pytestmark = pytest.mark.usefixtures("undrawn")  # what is drawn is tested with the page and the figures

HOSTILE = [{**each, "source": "<script>alert(1)</script>"} for each in FIVE_PUBLISHED]
STUDY = Study(activation=["relu", "gelu"], epochs=2, seed=[0, 1, 2], published=HOSTILE)


def data(**options: Any) -> SettingData:
    return setting_data(SCORES_BESIDE_PUBLISHED, **{"published": FIVE_PUBLISHED, **options})


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a page."""
    folder = study_folder(tmp_path_factory.mktemp("published"), STUDY)
    write_report(ReportData.of(StudyRecords.read(folder)), folder)
    return folder


def one_setting(folder: Path) -> SettingData:
    return ReportData.of(StudyRecords.read(folder)).one_setting


def test_the_sentence_counts_and_names() -> None:
    assert published_sentence(data()) == (
        "1 of 5 published numbers agree with ours. Higher than ours: ReLU after epoch 2. "
        "Lower than ours: GELU after epoch 1 and 2. Undecided: ELU after epoch 1."
    )
    assert published_sentence(data(published=FIVE_PUBLISHED[:1])) == "1 of 1 published number agrees with ours."


def test_the_table_holds_every_number() -> None:
    table = published_table(data())
    assert table.caption == "Published numbers beside ours: test accuracy"
    first, second, *_, last = table.rows
    assert first[:4] == ("ReLU", "1", "0.9500", "0.9500")
    assert re.fullmatch(r"0\.94\d\d to 0\.95\d\d", first[4])
    assert first[5:] == ("5", "✓ agrees")
    assert second[-1] == "▲ higher than ours"
    assert last == ("ELU", "1", "0.9000", "–", "–", "0", "? undecided\nno run of ours")
    assert "Source: Someone 2020, table 1." in table.note
    assert "Of 4 judged, about 0.2 would fall outside by chance." in table.note


def test_scores_and_sources_that_differ_get_columns() -> None:
    other = {**PUBLISHED, "metric": "f1", "source": "Another 2021", "deviation": 0.01, "runs": 3}
    table = published_table(data(published=[PUBLISHED, other]))
    assert table.columns[1] == "Score"
    assert table.columns[-1] == "Source"
    assert table.rows[1][1:4] == ("test macro F1", "last", "0.9000\n± 0.0100, 3 runs")
    assert "Welch's 95 % interval" in table.note


def test_the_page_has_the_section(reported: Path) -> None:
    text = (reported / "report.html").read_text("utf-8")
    assert '<h2 id="published-heading">Published numbers</h2>' in text
    assert f"<p>{published_sentence(one_setting(reported))}</p>" in text
    assert (reported / "figures" / "published_numbers.svg").is_file()


def test_the_words_of_a_source_act_nowhere(reported: Path) -> None:
    text = (reported / "report.html").read_text("utf-8")
    assert "<script>" not in text
    assert "&lt;script&gt;alert(1)" in text


@pytest.mark.drawn
def test_verification_computes_the_page_again(reported: Path) -> None:
    path = reported / "report.html"
    text = path.read_text("utf-8")
    path.write_text(text.replace("<td>0.9900</td>", "<td>0.9800</td>"), "utf-8")
    (finding,) = check_page(reported)
    path.write_text(text, "utf-8")
    assert "0.9800" in str(finding)


def test_the_terminal_prints_the_same(reported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = answer(capsys, "judge", reported)
    assert status == DONE
    setting = one_setting(reported)
    assert published_sentence(setting) in " ".join(out.split())
    assert all(row[4] in out for row in published_table(setting).rows)
    assert max(map(len, out.splitlines())) <= 80


def test_a_study_without_published_numbers_has_no_such_section(tmp_path: Path) -> None:
    study = Study(activation="relu", epochs=1, seed=0)
    html = render_page(ReportData.of(study_records(tmp_path, study)))
    assert 'id="published"' not in html
    assert "#published" not in html


def test_every_setting_has_its_own(tmp_path: Path) -> None:
    study = Study(activation="relu", epochs=1, seed=[0, 1], lr=[0.1, 0.2], published=[PUBLISHED])
    html = render_page(ReportData.of(study_records(tmp_path, study)))
    assert html.count("Published numbers beside ours: test accuracy</caption>") == 2
