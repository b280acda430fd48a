"""Hundreds of runs whose every text is an attack: inert in the page, in figures and in exported files."""

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import numpy as np
import pytest
from markdown_it import MarkdownIt

from reluctant.analysis.labels import clip
from reluctant.analysis.report_data import ReportData
from reluctant.core.display import visible
from reluctant.records.run_result import RunResult
from reluctant.records.study_records import StudyRecords
from reluctant.report import write_report
from reluctant.report.export import export_results, latex
from reluctant.scores.scores import scores_frame
from tests.support.browser import launch_chromium, watch_tab
from tests.support.hostile import ATTACKS, CLASSES, NAMES, acting_signs, hostile_folder, hostile_study
from tests.support.html import TAGS
from tests.support.undrawn import without_png

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DRAWING = """svg g path rect text tspan use defs clipPath style metadata RDF Work type title date format
creator Agent"""
CONTENT = """() => ({
  tags: [...new Set([...document.querySelectorAll('*')].map(e => e.tagName.toLowerCase()))],
  acting: [...document.querySelectorAll('*')]
    .flatMap(e => [...e.attributes].map(a => a.name + '=' + a.value))
    .filter(a => /^(on|(src|srcdoc|action|formaction|xlink:href)=|href=(?!#))/i.test(a))
    .filter(a => !/^href=data:(text\\/csv|application\\/toml);base64,[A-Za-z0-9+\\/=]*$/.test(a)),  // downloads
  hit: window.hit === undefined ? 'nothing' : window.hit,
  styles: document.querySelectorAll('style').length,
  display: getComputedStyle(document.body).display,
  text: document.body.textContent,
})"""
COMMANDS = r"\\(?:textbackslash|textasciitilde|textasciicircum|textless|textgreater)\{\}|\\[&%$#_{}]|\$\\pm\$|\$-\$"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study's folder with its report. Its figures are drawings alone: dots hold no text that could act."""
    path = hostile_folder(tmp_path_factory.mktemp("hostile") / "s")
    with without_png():
        write_report(ReportData.of(StudyRecords.read(path)), path)
    return path


@pytest.fixture(scope="module")
def records(folder: Path) -> StudyRecords:
    return StudyRecords.read(folder)


@pytest.fixture(scope="module")
def data(records: StudyRecords) -> ReportData:
    return ReportData.of(records)


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    with launch_chromium() as chromium:
        yield chromium


@pytest.mark.chromium
@pytest.mark.parametrize("guarded", [True, False], ids=["as it is", "without its security policy"])
def test_in_a_browser_nothing_acts_and_all_is_shown(
    browser: "Browser", folder: Path, tmp_path: Path, guarded: bool
) -> None:
    html = (folder / "report.html").read_text("utf-8")
    page = tmp_path / "page.html"
    page.write_text(html if guarded else re.sub(r"<meta http-equiv=[^>]*>", "", html), "utf-8")
    tab = browser.new_page()
    messages = watch_tab(tab, page)
    content, title = tab.evaluate(CONTENT), tab.title()
    tab.close()
    assert messages == []
    assert content["hit"] == "nothing"
    assert set(content["tags"]) <= TAGS
    assert content["acting"] == []
    assert (content["styles"], content["display"]) == (1, "block")
    assert title.startswith(hostile_study().name)
    text = " ".join(content["text"].split())
    assert [each for each in expected_texts() if " ".join(each.split()) not in text] == []
    assert acting_signs(content["text"]) == []


def expected_texts() -> Iterator[str]:
    """What a reader of the page must find word for word; signs that cannot be printed are escaped."""
    study = hostile_study()
    yield from (study.name, study.about, *(claim.says for claim in study.claim))
    yield from NAMES
    yield from map(clip, CLASSES)
    for text in ATTACKS.values():
        yield f"{visible(text)} ("  # a warning, with the number of its runs
        yield visible(f"Error: {text}".rstrip("\r"))  # which ends a line


def test_figures_are_drawings_and_nothing_else(folder: Path) -> None:
    paths = sorted((folder / "figures").glob("*.svg"))
    assert len(paths) > 3 * len(NAMES)
    for path in paths:
        assert re.fullmatch(r"[A-Za-z0-9.=_-]+", path.name)
        for element in ElementTree.parse(path).iter():
            tag = str(element.tag).rpartition("}")[2]
            assert tag in DRAWING.split(), (path.name, tag)
            attributes = {name.rpartition("}")[2]: value for name, value in element.attrib.items()}
            assert not [name for name in attributes if name.startswith("on")]
            assert attributes.get("href", "#").startswith("#")
            if tag == "style":
                assert element.text == "*{stroke-linejoin: round; stroke-linecap: butt}"


