"""Is the difference real: every arm's paired difference from the baseline, margin and noise floor."""

from typing import TYPE_CHECKING

import numpy as np

from reluctant.analysis.comparison import Comparison, Contrast
from reluctant.analysis.labels import count_range, metric_title, within_sentence
from reluctant.figures.interval_plot import Ends, Row, interval_plot
from reluctant.figures.notes import few_seeds_note
from reluctant.figures.sheet import empty_sheet, inches
from reluctant.figures.style import FEW, GHOST, MUTED, WIDE, Mark, limits, marks, styled, widened
from reluctant.figures.text_width import width_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

AT = {"last": "after the last epoch", "best": "at the epoch best on validation", "mean": "averaged over the epochs"}


@styled
def differences(comparison: Comparison, *, width: float = WIDE) -> "Figure":
    """Each arm minus the baseline: mean, the interval that decides, margin, noise floor, verdict.

    In the study's order, sorted from best to worst beyond 12 arms. Scores in points (hundredths).
    """
    metric, unit, subject = comparison.metric, comparison.unit, comparison.subject
    title = f"{metric_title(metric)} {AT[comparison.question.at]}: difference from {comparison.baseline_label}"
    if not comparison.family:
        return empty_sheet(width, title, [subject.data], "There is nothing to compare.")
    rows, floor = _rows(comparison), _floor(comparison)
    margin = unit.scaled(comparison.question.margin)
    bounds = _bounds([*rows, *floor], margin)
    numbers = [c.difference.n for c in comparison.family]
    most, items = max(numbers), any(c.with_items is not None for c in comparison.family)
    beyond = any(row.reach[0] < bounds[0] or row.reach[1] > bounds[1] for row in (*rows, *floor))
    drawing, axes = interval_plot(
        [*rows, *floor],
        bounds,
        title=title,
        notes=[
            subject.data,
            f"dot: mean of {count_range(numbers, 'shared seed')}" if most else "no seed is shared",
            f"thick line: its {100 * comparison.question.confidence:g} % interval" if most > 1 else "",
            f"thin line: with other test {subject.items} (95 %)" if items and most > 1 else "",
            f"shaded: the margin, {unit.margin(comparison.question.margin)}" if margin else "",
            "arrow: beyond the axis" if beyond else "",
            "last row: the baseline against itself under other seeds" if floor else "",
            few_seeds_note(numbers),
            "sorted" if len(rows) > FEW else "",
        ],
        axis=f"difference in {within_sentence(metric_title(metric))} ({unit.difference_axis})",
        width=width,
        above=0.22,
    )
    _draw_margin(axes, margin, metric.higher)
    return drawing.finish(" ".join(f"{row.mark.label}: {row.text}." for row in (*rows, *floor)))


def best_first(comparison: Comparison) -> "Sequence[Contrast]":
    """The deciding family in the study's order, beyond 12 from best to worst."""
    if len(comparison.family) <= FEW:
        return comparison.family
    sign = -1 if comparison.metric.higher else 1
    means = {c.arm: sign * c.difference.mean for c in comparison.family}
    return sorted(comparison.family, key=lambda c: m if np.isfinite(m := means[c.arm]) else np.inf)


def _rows(comparison: Comparison) -> list[Row]:
    of = marks(comparison.labels)
    rows = []
    for contrast in best_first(comparison):
        inner = _scaled(comparison, contrast.interval)
        rows.append(
            Row(
                of[contrast.arm],
                comparison.unit.scaled(contrast.difference.mean),
                inner,
                _scaled(comparison, contrast.with_items) if inner else None,
                text=f"{contrast.verdict.sign} {contrast.verdict}",
            )
        )
    return rows


def _floor(comparison: Comparison) -> list[Row]:
    floor = comparison.floor
    if floor is None:
        return []
    ends = None if floor.low is None or floor.high is None else (floor.low, floor.high)
    text = "! differs from itself" if comparison.baseline_differs_from_itself else "noise floor"
    mark = Mark(MUTED, (), f"{comparison.baseline_label}, other seeds")
    centre = comparison.unit.scaled(floor.mean)
    return [Row(mark, centre, _scaled(comparison, ends), text=text, apart=True)]


def _scaled(comparison: Comparison, ends: Ends | None) -> Ends | None:
    if ends is None or not np.isfinite(ends).all():
        return None
    return comparison.unit.scaled(ends[0]), comparison.unit.scaled(ends[1])


def _bounds(rows: "Sequence[Row]", margin: float) -> Ends:
    """Limits by the means and the margin; an interval counts as far as it does not triple the axis.

    A mean becomes an arrow where it lies far beyond what the means and their intervals spread over.
    """
    inner = [end for row in rows for end in row.inner or ()]
    widest = limits([0.0, margin, -margin, *(row.centre for row in rows), *inner], reach=30)
    means = [row.centre for row in rows if widest[0] <= row.centre <= widest[1]]
    low, high = limits([0.0, *means], reach=np.inf, pad=0.1)
    low, high = min(low, -1.15 * margin), max(high, 1.15 * margin)
    return widened(low, high, [end for row in rows for pair in (row.inner, row.outer) for end in pair or ()])


def _draw_margin(axes: "Axes", margin: float, higher: bool) -> None:
    """The band of the margin, the line of no difference, and which way is better."""
    if margin:
        axes.axvspan(-margin, margin, facecolor=GHOST, alpha=0.28, linewidth=0, zorder=0)
    axes.axvline(0, color=MUTED, linewidth=0.9, zorder=1)
    low, high = axes.get_xlim()
    wide, tall = inches(axes)
    for sign in (-1, 1):
        word = "better" if (sign > 0) == higher else "worse"
        room = wide * (high if sign > 0 else -low) / (high - low)
        text = f"{word} →" if sign > 0 else f"← {word}"
        if width_of(text, 8) + 0.08 <= room:
            axes.text(0.08 * sign * (high - low) / wide, 1 + 0.05 / tall, text, color=MUTED, fontsize=8,
                      transform=axes.get_xaxis_transform(), ha="left" if sign > 0 else "right",
                      va="bottom")  # fmt: skip
