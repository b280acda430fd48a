"""The kit of the figures: colours, widths of texts, limits of axes, ticks, labels that keep apart."""

import numpy as np
import pytest

from reluctant.figures import sheet, style
from reluctant.figures.confusion import SHADES
from reluctant.figures.style import possible
from reluctant.figures.text_width import fitted, width_of, wrapped
from tests.support.figures import contrast


def test_every_activation_has_its_own_colour_and_line() -> None:
    marks = [style.mark(i, str(i)) for i in range(42)]
    assert len({(m.colour, m.dashes) for m in marks}) == 42
    assert len({m.colour for m in marks[:6]}) == len({m.dashes for m in marks[:6]}) == 6


def mixed(over: str, under: str, share: float) -> str:
    pairs = [(int(over[i : i + 2], 16), int(under[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(share * a + (1 - share) * b):02x}" for a, b in pairs)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_lines_and_letters_stand_out(dark: bool) -> None:
    def of(colour: str) -> str:
        return style.DARK[colour] if dark else colour

    assert min(contrast(of(c), of(style.PAPER)) for c in style.SERIES) >= 3
    assert min(contrast(of(c), of(style.PAPER)) for c in (style.INK, style.MUTED)) >= 4.5
    grounds = [mixed(of(style.ERROR), of(style.PAPER), shade) for shade in SHADES]
    assert min(contrast(of(style.INK), ground) for ground in grounds) >= 4.5


def test_an_outlier_does_not_flatten_the_rest() -> None:
    low, high = style.limits([0.98, 0.981, 0.982, 0.983, 0.1])
    assert 0.97 < low < 0.98
    assert 0.983 < high < 0.99
    assert style.limits([]) == (0, 1)
    assert style.limits([float("nan"), 2.0, 2.0])[0] < 2 < style.limits([2.0, 2.0])[1]


def test_an_axis_of_r2_may_lie_below_zero_and_never_above_one() -> None:
    low, high = possible(-3.0, 2.0, "share of variance explained")
    assert low == -3.0
    assert 1 < high < 1.2


def test_texts_are_cut_and_wrapped_to_fit() -> None:
    for text in ("W" * 30, "i" * 100, "a few words that go on"):
        assert width_of(fitted(text, 9, 1.0), 9) <= 1
        assert all(width_of(line, 9) <= 1 for line in wrapped(text, 9, 1.0))
    assert fitted("short", 9, 1.0) == "short"
    assert " ".join(wrapped("a few words that go on", 9, 1.0)) == "a few words that go on"


def test_labels_are_moved_apart_and_stay_inside() -> None:
    moved = sheet.spread_apart([0.5, 0.5, 0.51, 0.99, 1.2], 0.1, 0, 1)
    assert np.diff(np.sort(moved)).min() >= 0.1 - 1e-9
    assert moved.min() >= 0
    assert moved.max() <= 1
    assert np.argsort(moved, kind="stable").tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("values", "written"),
    [([0.5, 1.0], ["0.5", "1.0"]), ([0.975, 0.98], ["0.975", "0.980"]), ([0, 2000], ["0", "2,000"]),
     ([-1, 1], ["−1", "1"])],
)  # fmt: skip
def test_ticks_have_the_decimals_they_need(values: list[float], written: list[str]) -> None:
    assert sheet.tick_labels(values) == written