def cells(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def only(records: StudyRecords, result: RunResult) -> ReportData:
    """The analysis of one run."""
    return ReportData.of(replace(records, runs=(result,)))


def test_no_cell_of_a_csv_file_is_a_formula_and_numbers_stay(data: ReportData, tmp_path: Path) -> None:
    rows = cells(export_results(data, tmp_path / "x.csv"))
    frame = scores_frame(data.scores, "classification", ["f1", "mcc", "loss"])
    assert len(rows) == len(frame) > 2000
    for name in ("f1", "mcc", "loss"):
        np.testing.assert_array_equal([float(row[name]) for row in rows], frame[name])
    for row in rows:
        for value in (row["activation"], row["model"], row["dataset"]):
            assert not re.search(r"(^|[;\t\r\n])\s*[=+@-]", value)
            assert acting_signs(value) == []
    assert {re.sub(r";'([=+@-])", r";\1", row["activation"]) for row in rows} == set(NAMES)


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "\t", "\r", "\t=", " =", "＝", "＋", "－", "＠", "\n=", "x;=", "x; -"]
)
def test_a_text_that_a_spreadsheet_takes_for_a_formula_gets_an_apostrophe(
    records: StudyRecords, tmp_path: Path, start: str
) -> None:
    first = records.runs[0]
    run = replace(first.run, model=f"{start}1+1")
    forged = replace(first, record=first.record.model_copy(update={"run": run}))
    value = cells(export_results(only(records, forged), tmp_path / "x.csv"))[0]["model"]
    position = start.index(";") + 1 if ";" in start else 0
    assert value[position] in ("'", "\\")
    assert value.replace("'", "") == visible(f"{start}1+1")


def test_a_negative_number_in_a_csv_file_is_a_number(records: StudyRecords, tmp_path: Path) -> None:
    first = records.runs[0]
    turned = {split: np.flip(matrix, axis=2) for split, matrix in first.counts.items()}
    rows = cells(export_results(only(records, replace(first, counts=turned)), tmp_path / "x.csv"))
    assert [float(row["mcc"]) for row in rows] == [float(row["mcc"].replace("'", "")) for row in rows]
    assert min(float(row["mcc"]) for row in rows) < 0


@pytest.mark.parametrize("text", [*ATTACKS.values(), *NAMES, hostile_study().model[0]])
def test_no_text_holds_a_command_of_latex(text: str) -> None:
    """A strict law instead of a compiler: without the few escapes, no sign is left that means anything."""
    left = re.sub(COMMANDS, "", latex(text))
    assert not set(left) & set("\\{}$&#%_^~\n\r")
    assert acting_signs(left) == []


def test_a_latex_file_holds_its_table_and_nothing_else(data: ReportData, tmp_path: Path) -> None:
    lines = export_results(data, tmp_path / "x.tex").read_text("utf-8").splitlines()
    ours = (r"% needs \usepackage{booktabs}", r"\begin{tabular}{lrlll}", r"\toprule", r"\midrule",
            r"\bottomrule", r"\end{tabular}")  # fmt: skip
    rows = [line for line in lines if line not in ours]
    assert len(rows) == 1 + len(NAMES)
    for row in rows:
        plain = re.sub(COMMANDS, "", row.removesuffix(r" \\"))
        inside = re.sub(r"\\text(?:bf|it)\{([^{}]*)\}", r"\1", plain)
        assert not set(inside.replace(" & ", "")) & set("\\{}$&#%_^~")
        assert inside.count(" & ") == 4


def test_a_markdown_file_shows_every_name_as_it_is(data: ReportData, tmp_path: Path) -> None:
    text = export_results(data, tmp_path / "x.md").read_text("utf-8")
    assert "{{" not in text
    assert "{%" not in text
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    inline = [token.children or [] for token in tokens if token.type == "inline"]
    kinds = {child.type for children in inline for child in children}
    assert kinds <= {"text", "text_special", "strong_open", "strong_close", "em_open", "em_close"}
    written = ["".join(child.content for child in children) for children in inline]
    assert written[5:-1:5] == [visible(name) for name in NAMES]
    assert len(written) == 5 * (1 + len(NAMES)) + 1
