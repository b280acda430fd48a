"""The page of a finished study: figures, tables, links, what was trained, and how it is written."""

import base64
import io
import re
import struct
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

from reluctant.analysis import headline
from reluctant.analysis.report_data import ReportData
from reluctant.records.study_records import StudyRecords
from reluctant.report import render_page, write_report
from reluctant.report.export import export_results, scores_csv
from reluctant.report.figure_files import write_figures
from reluctant.report.tables import MOST_EPOCHS, final_scores_table, listed_epochs
from reluctant.study import Study
from tests.support.figures import FOUR
from tests.support.html import ParsedPage, read_report
from tests.support.records import study_records


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study of four activations, with its report."""
    path = tmp_path_factory.mktemp("four")
    study = Study(name="quick", activation=FOUR, epochs=5)
    write_report(ReportData.of(study_records(path, study)), path)
    return path


@pytest.fixture(scope="module")
def html(folder: Path) -> str:
    return read_report(folder)


@pytest.fixture(scope="module")
def page(html: str) -> ParsedPage:
    return ParsedPage(html)


@pytest.fixture
def small(tmp_path: Path) -> ReportData:
    """One run of one epoch, in the folder `read`."""
    return ReportData.of(study_records(tmp_path / "read", Study(activation="relu", epochs=1, seed=0)))


def test_every_figure_is_saved_as_svg_and_shown(folder: Path, html: str) -> None:
    names = {p.name for p in (folder / "figures").iterdir()}
    stems = {name.removesuffix(".svg") for name in names}
    assert names == {f"{stem}.svg" for stem in stems}
    of_all = {"differences_f1", "margins_f1", "scores_f1", "curves_f1", "curves_loss", "cost_f1", "shapes",
              "dead_units", "gradients", "distributions"}  # fmt: skip
    assert of_all <= stems
    assert {"training_gelu", "confusion_gelu", "shape_gelu"} <= stems
    assert html.count("<figure") == len(stems) == len(of_all) + 3 * len(FOUR)


def test_every_picture_is_xml_with_words_and_numbers(html: str) -> None:
    pictures = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert len(pictures) > 20
    for picture in pictures:
        element = ElementTree.fromstring(picture)
        assert element.attrib["role"] == "img"
        assert element.attrib["aria-label"]
    for figure in re.findall(r"<figure.*?</figure>", html, re.DOTALL):
        assert re.search(r"<details><summary>Table: \w", figure)
        assert "<table>" in figure


def test_ids_are_unique_and_links_lead_somewhere(html: str) -> None:
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    targets = re.findall(r'(?:href="|url\()#([^")]+)', html) + re.findall(r'aria-labelledby="([^"]+)"', html)
    assert len(targets) > 10
    assert set(targets) <= set(ids)


def test_the_page_needs_nothing_from_outside(html: str, page: ParsedPage) -> None:
    assert "default-src 'none'" in html
    assert not [tag for tag, _ in page.tags if tag in ("script", "link", "img", "iframe", "object", "embed")]
    assert set(re.findall(r"https?://[^\"' <]+", html)) == {"http://www.w3.org/2000/svg"}
    assert "@import" not in html


def test_headings_step_down_one_by_one(page: ParsedPage) -> None:
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))


def test_table_headers_have_a_scope(page: ParsedPage) -> None:
    heads = page.all("th")
    assert heads
    assert all(head.get("scope") in ("col", "row") for head in heads)


def test_the_page_names_what_was_trained_and_where(folder: Path, page: ParsedPage) -> None:
    for part in ("not MNIST", "Learning rate", "5 (0 to 4), the same for every activation", "a processor",
                 "torch 2.13.0", "1" * 64, "110,922", "32 × 26 × 26", "blocks.0.conv",
                 f"{folder}/study.toml -o {folder}", "The default of most networks",
                 "200 test images", "Fukushima 1969"):  # fmt: skip
        assert part in page.text
    assert "of training and evaluation" in page.text


def test_the_table_holds_the_scores(folder: Path, html: str) -> None:
    data = ReportData.of(StudyRecords.read(folder)).one_setting
    table = final_scores_table(data)
    assert table.strong is not None
    assert table.columns[table.strong] == "Macro F1\u00a0*"
    for row, activation in zip(table.rows, FOUR, strict=True):
        interval = data.scores.interval("f1", activation)
        assert row[table.strong] == f"{interval.mean:.4f} ± {interval.half:.4f}"
        assert row[1] == "5"
        assert row[-2] == f"{min(run.score('f1') for run in data.scores.of(activation)):.4f}"
        assert row[-1] == "0\n≤ 45 %"
        assert f"{interval.mean:.4f}" in html


def test_the_same_results_make_the_same_page(folder: Path, html: str) -> None:
    assert render_page(ReportData.of(StudyRecords.read(folder))) == html


def test_another_path_gets_the_page_and_nothing_else(small: ReportData, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    path = write_report(small, tmp_path / "read", to=tmp_path / "elsewhere" / "page.html")
    assert path.read_text("utf-8").startswith("<!doctype html>")
    assert sorted(set(tmp_path.rglob("*")) - set(before)) == [path.parent, path]


def test_the_card_is_a_picture_that_the_page_names(folder: Path, html: str, page: ParsedPage) -> None:
    width, height = struct.unpack(">II", (folder / "card.png").read_bytes()[16:24])
    assert (width, height) == (1200, 630)
    metas = {meta.get("property") or meta.get("name"): meta.get("content") for meta in page.all("meta")}
    answer = headline(ReportData.of(StudyRecords.read(folder)))[0]
    assert metas["description"] == metas["og:description"] == answer
    assert (metas["og:image"], metas["twitter:card"]) == ("card.png", "summary_large_image")
    alone = ParsedPage(render_page(ReportData.of(StudyRecords.read(folder)), card=""))
    assert not [meta for meta in alone.all("meta") if meta.get("property") == "og:image"]


@pytest.mark.usefixtures("undrawn")
def test_on_the_web_the_card_has_a_whole_address(small: ReportData, tmp_path: Path) -> None:
    write_report(small, tmp_path, address="https://lab.example/quick/")
    assert '<meta property="og:image" content="https://lab.example/quick/card.png">' in read_report(tmp_path)


def test_the_page_holds_its_scores_and_its_study(folder: Path, page: ParsedPage, tmp_path: Path) -> None:
    links = {link["download"]: str(link["href"]) for link in page.all("a") if "download" in link}
    content = {name: base64.b64decode(link.partition(";base64,")[2]).decode() for name, link in links.items()}
    data = ReportData.of(StudyRecords.read(folder))
    export_results(data, tmp_path / "scores.csv")
    assert content == {
        "scores.csv": (tmp_path / "scores.csv").read_text("utf-8"),
        "study.toml": (folder / "study.toml").read_text("utf-8"),
    }


def test_a_long_csv_keeps_the_last_epoch_of_every_run(folder: Path) -> None:
    data = ReportData.of(StudyRecords.read(folder))
    text, rows, whole = scores_csv(data, most=100)
    table = pd.read_csv(io.StringIO(text))
    assert (len(table), whole) == (rows, False)
    assert set(table["epoch"]) == {5}
    assert len(table.groupby(["activation", "seed"])) == 20


@pytest.mark.usefixtures("undrawn")
def test_every_section_is_in_the_table_of_contents(html: str, page: ParsedPage) -> None:
    listed = [str(a["href"])[1:] for a in page.all("a") if str(a.get("href")).startswith("#")]
    sections = [s["id"] for s in page.all("section") if s.get("id")]
    assert listed == sections
    opened = sections[: sections.index("data") + 1]
    folded = re.findall(r'<details class="fold">.*?<section id="(\w+)"', html, re.DOTALL)
    assert opened == ["verdicts", "scores", "curves", "cost", "data"]
    assert folded == sections[len(opened) :]


def test_a_png_that_was_exported_is_renewed_with_the_page(tmp_path: Path) -> None:
    study = Study(activation=("relu", "elu"), epochs=1, seed=(0, 1))
    write_figures(ReportData.of(study_records(tmp_path, study)), tmp_path / "figures")
    dots = tmp_path / "figures" / "training_elu.png"
    first = dots.read_bytes()
    dots.write_bytes(b"old")
    other = tmp_path / "figures" / "photo.png"
    other.write_bytes(b"not a figure")
    write_report(ReportData.of(StudyRecords.read(tmp_path)), tmp_path)
    assert dots.read_bytes() == first
    assert other.read_bytes() == b"not a figure"


def test_a_page_that_cannot_be_written_leaves_the_old_one(
    small: ReportData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "read"
    (folder / "report.html").write_text("old", "utf-8")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_report(small, folder)
    assert read_report(folder) == "old"
    assert not list(folder.glob(".*part"))


def test_one_missing_environment_is_named(small: ReportData, tmp_path: Path) -> None:
    for path in (tmp_path / "read" / "environments").iterdir():
        path.unlink()
    html = render_page(ReportData.of(StudyRecords.read(tmp_path / "read")))
    assert "its description is missing from the folder" in html


def test_one_activation_has_no_section_of_verdicts(small: ReportData) -> None:
    assert 'id="verdicts"' not in render_page(small)


def test_long_studies_are_thinned_in_tables() -> None:
    epochs = listed_epochs(1000)
    assert epochs[0] == 1
    assert epochs[-1] == 1000
    assert len(epochs) == MOST_EPOCHS
    assert listed_epochs(3) == [1, 2, 3]
