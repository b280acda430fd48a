"""Verification of the report: the page and its figures are those that the records give."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from reluctant.figures.card import card_png
from reluctant.report import render_page, write_report
from reluctant.report.figure_files import write_figures
from reluctant.study import Study
from reluctant.verification.findings import Finding
from reluctant.verification.page import check_page, compare_page
from tests.support.records import study_folder
from tests.support.verified import read_data, record_files


@pytest.fixture(scope="module")
def report_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of artificial records with its report."""
    path = tmp_path_factory.mktemp("drawn") / "s"
    study_folder(path, Study(activation=["relu", "elu"], seed=[0, 1], epochs=1))
    write_report(read_data(path), path)
    return path


@pytest.fixture
def reported(report_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(report_folder, tmp_path / "s"))


@pytest.fixture(scope="module")
def again(report_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, bytes]:
    """The page of those records drawn again, its figures, and its card."""
    figures, data = tmp_path_factory.mktemp("again"), read_data(report_folder)
    return render_page(data, figures), figures, card_png(data)


@pytest.fixture
def on_page(reported: Path, again: tuple[str, Path, bytes]) -> Callable[[], list[Finding]]:
    """What is found in the page as it is now, and in its figures."""
    path = reported / "report.html"
    return lambda: list(compare_page(path, path.read_text("utf-8"), *again))


OnPage = Callable[[], list[Finding]]


def rewrite(folder: Path, old: str, new: str) -> None:
    path = folder / "report.html"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_a_page_is_the_same_in_another_folder(reported: Path) -> None:
    assert str(reported) not in (reported / "report.html").read_text("utf-8")
    assert list(check_page(reported)) == []


def test_a_number_that_the_records_do_not_give_is_named(reported: Path, on_page: OnPage) -> None:
    score = read_data(reported).scores.interval("f1", "elu").mean
    rewrite(reported, f'<td class="strong">{score:.4f}', '<td class="strong">0.9999')
    (finding,) = on_page()
    assert finding.is_contradiction
    assert finding.message == f"says “0.9999” under “Final scores”, where the records give “{score:.4f}”"


def test_a_script_in_the_page_is_found(reported: Path, on_page: OnPage) -> None:
    rewrite(reported, "</main>", "<script src='x'></script></main>")
    (finding,) = on_page()
    assert finding.is_contradiction
    assert "its markup is not what is drawn" in finding.message


def test_labels_of_drawings_are_compared(reported: Path, on_page: OnPage) -> None:
    rewrite(reported, 'aria-label="Macro F1 after', 'aria-label="Micro F1 after')
    assert [f.is_contradiction for f in on_page()] == [True]
    assert "“Micro F1 after" in on_page()[0].message


def test_another_drawing_is_found_unless_another_matplotlib_drew_it(reported: Path, on_page: OnPage) -> None:
    rewrite(reported, '<path d="M ', '<path d="M 1 ')
    (finding,) = on_page()
    assert finding.is_contradiction
    assert finding.message.startswith("has another drawing than the records give: “")
    rewrite(reported, "; matplotlib ", "; matplotlib 1.")
    (finding,) = on_page()
    assert not finding.is_contradiction
    assert "its words are compared, its drawings are not" in finding.message


def test_figures_are_compared_to_the_byte(reported: Path, on_page: OnPage) -> None:
    drawing, image = (reported / "figures" / name for name in ("scores_f1.svg", "curves_loss.svg"))
    drawing.write_text(drawing.read_text("utf-8").replace('<path d="M ', '<path d="M 1 ', 1), "utf-8")
    image.unlink()
    card = reported / "card.png"
    card.write_bytes(card.read_bytes() + b"\0")
    findings = {f.path: (f.is_contradiction, f.message) for f in on_page()}
    assert findings == {
        drawing: (True, "is not the figure that the records give"),
        image: (False, "is not there; `reluctant report` draws it"),
        card: (True, "is not the figure that the records give"),
    }


def test_figures_exported_as_png_are_compared_too(reported: Path) -> None:
    write_figures(read_data(reported), reported / "figures")
    assert list(check_page(reported)) == []
    dots = reported / "figures" / "training_elu.png"
    dots.write_bytes(dots.read_bytes() + b"\0")
    (finding,) = check_page(reported)
    assert (finding.path, finding.is_contradiction) == (dots, True)


@pytest.mark.usefixtures("undrawn")
def test_a_page_on_the_web_is_that_of_its_records(reported: Path) -> None:
    write_report(read_data(reported), reported, address="https://lab.example/s")
    assert list(check_page(reported)) == []


@pytest.mark.usefixtures("undrawn")
def test_an_older_page_is_no_contradiction(reported: Path) -> None:
    gone = record_files(reported)[0]
    content = gone.read_bytes()
    gone.unlink()
    write_report(read_data(reported), reported)
    gone.write_bytes(content)
    (finding,) = list(check_page(reported))
    assert not finding.is_contradiction
    assert finding.message.startswith("is older than the records: it was drawn from 3 of 4 runs, and now there are 4")


@pytest.mark.usefixtures("undrawn")
def test_a_page_of_runs_without_a_record_is_found(reported: Path) -> None:
    record_files(reported)[0].unlink()
    (finding,) = list(check_page(reported))
    assert finding.is_contradiction
    assert finding.message == "is of 4 runs, complete, and the records that can be trusted are 3 of 4 runs"


def test_no_page_and_a_page_of_another_version_are_remarks(reported: Path) -> None:
    rewrite(reported, 'content="reluctant ', 'content="reluctant 99.')
    (finding,) = list(check_page(reported))
    assert not finding.is_contradiction
    assert "was drawn by reluctant 99." in finding.message
    (reported / "report.html").unlink()
    (finding,) = list(check_page(reported))
    assert (finding.is_contradiction, finding.message) == (False, "is not there; `reluctant report` draws it")
