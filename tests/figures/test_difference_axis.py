"""The axis of the figure of differences: which means lie on it, and what stands for one that does not."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from reluctant import figures
from tests.support.figures import words
from tests.support.scored import setting_data

STUDY: dict[str, Any] = {"compare": {"metric": "accuracy", "margin": 0.005, "baseline": "relu"}}
NEAR = {"relu": (0.95, 0.951, 0.949), "elu": (0.952, 0.95, 0.951), "gelu": (0.953, 0.949, 0.951)}


def draw(**scores: Sequence[float]) -> Figure:
    data = setting_data({name: list(values) for name, values in scores.items()}, **STUDY)
    return figures.differences(data.comparison)


def limits(figure: Figure) -> tuple[float, float]:
    (axes,) = figure.axes
    low, high = axes.get_xlim()
    return low, high


def test_a_large_difference_lies_on_the_axis_where_intervals_are_wide() -> None:
    figure = draw(relu=(0.7, 0.8, 0.75), elu=(0.76, 0.77, 0.78), gelu=(0.35, 0.4, 0.33))
    low, high = limits(figure)
    assert low < -39 < 2 < high
    (axes,) = figure.axes
    means = [float(np.asarray(line.get_xdata(), float)[0]) for line in axes.lines if line.get_marker() == "o"]
    assert all(low < mean < high for mean in means)  # wider than that, of three seeds, is the interval that decides


@pytest.mark.parametrize("scores", [(0.12, 0.121, 0.119), (0.12, 0.1, 0.14)])
def test_a_mean_far_beyond_the_others_is_an_arrow_with_its_value(scores: Sequence[float]) -> None:
    figure = draw(**NEAR, silu=(0.951, 0.95, 0.952), tanh=scores)
    assert -20 < limits(figure)[0] < 0
    assert "−83" in words(figure).split()
    assert "arrow: the value lies outside the axis" in words(figure)
