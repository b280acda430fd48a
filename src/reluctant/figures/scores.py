"""The overview: every seed's final score as a dot, each activation's mean with its interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from reluctant.analysis.comparison.units import Unit, unit_of
from reluctant.catalogue.metrics import metric as named
from reluctant.figures import sheet as paper
from reluctant.figures.labels import (
    count,
    data_title,
    diverged,
    marks,
    metric_axis,
    metric_title,
    one_setting,
    test_part,
)
from reluctant.figures.letters import fitted, width_of
from reluctant.figures.style import ALARM, FEW, INK, MUTED, PAPER, RULE, WIDE, Mark, limits, possible, styled
from reluctant.records.study_results import Results
from reluctant.statistics import Interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Row:
    """One activation's line in the plot: `values` of the seeds that finished, `lost` diverged of `runs`."""

    mark: Mark
    values: tuple[float, ...]
    interval: Interval
    lost: int
    runs: int


@styled
def final_scores(results: Results, metric: str = "f1", *, width: float = WIDE) -> "Figure":
    """Final test scores: seeds as dots, mean and 95 % interval, in the study's order (sorted beyond 12)."""
    one_setting(results)
    chosen, rows, unit = named(metric), _rows(results, metric), unit_of(results, metric)
    many, narrow = len(rows) > FEW, width < 5
    if many:
        rows.sort(key=lambda row: _rank(row, chosen.higher))
    step = 0.52 if narrow else 0.23 if many else 0.36
    title = f"{metric_title(metric)} after the last epoch"
    made = paper.sheet(width, step * len(rows) + 0.5, title, _said(results, rows, chosen.name, many))
    left = 0.08 if narrow else 0.25 + min(max(width_of(row.mark.label, 9) for row in rows), 0.3 * width)
    right = 0.05 if narrow else 2.3 if any(row.lost and row.values for row in rows) else 1.3
    axes = made.panel(left, 0.06, width - left - right, step * len(rows) + 0.08, grid="x")
    axes.set_ylim(len(rows) - 0.5 + (0.15 if narrow else 0), -0.5 - (0.25 if narrow else 0))
    axes.set_yticks([])
    low, high = possible(*_bounds(rows), unit.axis)
    paper.value_axis(axes, low, high, which="x", most=4 if narrow else 6)
    axes.set_xlabel(metric_axis(results, metric), loc="right", labelpad=3)
    for place, row in enumerate(rows):
        _draw(axes, place, row, chosen.higher, step)
        _name(axes, place, row, written(row, unit), left, narrow)
    return paper.tell(made, " ".join(f"{row.mark.label}: {written(row, unit)}." for row in rows))


def _rows(results: Results, metric: str) -> list[Row]:
    of = marks(results)
    return [
        Row(
            of[a],
            tuple(r.score(metric) for r in results.of(a) if r.diverged is None),
            results.interval(metric, a),
            *diverged(results, a),
        )
        for a in results.activations
    ]


def _rank(row: Row, higher: bool) -> tuple[bool, float]:
    return not row.values, (-row.interval.mean if higher else row.interval.mean) if row.values else 0.0


def _said(results: Results, rows: Sequence[Row], metric: str, many: bool) -> list[str]:
    kept = [row.interval.n for row in rows if row.interval.n]
    least, most = min(kept, default=0), max(kept, default=0)
    number = count(most, "seed") if least == most else f"{least} to {most} seeds"
    what = f"dots: {number}" if most > 1 else "one seed: no interval" if most else "no finished run yet"
    interval = "line: mean and its 95 % interval" if most > 1 else ""
    few = "under five seeds: intervals wide and uncertain" if most > 1 and least < 5 else ""
    return [
        data_title(results),
        test_part(results),
        what,
        interval,
        few,
        "sorted by the mean" if many else "",
    ]


