"""Verdict against margin: from which margin on each arm is the same as the baseline, and what it is below that."""

from typing import TYPE_CHECKING

import numpy as np

from reluctant.analysis.comparison import Comparison
from reluctant.analysis.contrasts import Contrast
from reluctant.analysis.labels import metric_words
from reluctant.figures.scores import best_first
from reluctant.figures.sheet import empty_sheet, name_axes, sheet, value_axis
from reluctant.figures.style import FEW, INK, MUTED, WIDE, marks, styled
from reluctant.figures.text_width import fitted, width_of
from reluctant.statistics import Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROW = 0.26


@styled
def verdict_by_margin(comparison: Comparison, *, width: float = WIDE) -> "Figure":
    """A row per arm: which verdict it would have at every margin, the study's own marked by a line.

    A margin is to be chosen before the first run. The figure shows how much of the answer hangs on it.
    """
    unit, margin = comparison.unit, comparison.unit.scaled(comparison.question.margin)
    title = "What other margins would say"
    rows = [each for each in best_first(comparison) if each.interval is not None and each.verdict != Verdict.NONE]
    notes = ["thick: the same as the baseline", "thin with a triangle: better or worse", "dotted: undecided",
             "line: the margin of the study" if margin else "the study has no margin"]  # fmt: skip
    if not rows:
        return empty_sheet(width, title, notes, f"No {comparison.subject.arm} has a verdict.")
    of, turns = marks(comparison.labels), [unit.scaled(same_from(each)) for each in rows]
    names = min(max(width_of(comparison.labels[c.arm], 8.5) for c in rows), 0.35 * width)
    last = 1.25 * max(float(np.median(turns)), min(max(turns), 4 * float(np.median(turns))), margin)
    tall = ROW * len(rows) if len(rows) <= FEW else 0.18 * len(rows)
    drawing = sheet(width, tall + 0.5, title, notes)
    axes = drawing.panel(names + 0.15, 0.05, width - names - 0.35, tall, grid="x")
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks([])
    value_axis(axes, 0, last, which="x")
    name_axes(axes, f"margin, in {metric_words(comparison.metric)} ({unit.difference_axis})")
    for at, (contrast, turn) in enumerate(zip(rows, turns, strict=True)):
        colour, name = of[contrast.arm].colour, fitted(comparison.labels[contrast.arm], 8.5, names)
        below = below_that(comparison, contrast)
        if below == Verdict.UNDECIDED:
            axes.plot([0, min(turn, last)], [at, at], color=colour, linewidth=1.4, linestyle=(0, (1, 2)))
        else:
            axes.plot([0, min(turn, last)], [at, at], color=colour, linewidth=2, solid_capstyle="butt")
            axes.plot([0.01 * last], [at], "^" if below == Verdict.BETTER else "v", color=colour, markersize=6)
        if turn < last:
            axes.plot([turn, last], [at, at], color=colour, linewidth=6, solid_capstyle="butt")
        axes.text(-0.02, at, name, transform=axes.get_yaxis_transform(), ha="right", va="center", fontsize=8.5)
    if margin:
        axes.axvline(margin, color=INK, linewidth=1)
    axes.tick_params(axis="x", colors=MUTED)
    texts = [
        f"{comparison.labels[c.arm]}: {below_that(comparison, c)} below ±{turn:.3g}, from there on the same."
        for c, turn in zip(rows, turns, strict=True)
    ]
    return drawing.finish(" ".join(texts))


def same_from(contrast: Contrast) -> float:
    """The margin from which on an arm is the same as the baseline: the interval's farther end."""
    assert contrast.interval is not None
    return max(abs(end) for end in contrast.interval)


def below_that(comparison: Comparison, contrast: Contrast) -> Verdict:
    """The verdict with a margin of 0."""
    assert contrast.interval is not None
    low, high = contrast.interval
    if low <= 0 <= high:
        return Verdict.UNDECIDED
    return Verdict.BETTER if (low > 0) == comparison.metric.higher else Verdict.WORSE
