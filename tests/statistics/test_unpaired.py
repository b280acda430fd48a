"""The figure of differences: which means lie on its axis, and what stands for one that does not."""

from collections.abc import Sequence

import pytest
from matplotlib.figure import Figure

from reluctant import figures
from reluctant.analysis.comparison import compare
from tests.analysis.test_comparison import STUDY
from tests.support.scored import results

NEAR = {"relu": (0.95, 0.951, 0.949), "elu": (0.952, 0.95, 0.951), "gelu": (0.953, 0.949, 0.951)}


def drawn(**scores: Sequence[float]) -> Figure:
    (comparison,) = compare(results({name: list(values) for name, values in scores.items()}, **STUDY))
    return figures.differences(comparison)


def axis(figure: Figure) -> tuple[float, float]:
    (axes,) = figure.axes
    low, high = axes.get_xlim()
    return low, high


def texts(figure: Figure) -> str:
    return " ".join(each.get_text() for each in (*figure.texts, *figure.axes[0].texts))


def test_a_large_difference_lies_on_the_axis_where_intervals_are_wide() -> None:
    figure = drawn(relu=(0.7, 0.8, 0.75), elu=(0.76, 0.77, 0.78), gelu=(0.35, 0.4, 0.33))
    assert axis(figure)[0] < -39 < 2 < axis(figure)[1]
    assert "beyond the axis" not in texts(figure)


@pytest.mark.parametrize(("far", "said"), [((0.12, 0.121, 0.119), "−83.00"), ((0.12, 0.1, 0.14), "−83.00")])
def test_one_that_lies_far_beyond_is_an_arrow_with_its_value(far: Sequence[float], said: str) -> None:
    figure = drawn(**NEAR, silu=(0.951, 0.95, 0.952), tanh=far)
    assert -20 < axis(figure)[0] < 0
    assert said in texts(figure)
    assert "arrow: beyond the axis" in texts(figure)
