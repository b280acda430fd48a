"""Quality against time: every activation's score over its seconds per epoch, and the efficient front."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from math import cos, hypot, pi, sin
from typing import TYPE_CHECKING, Any

import numpy as np

from reluctant.analysis.comparison.units import Unit, unit_of
from reluctant.catalogue.metrics import metric as named
from reluctant.figures import sheet as paper
from reluctant.figures.labels import (
    count,
    data_title,
    left_out,
    marks,
    metric_axis,
    metric_title,
    one_setting,
    test_part,
)
from reluctant.figures.letters import fitted, width_of
from reluctant.figures.style import FEW, INK, MUTED, PAPER, WIDE, Mark, limits, possible, styled
from reluctant.records.run_result import Result
from reluctant.records.study_results import Results
from reluctant.statistics import Interval, mean_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Box = tuple[float, float, float, float]  # left, bottom, right, top

CROWD = 8  # names that a narrow panel can carry; beyond, and beyond FEW on a wide one, numbers
LINE = 0.15  # inches from one line of the key to the next
DISTANCES = (0.08, 0.14, 0.22, 0.32, 0.45, 0.6)  # inches between a dot and its name
DIRECTIONS = tuple(i * pi / 8 for i in (2, 14, 6, 10, 0, 8, 4, 12, 1, 15, 7, 9, 3, 13, 5, 11))


@dataclass(frozen=True)
class Point:
    """One activation: seconds per epoch, score, and whether it is on the efficient front."""

    mark: Mark
    time: Interval
    score: Interval
    front: bool


@styled
def quality(results: Results, metric: str = "f1", *, width: float = WIDE) -> "Figure":
    """Final test score against training seconds per epoch: means over seeds with 95 % intervals.

    The efficient front, of those that no other equals in one and beats in the other, goes by the means.
    """
    one_setting(results)
    points, chosen, unit = points_of(results, metric), named(metric), unit_of(results, metric)
    many = len(points) > (FEW if width >= 5 else CROWD)
    title = f"{metric_title(metric)} after the last epoch against training time"
    said = _said(results, points, many)
    if not points:
        made = paper.sheet(width, 0.4, title, said)
        made.write(0, 0.05, "There is no finished run yet.")
        return made.figure
    tall = 3.6 if many else 3.0
    below = 0.12 + LINE * -(-len(points) // _columns(width)) if many else 0.0
    made = paper.sheet(width, tall + 0.7 + below, title, said)
    axes = made.panel(0.5, 0.3, width - 0.65, tall, grid="y")
    axes.grid(visible=True, axis="x")
    _axes(axes, points, metric_axis(results, metric), unit.axis, width < 5)
    _staircase(axes, points, chosen.higher)
    for point in points:
        _interval(axes, point, many)
    lines = _lines(axes)
    for point in points:
        _dot(axes, point, many)
    ranks = _ranks(points, chosen.higher)
    texts = [str(r) if many and not p.front else p.mark.label for p, r in zip(points, ranks, strict=True)]
    _label(axes, points, texts, lines)
    if many:
        _key(made, points, ranks, width, tall + 0.78)
    return paper.tell(made, " ".join(written(point, unit) for point in points))


def _ranks(points: Sequence[Point], higher: bool) -> list[int]:
    """Every point's place by its mean score, the best 1."""
    sign = -1 if higher else 1
    order = sorted(range(len(points)), key=lambda i: sign * points[i].score.mean)
    places = {i: place for place, i in enumerate(order, 1)}
    return [places[i] for i in range(len(points))]


def points_of(results: Results, metric: str) -> list[Point]:
    """The activations that have a finished run, in the study's order."""
    of = marks(results)
    kept = {a: [r for r in results.of(a) if r.diverged is None and r.epochs] for a in results.activations}
    arms = [
        (of[a], mean_interval(list(map(seconds, runs))), results.interval(metric, a))
        for a, runs in kept.items()
        if runs
    ]
    higher = named(metric).higher
    on = efficient([time.mean for _, time, _ in arms], [score.mean for _, _, score in arms], higher=higher)
    return [Point(*arm, front) for arm, front in zip(arms, on, strict=True)]


def seconds(result: Result) -> float:
    """Training time of an epoch: the median over a run's, so that a disturbed epoch does not count."""
    return float(np.median(result.seconds["train"]))


def efficient(times: Sequence[float], scores: Sequence[float], *, higher: bool = True) -> list[bool]:
    """Whether each is on the front: no other is as fast and as good, and faster or better."""
    signed = [score if higher else -score for score in scores]
    pairs = list(zip(times, signed, strict=True))
    return [
        not any(t <= time and s >= score and (t, s) != (time, score) for t, s in pairs)
        for time, score in pairs
    ]


