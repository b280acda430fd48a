"""Activations of studies to draw, and what there is in a figure or on a page: texts, marks, contrast."""

import re
from html import unescape
from typing import Any
from xml.etree import ElementTree

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from reluctant.figures import style
from reluctant.figures.inline import svg
from reluctant.figures.sheet import head_of
from reluctant.figures.text_width import any_script
from reluctant.study import Study

FOUR = ("relu", "leaky_relu(negative_slope=0.002)", "elu", "gelu")
MANY = tuple(f"leaky_relu(negative_slope={i / 100})" for i in range(2, 42))
HOSTILE = (
    "lab:f(text='<script>alert(1)</script>')",
    "lab:g(text='\"><img src=x onerror=alert(2)>')",
    "lab:h(text='{{7*7}}')",
    "lab:k(text='$x^2$ \\\\frac{')",
    "lab:m(text='字 🎉 &amp; <!-- ]]>')",
    f"lab:w(text='{'W' * 200}')",
)


def all_diverged(study: Study) -> dict[tuple[str, int], int]:
    """For `records.study_records`: every run diverges, in its first epoch or its second."""
    return {(run.activation, int(run.seed)): 1 + int(run.seed) % 2 for run in study.runs()}


def texts(figure: Figure) -> list[str]:
    """Every text that is drawn in a figure, line by line."""
    root = ElementTree.fromstring(svg(figure))
    return [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]


def words(figure: Figure) -> str:
    """All texts of a figure in one line."""
    return " ".join(" ".join(texts(figure)).split())


def notes(figure: Figure) -> str:
    """The line below a figure's title."""
    return head_of(figure).notes


def texts_outside(figure: Figure) -> list[str]:
    """The texts that reach beyond the edge of a figure. Everything is laid out, and no dot is drawn."""
    boxes: list[tuple[str, Any]] = []
    draw = Text.draw

    def noted(text: Text, renderer: Any, *args: Any, **options: Any) -> None:
        """An axis writes all its numbers with one text, so that each is where it is only while it is drawn."""
        if text.get_visible() and text.get_text():
            boxes.append((text.get_text(), text.get_window_extent(renderer)))
        draw(text, renderer, *args, **options)

    with style.style(), any_script(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(Text, "draw", noted)
        FigureCanvasAgg(figure)
        figure.draw_without_rendering()
        edge = figure.bbox.padded(1)
    assert boxes
    return [text for text, box in boxes if not (edge.contains(box.x0, box.y0) and edge.contains(box.x1, box.y1))]


def markers(figure: Figure, kinds: str) -> int:
    """How many lines of a figure have one of these markers, such as `oD`."""
    return sum(str(line.get_marker()) in kinds for axes in figure.axes for line in axes.lines)


def luminance(colour: str) -> float:
    """The relative luminance of a colour `#rrggbb` (WCAG 2.1)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours (WCAG 2.1)."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def page_words(html: str) -> str:
    """The words of a page in one line, those within figures among them."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html[html.index("<body") :])))
