"""What holds for every figure: all of it is on the sheet, it is the same to the byte, nothing in it acts."""

import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib
import pytest
from matplotlib.figure import Figure

from reluctant import figures
from reluctant.analysis.report_data import ReportData
from reluctant.analysis.setting_data import SettingData
from reluctant.core.errors import StudyError
from reluctant.figures import inline, style
from reluctant.figures.inline import png, svg
from reluctant.figures.sheet import head_of
from reluctant.records.study_records import StudyRecords
from reluctant.study import Study
from tests.figures.conftest import STUDIES
from tests.support.figures import FOUR, texts, texts_outside
from tests.support.records import study_records

Setting = Callable[[str], SettingData]


def of_last(draw: Callable[..., Figure], data: SettingData, **options: Any) -> Figure:
    """A figure of one activation, drawn for the last."""
    return draw(data, data.arms[-1], **options)


DRAW: dict[str, Callable[..., Figure]] = {
    "final f1": partial(figures.final_scores, metric="f1"),
    "final loss": partial(figures.final_scores, metric="loss"),
    "f1": partial(figures.score_by_epoch, metric="f1"),
    "loss": partial(figures.score_by_epoch, metric="loss"),
    "cost": figures.score_against_time,
    "differences": lambda data, **options: figures.differences(data.comparison, **options),
    "dead units": figures.dead_units,
    "gradients": figures.gradient_by_depth,
    "distributions": figures.distributions,
    "shapes": figures.activation_shapes,
    "training": partial(of_last, figures.training_curves),
    "confusion": partial(of_last, figures.confusion),
    "shape": partial(of_last, figures.activation_shape),
}

each_figure = pytest.mark.parametrize("name", DRAW)


def read_again(data: SettingData) -> SettingData:
    assert data.records is not None
    assert data.records.folder is not None
    return ReportData.of(StudyRecords.read(data.records.folder)).one_setting


@each_figure
def test_it_is_complete_for_every_study_and_width(setting: Setting, name: str) -> None:
    for study in STUDIES:
        for width in (style.WIDE, style.NARROW):
            figure = DRAW[name](setting(study), width=width)
            assert texts_outside(figure) == [], (study, width)
            text = svg(figure)
            element = ElementTree.fromstring(figures.inline_svg(figure, text=text))
            assert element.attrib["role"] == "img"
            assert len(element.attrib["aria-label"]) > 20
            if not name.startswith("shape"):
                assert "not MNIST" in head_of(figure).notes, (study, width)


@each_figure
def test_drawn_again_under_a_readers_own_settings_it_is_the_same_to_the_byte(setting: Setting, name: str) -> None:
    data = setting("four")
    first = DRAW[name](data)
    text, dots = svg(first), png(first)
    assert dots.startswith(b"\x89PNG")
    assert "<dc:date>" not in text
    own: Any = {"font.size": 20, "axes.grid": True, "axes.facecolor": "red", "lines.linewidth": 9,
                "text.parse_math": True, "figure.facecolor": "black"}  # fmt: skip
    with matplotlib.rc_context(own):
        before = dict(matplotlib.rcParams)
        again = DRAW[name](read_again(data))
        assert svg(again) == text
        assert png(again) == dots
        assert dict(matplotlib.rcParams) == before


@each_figure
def test_names_of_others_are_letters_and_nothing_else(setting: Setting, name: str) -> None:
    page = figures.inline_svg(DRAW[name](setting("hostile")))
    elements = list(ElementTree.fromstring(page).iter())
    assert {element.tag.rpartition("}")[2] for element in elements} <= inline.ELEMENTS
    assert {key for element in elements for key in element.attrib} <= {*inline.ATTRIBUTES, "role", "aria-label"}
    assert not re.search(r"<(script|img|style|!--)", page)


def test_a_dollar_is_a_dollar(setting: Setting) -> None:
    assert any("$x^2$" in text for text in texts(figures.activation_shapes(setting("hostile"))))


def test_inline_drawings_follow_the_colours_of_the_page(setting: Setting) -> None:
    pages = [figures.inline_svg(DRAW[name](setting("four"))) for name in ("f1", "loss")]
    ids = [set(re.findall(r' id="([^"]+)"', page)) for page in pages]
    assert ids[0]
    assert not ids[0] & ids[1]
    for page, own in zip(pages, ids, strict=True):
        assert set(re.findall(r'(?:url\(|href=")#([^)"]+)', page)) <= own
        assert not re.search(r"(?<!, )#[0-9a-f]{6}\b", re.sub(r'href="[^"]*"', "", page))
        assert "font-family" not in page
        assert f"var(--s1, {style.SERIES[0]})" in page


def test_a_page_can_set_the_title_itself(setting: Setting) -> None:
    figure = figures.score_by_epoch(setting("four"))
    head = head_of(figure)
    assert head.title == "Macro F1 over the epochs"
    with_head, without = figures.inline_svg(figure), figures.inline_svg(figure, head=False)
    assert head.title in re.sub(r'aria-label="[^"]*"', "", with_head)
    assert head.title not in re.sub(r'aria-label="[^"]*"', "", without)


def test_save_writes_both_files(setting: Setting, tmp_path: Path) -> None:
    figure = figures.final_scores(setting("four"))
    figures.save(figure, tmp_path / "deep" / "a.b")
    assert sorted(p.name for p in (tmp_path / "deep").iterdir()) == ["a.b.png", "a.b.svg"]
    assert (tmp_path / "deep" / "a.b.svg").read_text("utf-8") == svg(figure)


def test_several_settings_are_drawn_one_at_a_time(tmp_path: Path) -> None:
    study = Study(activation=FOUR, lr=(0.1, 0.01), seed=0, epochs=2)
    data = ReportData.of(study_records(tmp_path, study))
    with pytest.raises(StudyError, match="the study varies lr; add setting="):
        _ = data.one_setting
    for name in ("final f1", "f1", "training", "confusion"):
        assert DRAW[name](data.settings[1]).axes


def test_nothing_heavy_is_imported() -> None:
    heavy = ("torch", "pandas", "scipy.stats", "matplotlib", "jinja2")
    code = f"import sys, reluctant.figures, reluctant.report; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
