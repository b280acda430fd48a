"""Two studies on one page: what differs, both verdicts on every arm, and whether a difference is shown to change."""

from pathlib import Path

import pytest

from reluctant.analysis import ReportData
from reluctant.analysis.two_studies import TwoStudies
from reluctant.core.errors import StudyError
from reluctant.report.side_by_side import changes_table, write_side_by_side
from reluctant.study import Run, Study
from tests.support.html import ParsedPage
from tests.support.predicted import predicted_data, usual_level

ARMS = ("relu", "elu", "gelu", "tanh")


def ahead(run: Run) -> float:
    """As usual, but ELU is no better than ReLU."""
    return 0.9 if run.activation == "elu" else usual_level(run)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[ReportData, ReportData]:
    """One study at two learning rates; ELU is ahead in the first alone."""
    path = tmp_path_factory.mktemp("pair")
    usual = {"seed": tuple(range(8)), "epochs": 2}
    first = predicted_data(path / "a", Study(name="slow", activation=ARMS, lr=0.001, **usual))
    second = predicted_data(path / "b", Study(name="fast", activation=ARMS[:3], lr=0.01, **usual), ahead)
    return first, second


def test_a_difference_that_changes_is_named_and_others_are_not(pair: tuple[ReportData, ReportData]) -> None:
    two = TwoStudies.of(*pair)
    assert (two.changes[0].arm, str(two.changes[0].decision.verdict)) == ("elu", "worse")
    assert "ELU is better in slow and" in two.sentence
    assert "GELU has the same verdict in both" in two.sentence
    assert "the difference of ELU from ReLU changes by −" in two.sentence
    assert "the difference of GELU" not in two.sentence
    assert [row[0] for row in changes_table(two).rows] == ["ELU", "GELU"], "arms of both studies"


def test_what_differs_between_the_recipes_is_listed(pair: tuple[ReportData, ReportData]) -> None:
    differing = {what: (one, other) for what, one, other in TwoStudies.of(*pair).differing}
    assert differing["Learning rate"] == ("0.001", "0.01")
    assert "Epochs" not in differing


@pytest.mark.usefixtures("undrawn")
def test_the_page_has_both_studies(pair: tuple[ReportData, ReportData], tmp_path: Path) -> None:
    path, sentence = write_side_by_side(*pair, tmp_path / "new" / "both.html")
    page = ParsedPage(path.read_text("utf-8"))
    assert sentence in page.text
    assert len(page.all("section")) == 2
    assert not page.all("script")


def test_studies_without_a_common_arm_are_refused(pair: tuple[ReportData, ReportData], tmp_path: Path) -> None:
    other = predicted_data(tmp_path, Study(activation=("relu", "silu"), seed=(0, 1, 2), epochs=1))
    with pytest.raises(StudyError, match="share no arm besides the baseline"):
        TwoStudies.of(pair[0], other)


def test_a_study_of_several_settings_is_refused(pair: tuple[ReportData, ReportData], tmp_path: Path) -> None:
    study = Study(name="rates", activation=ARMS[:2], lr=(0.1, 0.2), seed=(0, 1, 2), epochs=1)
    with pytest.raises(StudyError, match="rates has 2 settings"):
        TwoStudies.of(pair[0], predicted_data(tmp_path, study))
