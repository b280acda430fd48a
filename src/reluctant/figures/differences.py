"""Is the difference real: every activation's paired difference from the baseline, margin and noise floor."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from reluctant.analysis.comparison.inputs import items
from reluctant.figures import sheet as paper
from reluctant.figures.labels import count, data_title, marks, metric_title, within_sentence
from reluctant.figures.letters import fitted, width_of
from reluctant.figures.style import FEW, GHOST, INK, MUTED, PAPER, RULE, WIDE, limits, styled
from reluctant.statistics import Verdict
from reluctant.statistics.interval import half_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from reluctant.analysis.comparison import Comparison, Contrast

Ends = tuple[float, float]

# A verdict's sign, told from the others by its form: colour says nothing here.
SIGNS = {
    Verdict.BETTER: "▲",
    Verdict.WORSE: "▼",
    Verdict.SAME: "=",
    Verdict.UNDECIDED: "?",
    Verdict.NONE: "–",
}


@dataclass(frozen=True)
class Row:
    """One line of the plot, in points or nats: `inner` decides, `outer` holds other test images too."""

    label: str
    colour: str
    mean: float  # NaN where no seed is shared
    inner: Ends | None
    outer: Ends | None
    said: str


@styled
def differences(comparison: "Comparison", *, width: float = WIDE) -> "Figure":
    """Each activation minus the baseline: mean, the interval that decides, margin, noise floor, verdict.

    In the study's order, sorted from best to worst beyond 12 activations. Scores in points (hundredths).
    """
    rows, floor = _rows(comparison), _floor(comparison)
    shown, narrow = [*rows, *floor], width < 5
    step = 0.52 if narrow else 0.25 if len(rows) > FEW else 0.36
    apart = (0.2 if narrow else 0.1) if floor else 0.0  # inches between the arms and the noise floor
    body = step * len(shown) + apart
    title = f"{_title(comparison)}: the difference from {_label(comparison, comparison.baseline)}"
    if not rows:
        made = paper.sheet(width, 0.4, title, [data_title(comparison.results)])
        made.write(0, 0.05, "There is nothing to compare.")
        return made.figure
    margin = comparison.unit.scaled(comparison.margin)
    bounds = _bounds(shown, margin)
    beyond = any(_reach(row)[0] < bounds[0] or _reach(row)[1] > bounds[1] for row in shown)
    made = paper.sheet(width, body + 0.62, title, _said(comparison, bool(floor), beyond=beyond))
    left = 0.08 if narrow else 0.25 + min(max(width_of(r.label, 9) for r in shown), 0.27 * width)
    right = 0.08 if narrow else 0.2 + max(width_of(r.said, 8.5) for r in shown)
    axes = made.panel(left, 0.22, width - left - right, body + 0.08, grid="x")
    axes.set_ylim(body / step - 0.5 + (0.15 if narrow else 0), -0.5 - (0.25 if narrow else 0))
    axes.set_yticks([])
    paper.value_axis(axes, *bounds, which="x", most=4 if narrow else 7)
    axes.set_xlabel(_unit(comparison), loc="right", labelpad=3)
    _ground(axes, margin, comparison.metric.higher)
    for place, row in enumerate(shown):
        at = place + (apart / step if place == len(rows) else 0)
        _draw(axes, at, row, comparison.unit.decimals)
        _name(axes, at, row, left, narrow)
    if floor:
        above = (apart - 0.46 if narrow else 0.5 * (apart - step)) / step
        axes.axhline(len(rows) + above, color=MUTED, linewidth=0.6, linestyle=(0, (1, 2)))
    return paper.tell(made, " ".join(f"{row.label}: {row.said}." for row in shown))


def deciding(comparison: "Comparison", contrast: "Contrast") -> Ends | None:
    """The interval that the verdict rests on: 95 %, or 97.5 % after the study has grown."""
    found = contrast.difference
    if found.low is None or found.high is None:
        return None
    half = float(half_width(found.deviation, found.n, comparison.confidence))
    return found.mean - half, found.mean + half


def _label(comparison: "Comparison", activation: str) -> str:
    return marks(comparison.results)[activation].label


def _title(comparison: "Comparison") -> str:
    name = metric_title(comparison.metric.name)
    where = {"last": "after the last epoch", "best": "at the epoch best on validation"}
    return f"{name} {where.get(comparison.at, 'averaged over the epochs')}"


def _unit(comparison: "Comparison") -> str:
    title, unit = within_sentence(metric_title(comparison.metric.name)), comparison.unit
    return f"difference in {title} ({unit.word if unit.word == 'points' else unit.axis})"


def _said(comparison: "Comparison", floor: bool, *, beyond: bool) -> list[str]:
    kept = [c.difference.n for c in comparison.family if c.difference.n]
    most, least = max(kept, default=0), min(kept, default=0)
    number = count(most, "shared seed") if most == least else f"{least} to {most} shared seeds"
    some = any(c.both is not None for c in comparison.family)
    return [
        data_title(comparison.results),
        f"dot: mean of {number}" if most else "no seed is shared",
        f"thick line: its {100 * comparison.confidence:g} % interval" if most > 1 else "",
        f"thin line: other test {items(comparison.results)} too (95 %)" if some and most > 1 else "",
        f"shaded: the margin, {comparison.unit.margin(comparison.margin)}" if comparison.margin else "",
        "arrow: beyond the axis" if beyond else "",
        "last row: the baseline against itself under other seeds" if floor else "",
        "under five seeds: intervals wide and uncertain" if 1 < least < 5 else "",
        "sorted" if len(comparison.family) > FEW else "",
    ]


def _rows(comparison: "Comparison") -> list[Row]:
    def row(contrast: "Contrast") -> Row:
        mark = marks_[contrast.activation]
        mean = comparison.unit.scaled(contrast.difference.mean)
        inner = _ends(comparison, deciding(comparison, contrast))
        outer = _ends(comparison, contrast.both) if inner else None
        said = f"{SIGNS[contrast.verdict]} {contrast.verdict}"
        return Row(mark.label, mark.colour, mean, inner, outer, said)

    marks_ = marks(comparison.results)
    return [row(contrast) for contrast in ordered(comparison)]


def ordered(comparison: "Comparison") -> "Sequence[Contrast]":
    """The deciding family in the study's order, beyond 12 from best to worst."""
    if len(comparison.family) <= FEW:
        return comparison.family
    sign = -1 if comparison.metric.higher else 1
    means = {c.activation: sign * c.difference.mean for c in comparison.family}
    return sorted(comparison.family, key=lambda c: m if np.isfinite(m := means[c.activation]) else np.inf)


