"""The card of a study: its answer and its differences as one picture, for those who see only a link to the page."""

from functools import partial
from typing import TYPE_CHECKING

from reluctant.analysis import Comparison, ReportData, headline
from reluctant.figures.inline import png
from reluctant.figures.interval_plot import RowLayout, draw_rows
from reluctant.figures.scores import difference_bounds, difference_rows, draw_margin
from reluctant.figures.sheet import value_axis
from reluctant.figures.style import INK, MUTED, RULE, styled
from reluctant.figures.text_width import fitted, width_of, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDE, TALL, DOTS = 6.0, 3.15, 200  # inches, and dots per inch: 1,200 × 630
EDGE, LINE = 0.3, 0.27  # inches: the margin, and a line of the answer
MOST_LINES, MOST_ROWS = 4, 5
SIZES = (14.0, 12.5, 11.0)  # points of the answer: the largest in which it fits


@styled
def study_card(data: ReportData) -> "Figure":
    """The study's name, its answer and, where something is compared, the figure of differences."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDE, TALL), dpi=DOTS)
    room = WIDE - 2 * EDGE
    write = partial(figure.text, va="top", ha="left")
    of = " · ".join(filter(None, (data.subject.name, data.subject.data)))
    write(EDGE / WIDE, 1 - EDGE / TALL, fitted(of, 9, room), fontsize=9, color=MUTED)
    lines, size = _fitted_answer(headline(data)[0], room)
    step = LINE * size / SIZES[0]
    write(EDGE / WIDE, 1 - (EDGE + 0.27) / TALL, "\n".join(lines), fontsize=size, color=INK, linespacing=1.25)
    comparisons = [each for each in data.comparisons if each.family] if data.finished else []
    opened = next((each for each in comparisons if each.selected), comparisons[0] if comparisons else None)
    below = f"reluctant · {data.finished:,} runs"
    if opened is not None:
        left_out = len(opened.family) - MOST_ROWS
        below += f" · difference from {opened.baseline_label}" + (f" · {left_out} more" if left_out > 0 else "")
        _draw_differences(figure, opened, EDGE + 0.42 + step * len(lines))
    write(EDGE / WIDE, 0.2 / TALL, fitted(below, 7.5, room), fontsize=7.5, color=MUTED, va="bottom")
    return figure


def card_png(data: ReportData) -> bytes:
    """The card as a PNG of 1,200 × 630 dots."""
    return png(study_card(data), dots=DOTS)


def _fitted_answer(answer: str, room: float) -> tuple[list[str], float]:
    """The answer in the largest letters in which it takes few lines; the last size cuts it."""
    for size in SIZES:
        lines = wrapped(answer, size, room)
        if len(lines) <= MOST_LINES:
            return lines, size
    cut = lines[:MOST_LINES]
    while width_of(f"{cut[-1]} …", SIZES[-1]) > room and " " in cut[-1]:
        cut[-1] = cut[-1].rpartition(" ")[0]
    return [*cut[:-1], f"{cut[-1]} …"], SIZES[-1]


def _draw_differences(figure: "Figure", comparison: Comparison, top: float) -> None:
    """The rows of the figure of differences in what is left of the card below `top` inches."""
    rows = difference_rows(comparison)
    margin = comparison.unit.scaled(comparison.question.margin)
    bounds, first = difference_bounds(rows, margin), rows[:MOST_ROWS]
    layout = RowLayout.of(first, WIDE - 2 * EDGE)
    bottom = 0.62
    tall = min(TALL - top - bottom, 0.36 * len(first))
    if tall < 0.16 * len(first):
        return
    box = (
        (EDGE + layout.left) / WIDE,
        (TALL - top - tall) / TALL,
        (WIDE - 2 * EDGE - layout.left - layout.right) / WIDE,
    )
    axes: Axes = figure.add_axes((*box, tall / TALL))
    axes.grid(visible=True, axis="x", color=RULE)
    value_axis(axes, *bounds, which="x", most=6)
    draw_margin(axes, margin, comparison.metric.higher, words=False)
    draw_rows(axes, first, RowLayout(layout.width, tall / len(first), layout.left, layout.right, layout.narrow))
