"""Intervals and bands that leave a panel end in an arrow at its edge, and others do not."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reluctant.analysis.summary import Band
from reluctant.figures.beyond_axis import draw_interval, mark_band
from reluctant.statistics import Interval
from tests.support.figures import markers


@pytest.fixture
def axes() -> Axes:
    """A panel from 0 to 10, and from 0 to 1."""
    panel = Figure().add_subplot()
    panel.set_xlim(0, 10)
    panel.set_ylim(0, 1)
    return panel


@pytest.mark.parametrize(
    ("ends", "arrows"), [((0.2, 0.9), ""), ((-0.2, 0.9), "v"), ((0.2, 1.1), "^"), ((-5.0, 5.0), "v^")]
)
def test_an_interval_ends_in_an_arrow_only_where_it_leaves_the_panel(
    axes: Axes, ends: tuple[float, float], arrows: str
) -> None:
    draw_interval(axes, Interval(5, 0.5, *ends), 3.0, "#000000", along="y")
    line = axes.lines[0]
    assert np.min(line.get_ydata()) >= 0
    assert np.max(line.get_ydata()) <= 1
    drawn = [str(each.get_marker()) for each in axes.lines[1:]]
    assert "".join(drawn) == arrows
    assert all(np.asarray(each.get_ydata())[0] in (0, 1) for each in axes.lines[1:])


def test_a_mean_without_an_interval_has_no_line(axes: Axes) -> None:
    draw_interval(axes, Interval(1, 0.5, None, None), 3.0, "#000000", along="x")
    assert not axes.lines


def test_a_band_is_marked_where_it_leaves_most(axes: Axes) -> None:
    mean = np.full(4, 0.5)
    band = Band(5, mean, np.array([0.2, 0.1, -0.1, -0.4]), np.array([0.9, 0.9, 0.9, np.nan]))
    assert mark_band(axes, band, "#000000")
    (arrow,) = axes.lines
    assert (arrow.get_marker(), np.asarray(arrow.get_xydata()).tolist()) == ("v", [[4, 0]])
    assert not mark_band(axes, Band(5, mean, mean, mean), "#000000")
    assert markers(axes.figure, "v^") == 1  # type: ignore[arg-type]
