"""The interval plot: a row per arm with its mean, its intervals and a text at the right."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from reluctant.figures.sheet import Sheet, inches, sheet, value_axis
from reluctant.figures.style import ALARM, FEW, INK, MUTED, PAPER, RULE, WIDE, Mark
from reluctant.figures.text_width import fitted, width_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Ends = tuple[float, float]


@dataclass(frozen=True)
class Row:
    """One line of the plot."""

    mark: Mark
    centre: float  # the mean; NaN where there is none
    inner: Ends | None = None  # the interval drawn as a thick line
    outer: Ends | None = None  # a second interval, drawn thin behind it
    dots: tuple[float, ...] = ()  # single values, drawn small above the line
    text: str = ""  # what stands at the right
    signs: tuple[tuple[float, str, str], ...] = ()  # further values: value, marker of matplotlib, colour of the face
    diverged: Literal["", "low", "high"] = ""  # a cross at the worse end
    hollow: bool = False  # whether the mean's dot is drawn as a ring
    apart: bool = False  # whether a line separates the row from those above
    dashed: bool = False  # whether the inner interval is drawn thin, in the arm's own line style

    @property
    def reach(self) -> Ends:
        """The ends of mean and intervals."""
        values = [self.centre, *(self.inner or ()), *(self.outer or ())]
        return min(values), max(values)


@dataclass(frozen=True)
class RowLayout:
    """Where rows stand, in inches: names beside them, or above them on narrow sheets."""

    width: float
    step: float
    left: float
    right: float
    narrow: bool

    @classmethod
    def of(cls, rows: Sequence[Row], width: float = WIDE) -> "RowLayout":
        """The layout for these rows on a sheet of this width."""
        narrow = width < 5
        step = 0.52 if narrow else 0.25 if len(rows) > FEW else 0.36
        names = max(width_of(row.mark.label, 9) for row in rows)
        texts = max(width_of(row.text, 8.5) for row in rows)
        left = 0.08 if narrow else 0.25 + min(names, 0.3 * width)
        return cls(width, step, left, 0.08 if narrow else 0.2 + texts, narrow)

    def height(self, rows: Sequence[Row]) -> float:
        """The height of the panel."""
        return self.step * len(rows) + self.gap * any(row.apart for row in rows)

    @property
    def gap(self) -> float:
        """What separates a row that stands apart."""
        return 0.2 if self.narrow else 0.1


def row_panel(
    rows: Sequence[Row], width: float, title: str, notes: Sequence[str], above: float, below: float, *, grid: str = "x"
) -> tuple[Sheet, "Axes", RowLayout]:
    """A sheet with one empty panel for rows, with these inches left free above and below it."""
    layout = RowLayout.of(rows, width)
    wide, tall = width - layout.left - layout.right, layout.height(rows)
    drawing = sheet(width, tall + above + below, title, notes)
    return (drawing, drawing.panel(layout.left, above, wide, tall + 0.08, grid=grid), layout)


def interval_plot(
    rows: Sequence[Row],
    bounds: Ends,
    *,
    title: str,
    notes: Sequence[str],
    axis: str,
    width: float = WIDE,
    above: float = 0.06,
) -> tuple[Sheet, "Axes"]:
    """A sheet with one panel of rows from top to bottom, `above` inches left free over it.

    `bounds` are the limits of the axis, called `axis`; what lies beyond is an arrow at its end.
    """
    drawing, axes, layout = row_panel(rows, width, title, notes, above, 0.42)
    value_axis(axes, *bounds, which="x", most=4 if layout.narrow else 7)
    axes.set_xlabel(axis, loc="right", labelpad=3)
    draw_rows(axes, rows, layout)
    return drawing, axes


def draw_rows(axes: "Axes", rows: Sequence[Row], layout: RowLayout) -> None:
    """Draw rows into a panel whose x axis has its limits."""
    narrow, step = layout.narrow, layout.step
    bottom = layout.height(rows) / step - 0.5 + (0.15 if narrow else 0)
    axes.set_ylim(bottom, -0.5 - (0.25 if narrow else 0))
    axes.set_yticks([])
    at = 0.0
    for row in rows:
        if row.apart:
            at += layout.gap / step
            line = at - ((0.46 if narrow else 0.5 * (step + layout.gap)) / step)
            axes.axhline(line, color=MUTED, linewidth=0.6, linestyle=(0, (1, 2)))
        _draw_row(axes, at, row, step)
        _name_row(axes, at, row, layout)
        at += 1


def _draw_row(axes: "Axes", at: float, row: Row, step: float) -> None:
    low, high = axes.get_xlim()
    colour = row.mark.colour
    axes.axhline(at, color=RULE, linewidth=0.6, zorder=0)
    lines: list[tuple[Ends | None, dict[str, Any]]] = [
        (row.outer, {"color": colour, "linewidth": 1.3, "alpha": 0.75, "solid_capstyle": "butt"}),
        (row.inner, {"color": colour, "linewidth": 3.6, "solid_capstyle": "butt"}),
    ]
    if row.dashed:
        lines[1] = row.inner, row.mark.line(1.6)
    for ends, options in lines:
        if ends is not None and ends[0] < high and ends[1] > low:
            axes.plot(np.clip(ends, low, high), [at, at], **options)
    _draw_dots(axes, at, row, step)
    least, most = row.reach
    for edge, sign, beyond in ((low, "<", least < low), (high, ">", most > high)):
        if not beyond:
            continue
        axes.plot([edge], [at], sign, color=colour, markersize=5, clip_on=False)
        if sign == ("<" if row.centre < low else ">" if row.centre > high else ""):
            inwards, side = (6, "left") if sign == "<" else (-6, "right")
            axes.annotate(f"{row.centre:.4g}".replace("-", "−"), (edge, at), (inwards, 4), ha=side,
                          textcoords="offset points", color=MUTED, fontsize=8)  # fmt: skip
    if low <= row.centre <= high:
        form = "D" if row.dashed else "o"
        face, edge_colour = (PAPER, colour) if row.hollow else (colour, PAPER)
        axes.plot([row.centre], [at], form, color=face, markersize=6.4 if row.dashed else 7.4,
                  markeredgecolor=edge_colour, markeredgewidth=1.1)  # fmt: skip
    for value, form, face in row.signs:
        if low <= value <= high:
            edge_colour = INK if face == PAPER else face
            axes.plot([value], [at], form, color=face, markersize=5, markeredgecolor=edge_colour)
    if row.diverged:
        end = low if row.diverged == "low" else high
        axes.plot([end], [at], "x", color=ALARM, markersize=6, markeredgewidth=1.6, clip_on=False)


def _draw_dots(axes: "Axes", at: float, row: Row, step: float) -> None:
    """Single values above the line, none covering another; a triangle at an end for those beyond it."""
    if len(row.dots) < 2:  # a single seed is its own mean
        return
    low, high = axes.get_xlim()
    values = np.array(row.dots)
    levels = np.ones(len(values))
    for before, here in pairwise(np.argsort(values, kind="stable")):
        if values[here] - values[before] < 0.009 * (high - low):
            levels[here] = levels[before] % 2 + 1
    inside = (values >= low) & (values <= high)
    offsets = at - 0.045 / step - 0.05 / step * levels
    axes.plot(values[inside], offsets[inside], "o", color=row.mark.colour, alpha=0.6, markersize=4.2, markeredgewidth=0)
    for edge, sign, beyond in ((low, "<", values < low), (high, ">", values > high)):
        if beyond.any():
            axes.plot([edge], [at], sign, color=MUTED, markersize=4.5, clip_on=False)


def _name_row(axes: "Axes", at: float, row: Row, layout: RowLayout) -> None:
    across, (wide, _) = axes.get_yaxis_transform(), inches(axes)
    colour = ALARM if np.isnan(row.centre) and row.diverged else INK
    if layout.narrow:
        above: dict[str, Any] = {"y": at - 0.2 / layout.step, "transform": across, "va": "bottom"}
        name = fitted(row.mark.label, 8.5, wide - width_of(row.text, 8.5) - 0.15)
        axes.text(0, s=name, fontsize=8.5, color=INK, **above)
        axes.text(1, s=row.text, fontsize=8.5, color=colour, ha="right", **above)
        return
    options: dict[str, Any] = {"y": at, "transform": across, "va": "center_baseline"}
    axes.text(-0.14 / wide, s=fitted(row.mark.label, 9, layout.left - 0.14), fontsize=9, ha="right",
              color=INK, **options)  # fmt: skip
    axes.text(1 + 0.14 / wide, s=row.text, fontsize=8.5, color=colour, **options)