def written(point: Point, unit: Unit) -> str:
    """`GELU: 0.9812 at 3.2 s per epoch, on the front.`"""
    front = ", on the front" if point.front else ""
    return f"{point.mark.label}: {unit.value(point.score.mean)} at {point.time.mean:.3g} s per epoch{front}."


def _said(results: Results, points: Sequence[Point], many: bool) -> list[str]:
    most = max((p.score.n for p in points), default=0)
    least = min((p.score.n for p in points), default=0)
    number = count(most, "seed") if least == most else f"{least} to {most} seeds"
    machines = {str(r.record.get("environment")) for r in results}
    lines = "lines: 95 % intervals" + (" (of those on the front)" if many else "")
    missing = len(results.activations) - len(points)
    return [
        data_title(results),
        test_part(results),
        f"dot: mean of {number}" if most > 1 else "one seed: no interval" if most else "",
        lines if most > 1 else "",
        "dashed: the efficient front, which no other beats in both" if points else "",
        "under five seeds: intervals wide and uncertain" if 1 < least < 5 else "",
        f"times of {len(machines)} machines or set-ups: compare with care" if len(machines) > 1 else "",
        left_out(results),
        "numbers: by the score, named below" if many else "",
        f"{count(missing, 'activation')} without a finished run" if points and missing else "",
    ]


def _axes(axes: "Axes", points: Sequence[Point], title: str, unit: str, narrow: bool) -> None:
    low, high = possible(*_bounds([p.score for p in points]), unit)
    first, last = _bounds([p.time for p in points])
    paper.value_axis(axes, low, high)
    paper.value_axis(axes, max(first, 0), last, which="x", most=4 if narrow else 7)
    paper.name_axes(axes, "seconds of training per epoch", title)


def _bounds(intervals: Sequence[Interval]) -> tuple[float, float]:
    """Limits by the means; an interval counts as far as it does not more than double the axis."""
    low, high = limits([i.mean for i in intervals], reach=40, pad=0.12)
    span = high - low
    ends = [end for i in intervals for end in (i.low, i.high) if end is not None]
    near = [end for end in ends if low - span / 2 <= end <= high + span / 2]
    return min([low, *(end - 0.02 * span for end in near)]), max([high, *(end + 0.02 * span for end in near)])


def _staircase(axes: "Axes", points: Sequence[Point], higher: bool) -> None:
    """What can be had for each time, by the means."""
    steps = sorted((p.time.mean, p.score.mean) for p in points if p.front)
    worst = axes.get_ylim()[0 if higher else 1]
    corners = [(steps[0][0], worst)]
    for time, score in steps:
        corners += [(time, corners[-1][1]), (time, score)]
    corners.append((axes.get_xlim()[1], steps[-1][1]))
    x, y = zip(*corners, strict=True)
    axes.plot(x, y, color=MUTED, linewidth=1.0, linestyle=(0, (4, 2)), gid="front")


def _seen(axes: "Axes", point: Point) -> tuple[float, float]:
    """Where the dot stands: its means, or the edge nearest to them."""
    x, y = np.clip(point.time.mean, *axes.get_xlim()), np.clip(point.score.mean, *axes.get_ylim())
    return float(x), float(y)


def _interval(axes: "Axes", point: Point, many: bool) -> None:
    """Both 95 % intervals; among many activations only for those on the front."""
    if many and not point.front:
        return
    x, y = _seen(axes, point)
    time, score = point.time, point.score
    look: dict[str, Any] = {"color": point.mark.colour, "linewidth": 1.2, "alpha": 0.6}
    if time.low is not None and time.high is not None:
        axes.plot([time.low, time.high], [y, y], **look)
    if score.low is not None and score.high is not None:
        axes.plot([x, x], [score.low, score.high], **look)


def _dot(axes: "Axes", point: Point, many: bool) -> None:
    colour = MUTED if many and not point.front else point.mark.colour
    size = 7.5 if point.front else 4.5 if many else 6.0
    x, y = _seen(axes, point)
    axes.plot([x], [y], "o", color=colour, markersize=size, markeredgecolor=PAPER, markeredgewidth=0.9,
              clip_on=False, zorder=4 if point.front else 3)  # fmt: skip