def _floor(comparison: "Comparison") -> list[Row]:
    found = comparison.floor
    if found is None:
        return []
    ends = None if found.low is None or found.high is None else (found.low, found.high)
    said = "! differs from itself" if comparison.doubtful else "noise floor"
    label = f"{_label(comparison, comparison.baseline)}, other seeds"
    return [Row(label, MUTED, comparison.unit.scaled(found.mean), _ends(comparison, ends), None, said)]


def _ends(comparison: "Comparison", ends: Ends | None) -> Ends | None:
    if ends is None or not np.isfinite(ends).all():
        return None
    return comparison.unit.scaled(ends[0]), comparison.unit.scaled(ends[1])


def _bounds(rows: Sequence[Row], margin: float) -> Ends:
    """Limits by the means and the margin; an interval counts as far as it does not triple the axis.

    A mean is left to an arrow where it lies far beyond what the means and their intervals spread over.
    """
    inner = [end for r in rows if r.inner for end in r.inner]
    widest = limits([0.0, margin, -margin, *(r.mean for r in rows), *inner], reach=30)
    means = [r.mean for r in rows if widest[0] <= r.mean <= widest[1]]
    low, high = limits([0.0, *means], reach=np.inf, pad=0.1)
    low, high = min(low, -1.15 * margin), max(high, 1.15 * margin)
    span = high - low
    ends = [end for r in rows for pair in (r.inner, r.outer) if pair for end in pair]
    near = [end for end in ends if low - span <= end <= high + span]
    room = 0.03 * span
    return min([low, *(end - room for end in near)]), max([high, *(end + room for end in near)])