def _bounds(rows: Sequence[Row]) -> tuple[float, float]:
    """Limits by the means and seeds; an interval counts as far as it does not triple the axis."""
    values = [v for row in rows for v in row.values]
    low, high = limits(values, reach=14, pad=0.1)
    ends = [end for row in rows for end in (row.interval.low, row.interval.high) if end is not None]
    near = [end for end in ends if low - (high - low) <= end <= high + (high - low)]
    room = 0.03 * (high - low)
    return min([low, *(end - room for end in near)]), max([high, *(end + room for end in near)])


def _draw(axes: "Axes", place: int, row: Row, higher: bool, step: float) -> None:
    low, high = axes.get_xlim()
    axes.axhline(place, color=RULE, linewidth=0.6, zorder=0)
    values = np.array(row.values)
    offsets = place - 0.045 / step - 0.05 / step * _levels(values, 0.009 * (high - low))
    inside = (values >= low) & (values <= high)
    if len(values) > 1:  # a single seed is its own mean
        axes.plot(values[inside], offsets[inside], "o", color=row.mark.colour, alpha=0.6, markersize=4.2,
              markeredgewidth=0)  # fmt: skip
    if row.interval.low is not None and row.interval.high is not None:
        axes.plot([row.interval.low, row.interval.high], [place, place], **row.mark.line(1.6))
    if row.values:
        axes.plot([row.interval.mean], [place], "D", color=row.mark.colour, markersize=6.2,
                  markeredgecolor=PAPER, markeredgewidth=1.0,
                  clip_on=low <= row.interval.mean <= high)  # fmt: skip
        _beyond(axes, place, values[~inside])
    if row.lost:
        edge = low if higher else high
        axes.plot([edge], [place], "x", color=ALARM, markersize=6, markeredgewidth=1.6, clip_on=False)


def _levels(values: "np.typing.NDArray[np.float64]", near: float) -> "np.typing.NDArray[np.float64]":
    """How many dots high each dot sits above the line, so that none covers another."""
    levels = np.ones(len(values))
    order = np.argsort(values, kind="stable")
    for before, here in pairwise(order):
        if values[here] - values[before] < near:
            levels[here] = levels[before] % 2 + 1
    return levels


def _beyond(axes: "Axes", place: int, values: "np.typing.NDArray[np.float64]") -> None:
    """A small triangle at the edge for seeds that lie outside the axis."""
    low, high = axes.get_xlim()
    for edge, sign, gone in ((low, "<", values < low), (high, ">", values > high)):
        if gone.any():
            axes.plot([edge], [place], sign, color=MUTED, markersize=4.5, clip_on=False)


def _name(axes: "Axes", place: int, row: Row, numbers: str, left: float, narrow: bool) -> None:
    """The activation's name and its numbers: beside the line, or above it on narrow sheets."""
    across, (wide, _) = axes.get_yaxis_transform(), paper.inches(axes)
    colour = INK if row.values else ALARM
    if narrow:
        above: dict[str, Any] = {"y": place - 0.2 / 0.52, "transform": across, "va": "bottom"}
        name = fitted(row.mark.label, 8.5, wide - width_of(numbers, 8) - 0.15)
        axes.text(0, s=name, fontsize=8.5, color=INK, **above)
        axes.text(1, s=numbers, fontsize=8, color=MUTED if row.values else ALARM, ha="right", **above)
        return
    beside: dict[str, Any] = {"y": place, "transform": across, "va": "center_baseline"}
    axes.text(-0.14 / wide, s=fitted(row.mark.label, 9, left - 0.14), fontsize=9, ha="right", **beside)
    axes.text(1 + 0.14 / wide, s=numbers, fontsize=8.5, color=colour, **beside)


def written(row: Row, unit: Unit) -> str:
    """`0.9812 ± 0.0021`, with the diverged runs beside it."""
    lost = f"{row.lost} of {row.runs} diverged" if row.lost else ""
    if not row.values:
        return lost or "no finished run"
    half = "" if row.interval.half is None else f" ± {unit.value(row.interval.half)}"
    return f"{unit.value(row.interval.mean)}{half}" + (f", {lost}" if lost else "")