def _label(axes: "Axes", points: Sequence[Point], texts: Sequence[str], lines: Sequence[Box]) -> None:
    """A text beside every dot, the front's first: clear of all others and of `lines`, if that can be."""
    wide, tall = paper.inches(axes)
    dots = [_inches(axes, *_seen(axes, p)) for p in points]
    taken: list[Box] = [(x - 0.05, y - 0.05, x + 0.05, y + 0.05) for x, y in dots]
    for i in sorted(range(len(points)), key=lambda i: not points[i].front):
        number = texts[i].isdecimal()
        size = 6.5 if number else 8.5
        text = fitted(texts[i] + _beyond(axes, points[i], number), size, 0.45 * wide)
        room = partial(_room, dots[i], (width_of(text, size) + 0.04, size / 72 * 1.1), (wide, tall))
        box = room([*taken, *lines]) or room(taken) or room([])
        if box is not None:
            taken.append(box)
            _write(axes, dots[i], box, text, size, MUTED if number else INK)


def _inches(axes: "Axes", x: float, y: float) -> tuple[float, float]:
    """A place in the panel, in inches from its lower left corner."""
    across, up = axes.transLimits.transform((x, y)) * paper.inches(axes)
    return float(across), float(up)


def _lines(axes: "Axes") -> list[Box]:
    """The boxes that the drawn intervals and the front take, in inches; all run straight up or across."""
    found: list[Box] = []
    for line in axes.lines:
        path = [_inches(axes, float(x), float(y)) for x, y in np.asarray(line.get_xydata(), float)]
        for (x, y), (to_x, to_y) in pairwise(path):
            left, right, low, high = min(x, to_x), max(x, to_x), min(y, to_y), max(y, to_y)
            found.append((left - 0.015, low - 0.015, right + 0.015, high + 0.015))
    return found


def _beyond(axes: "Axes", point: Point, number: bool) -> str:
    """What a dot at the edge stands for."""
    (first, last), (low, high) = axes.get_xlim(), axes.get_ylim()
    time, score = point.time.mean, point.score.mean
    beyond_time = f" {'→' if time > last else '←'} {time:.3g} s" if not first <= time <= last else ""
    whole = beyond_time + (f" {'↑' if score > high else '↓'} {score:.3g}" if not low <= score <= high else "")
    return whole[:2] if number else whole


def _room(
    dot: tuple[float, float], size: tuple[float, float], panel: tuple[float, float], taken: Sequence[Box]
) -> Box | None:
    """The nearest free place for a text beside a dot, all in inches of the panel."""
    wide, tall = size
    for distance in DISTANCES:
        for angle in DIRECTIONS:
            x = dot[0] + distance * cos(angle) + (wide / 2) * _side(cos(angle))
            y = dot[1] + distance * sin(angle) + (tall / 2) * _side(sin(angle))
            box = (x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2)
            inside = box[0] >= 0 and box[1] >= 0 and box[2] <= panel[0] and box[3] <= panel[1]
            if inside and not any(_overlap(box, other) for other in taken):
                return box
    return None


def _side(share: float) -> float:
    """On which side of a dot a text's middle lies: a whole half-width off, or less the more upright."""
    return max(-1.0, min(1.0, 1.6 * share))


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _write(axes: "Axes", dot: tuple[float, float], box: Box, text: str, size: float, colour: str) -> None:
    """The text in its box, tied to its dot where it lies apart."""
    wide, tall = paper.inches(axes)
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    axes.text(x / wide, y / tall, text, transform=axes.transAxes, ha="center", va="center", fontsize=size,
              color=colour)  # fmt: skip
    near = (min(max(dot[0], box[0]), box[2]), min(max(dot[1], box[1]), box[3]))
    if hypot(near[0] - dot[0], near[1] - dot[1]) > 0.15:
        x_line, y_line = [dot[0] / wide, near[0] / wide], [dot[1] / tall, near[1] / tall]
        axes.plot(x_line, y_line, color=MUTED, linewidth=0.5, transform=axes.transAxes, zorder=2)


def _key(made: paper.Sheet, points: Sequence[Point], ranks: Sequence[int], width: float, top: float) -> None:
    """Below the panel, the names that the numbers stand for, down the columns; the front in full ink."""
    columns = _columns(width)
    rows = -(-len(points) // columns)
    for point, rank in zip(points, ranks, strict=True):
        column, row = divmod(rank - 1, rows)
        colour, x, y = INK if point.front else MUTED, column * width / columns, top + LINE * row
        made.write(x + 0.17, y, str(rank), fontsize=7.5, color=colour, ha="right")
        name = fitted(point.mark.label, 7.5, width / columns - 0.3)
        made.write(x + 0.23, y, name, fontsize=7.5, color=colour)


def _columns(width: float) -> int:
    return 2 if width < 5 else 5