def _ground(axes: "Axes", margin: float, higher: bool) -> None:
    """The band of the margin, the line of no difference, and which way is better."""
    if margin:
        axes.axvspan(-margin, margin, facecolor=GHOST, alpha=0.28, linewidth=0, zorder=0)
    axes.axvline(0, color=MUTED, linewidth=0.9, zorder=1)
    low, high = axes.get_xlim()
    wide, tall = paper.inches(axes)
    for sign in (-1, 1):
        word = "better" if (sign > 0) == higher else "worse"
        room = wide * (high if sign > 0 else -low) / (high - low)
        text = f"{word} →" if sign > 0 else f"← {word}"
        if width_of(text, 8) + 0.08 <= room:
            axes.text(0.08 * sign * (high - low) / wide, 1 + 0.05 / tall, text, color=MUTED, fontsize=8,
                      transform=axes.get_xaxis_transform(), ha="left" if sign > 0 else "right",
                      va="bottom")  # fmt: skip


def _draw(axes: "Axes", place: float, row: Row, decimals: int) -> None:
    low, high = axes.get_xlim()
    axes.axhline(place, color=RULE, linewidth=0.6, zorder=0)
    for ends, thick, shade in ((row.outer, 1.3, 0.75), (row.inner, 3.6, 1.0)):
        if ends is not None and ends[0] < high and ends[1] > low:
            axes.plot(np.clip(ends, low, high), [place, place], color=row.colour, linewidth=thick,
                      alpha=shade, solid_capstyle="butt")  # fmt: skip
    least, most = _reach(row)
    for edge, sign, gone in ((low, "<", least < low), (high, ">", most > high)):
        if gone:
            axes.plot([edge], [place], sign, color=row.colour, markersize=5, clip_on=False)
        if gone and sign == ("<" if row.mean < low else ">" if row.mean > high else ""):
            inwards, side = (6, "left") if sign == "<" else (-6, "right")
            axes.annotate(f"{row.mean:.{decimals}f}".replace("-", "−"), (edge, place), (inwards, 4),
                          textcoords="offset points", color=MUTED, fontsize=8, ha=side)  # fmt: skip
    if low <= row.mean <= high:
        axes.plot([row.mean], [place], "o", color=row.colour, markersize=7.5, markeredgecolor=PAPER,
                  markeredgewidth=1.2)  # fmt: skip


def _reach(row: Row) -> Ends:
    """The ends of all that is drawn of a row."""
    reach = [row.mean, *(row.inner or ()), *(row.outer or ())]
    return min(reach), max(reach)


def _name(axes: "Axes", place: float, row: Row, left: float, narrow: bool) -> None:
    """The activation's name and its verdict: beside the line, or above it on narrow sheets."""
    across, (wide, _) = axes.get_yaxis_transform(), paper.inches(axes)
    if narrow:
        above: dict[str, Any] = {"y": place - 0.2 / 0.52, "transform": across, "va": "bottom", "color": INK}
        axes.text(0, s=fitted(row.label, 8.5, wide - width_of(row.said, 8.5) - 0.15), fontsize=8.5, **above)
        axes.text(1, s=row.said, fontsize=8.5, ha="right", **above)
        return
    beside: dict[str, Any] = {"y": place, "transform": across, "va": "center_baseline", "color": INK}
    axes.text(-0.14 / wide, s=fitted(row.label, 9, left - 0.14), fontsize=9, ha="right", **beside)
    axes.text(1 + 0.14 / wide, s=row.said, fontsize=8.5, **beside)
