"""The figure of published numbers: a mark for each, nothing beyond the sheet, all of it in words too."""

from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from reluctant import figures
from reluctant.analysis import SettingData
from reluctant.figures.style import NARROW, WIDE
from tests.support.figures import texts, texts_outside
from tests.support.scored import FIVE_PUBLISHED, PUBLISHED, SCORES_BESIDE_PUBLISHED, setting_data

both_widths = pytest.mark.parametrize("width", [WIDE, NARROW])


def data(**options: Any) -> SettingData:
    return setting_data(SCORES_BESIDE_PUBLISHED, **{"published": FIVE_PUBLISHED, **options})


@both_widths
def test_every_number_is_a_mark_within_its_panel(width: float) -> None:
    setting = data()
    figure = figures.published_numbers(setting, width=width)
    headings = ["Test accuracy after epoch 1", "Test accuracy after epoch 2"]
    assert [text for text in texts(figure) if text.startswith("Test accuracy")] == headings
    assert len(figure.axes) == 2
    for axes, epoch in zip(figure.axes, (1, 2), strict=True):
        marks = {x for line in axes.lines for x in np.atleast_1d(line.get_xdata()).tolist()}
        values = {check.published.value for check in setting.published if check.published.epoch == epoch}
        assert values <= marks
        low, high = axes.get_xlim()
        assert all(low < value < high for value in values)


def overlapping(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of texts that lie over each other."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    renderer = canvas.get_renderer()  # type: ignore[no-untyped-call]
    visible = [t for t in figure.findobj(Text) if isinstance(t, Text) and t.get_text() and t.get_visible()]
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in visible]
    return [
        (one, other) for i, (one, box) in enumerate(boxes) for other, other_box in boxes[:i] if box.overlaps(other_box)
    ]


@both_widths
def test_nothing_is_written_beyond_the_sheet_or_over_another(width: float) -> None:
    three = ("relu", "gelu", "leaky_relu(negative_slope=0.002)")
    many = [{**PUBLISHED, "activation": name, "epoch": epoch} for name in three for epoch in (1, 2, 3)]
    figure = figures.published_numbers(data(published=many), width=width)
    assert texts_outside(figure) == []
    assert overlapping(figure) == []


def test_its_label_says_it_all() -> None:
    label = str(figures.published_numbers(data()).get_label())
    assert "ReLU, test accuracy after epoch 2: published 0.9900, ours 0.9500, higher than ours." in label
    assert "ELU, test accuracy after epoch 1: published 0.9000, none of ours, undecided." in label


def test_few_runs_and_none() -> None:
    one = setting_data({"relu": [0.95]}, published=[PUBLISHED])
    assert "no spread" in one.published[0].reason
    assert len(figures.published_numbers(one).axes) == 1
    nothing = figures.published_numbers(setting_data({"relu": [0.9]}))
    assert "names no published numbers" in " ".join(texts(nothing))
