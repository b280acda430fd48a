"""Score against training time: every arm's mean score over its seconds per epoch, and which are shown to be beaten."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reluctant.analysis import SettingData
from reluctant.analysis.labels import count, count_range, metric_title
from reluctant.analysis.summary import CostPoint, machines_of
from reluctant.figures.beyond_axis import draw_interval
from reluctant.figures.notes import diverged_note, few_seeds_note, metric_axis
from reluctant.figures.sheet import empty_sheet, inches, name_axes, sheet, spread_apart, value_axis
from reluctant.figures.style import FEW, INK, MUTED, PAPER, WIDE, limits, marks, possible, styled, widened
from reluctant.figures.text_width import fitted, width_of
from reluctant.statistics import Interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@styled
def score_against_time(data: SettingData, metric: str = "", *, width: float = WIDE) -> "Figure":
    """Final test score against training seconds per epoch: means over seeds with 95 % intervals.

    In grey are the names of those that another arm beats: it is faster, and better or the same, and both are decided.
    Names stand at the right, best score first, each connected to its dot. An interval that reaches beyond an axis ends
    in an arrow.
    """
    chosen, points = data.metric(metric), data.cost(metric)
    title = f"{metric_title(chosen)} {data.subject.after_last} against training time"
    notes = _notes(data, points)
    if not points:
        return empty_sheet(width, title, notes, "There is no finished run yet.")
    of, many = marks(data.labels), len(points) > FEW
    names = min(max(width_of(p.label, 8) for p in points), 0.3 * width)
    tall = max(2.6, 0.155 * len(points))
    drawing = sheet(width, tall + 0.75, title, notes)
    axes = drawing.panel(0.5, 0.3, width - 0.5 - 0.4 - names, tall)
    axes.grid(visible=True, axis="x")
    unit = data.unit(chosen.name)
    low, high = possible(*_bounds([p.score for p in points]), unit.axis)
    first, last = _bounds([p.time for p in points])
    value_axis(axes, low, high)
    value_axis(axes, max(first, 0), last, which="x", most=3 if width < 5 else 6)
    name_axes(axes, f"seconds of training per {data.subject.period.length}", metric_axis(data, chosen))
    for point in points:
        colour, time, score = of[point.arm].colour, point.time, point.score
        if not many:
            draw_interval(axes, time, score.mean, colour, along="x")
            draw_interval(axes, score, time.mean, colour, along="y")
        axes.plot([point.time.mean], [point.score.mean], "o", color=colour, markersize=6.5,
                  markeredgecolor=PAPER, markeredgewidth=1, clip_on=False, zorder=3)  # fmt: skip
    _label_points(axes, points, names)
    texts = [
        f"{p.label}: {unit.value(p.score.mean)} at {p.time.mean:.3g} s per {data.subject.period.length}"
        f"{', another is faster, and better or the same' * p.beaten}."
        for p in points
    ]
    return drawing.finish(" ".join(texts))


def _notes(data: SettingData, points: Sequence[CostPoint]) -> list[str]:
    numbers = [point.score.n for point in points]
    most, missing = max(numbers, default=0), len(data.arms) - len(points)
    machines = machines_of([run for arm in data.arms for run in data.results(arm)])
    return [
        data.subject.data,
        data.subject.test_part,
        f"dot: mean of {count_range(numbers, 'seed')}" if most > 1 else "one seed: no interval" if most else "",
        "lines: 95 % intervals, an arrow where one ends beyond an axis" if most > 1 and len(points) <= FEW else "",
        f"grey name: another {data.subject.arm} is faster, and better or the same (decided, not by the means)"
        if any(point.beaten for point in points)
        else f"no {data.subject.arm} is shown to be faster than one that it equals or beats"
        if len(points) > 1
        else "",
        few_seeds_note(numbers),
        f"times of {len(machines)} machines or sets of versions: nothing is called faster" if len(machines) > 1 else "",
        diverged_note(data),
        f"{count(missing, data.subject.arm)} without a finished run" if points and missing else "",
    ]


def _bounds(intervals: Sequence[Interval]) -> tuple[float, float]:
    """Limits by the means; an interval counts as far as it does not make the axis five times as long."""
    low, high = limits([i.mean for i in intervals], reach=40, pad=0.12)
    return widened(low, high, [end for i in intervals for end in (i.low, i.high)], reach=2)


def _label_points(axes: "Axes", points: Sequence[CostPoint], room: float) -> None:
    """Names right of the panel at the height of their dots, moved apart, each with a thin line to its dot."""
    wide, tall = inches(axes)
    (low, high), (_, last) = axes.get_ylim(), axes.get_xlim()
    heights = [min(max(p.score.mean, low), high) for p in points]
    at = spread_apart(heights, 0.15 / tall * (high - low), low, high)
    for point, here, there in zip(points, heights, at, strict=True):
        start = axes.transLimits.transform((min(point.time.mean, last), low))[0] + 0.06 / wide
        axes.plot([start, 1 + 0.12 / wide, 1 + 0.24 / wide], [here, there, there], color=MUTED,
                  linewidth=0.5, alpha=0.7, transform=axes.get_yaxis_transform(), clip_on=False)  # fmt: skip
        axes.text(1 + 0.28 / wide, there, fitted(point.label, 8, room), fontsize=8,
                  transform=axes.get_yaxis_transform(), va="center_baseline",
                  color=MUTED if point.beaten else INK)  # fmt: skip
