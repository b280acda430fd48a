"""Published numbers beside ours: each as a mark on the bounds within which it agrees with our runs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from reluctant.analysis import SettingData
from reluctant.analysis.labels import arm_label, count_range, metric_words
from reluctant.analysis.published import CONFIDENCE, Agreement, PublishedCheck
from reluctant.figures.interval_plot import Row, RowLayout, draw_rows
from reluctant.figures.notes import few_seeds_note
from reluctant.figures.sheet import empty_sheet, name_axes, sheet, value_axis
from reluctant.figures.style import ALARM, INK, MUTED, PAPER, WIDE, Mark, marks, styled, widened

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from reluctant.study import PublishedNumber


SPLIT_WORDS = {"train": "training", "valid": "validation", "test": "test"}

# The sign of a published number: its form and its colour, so that neither has to be seen alone.
SIGNS = {
    Agreement.AGREES: ("D", INK),
    Agreement.HIGHER: (">", ALARM),
    Agreement.LOWER: ("<", ALARM),
    Agreement.UNDECIDED: ("D", PAPER),
}


@styled
def published_numbers(data: SettingData, *, width: float = WIDE) -> "Figure":
    """Published numbers and ours: a panel for every score and epoch, a row for every number.

    The line reaches as far as a published number agrees, the dot is the mean of our runs.
    """
    title, checks = "Published numbers and ours", data.published
    if not checks:
        return empty_sheet(width, title, [data.subject.data], "The study names no published numbers.")
    panels: dict[str, list[PublishedCheck]] = {}
    for check in checks:
        heading = f"{score_words(data, check.published)} {epoch_words(check.published)}"
        panels.setdefault(heading[0].upper() + heading[1:], []).append(check)
    rows = {heading: [_row(data, each) for each in group] for heading, group in panels.items()}
    columns = 1 if width < 5 else min(len(panels), 2)
    across = width / columns
    layout = RowLayout.of([row for group in rows.values() for row in group], across)
    heights = [layout.height(group) + 0.72 for group in rows.values()]
    lines = [max(heights[i : i + columns]) for i in range(0, len(heights), columns)]
    drawing = sheet(width, sum(lines), title, _notes(data))
    for i, (heading, group) in enumerate(rows.items()):
        line, column = divmod(i, columns)
        left, wide = layout.left + column * across, across - layout.left - 0.15
        axes = drawing.panel(left, 0.26 + sum(lines[:line]), wide, layout.height(group) + 0.04, grid="x")
        value_axis(axes, *_bounds(panels[heading]), which="x", most=4)
        draw_rows(axes, group, layout)
        name_axes(axes, above=heading)
    value = {c.published.metric: data.unit(c.published.metric).value for c in checks}
    sentences = [
        f"{published_label(data, c)}, {score_words(data, c.published)} {epoch_words(c.published)}: published "
        f"{value[c.published.metric](c.published.value)}, "
        f"{f'ours {value[c.published.metric](c.mean)}' if c.n else 'none of ours'}, {c.agreement}."
        for c in checks
    ]
    return drawing.finish(" ".join(sentences))


def score_words(data: SettingData, published: "PublishedNumber") -> str:
    """`test accuracy`, `validation loss`, `training macro F1`."""
    return f"{SPLIT_WORDS[published.split]} {metric_words(data.metric(published.metric))}"


def epoch_words(published: "PublishedNumber") -> str:
    """`after epoch 5`, `after the last epoch`."""
    return f"after epoch {published.epoch:,}" if published.epoch else "after the last epoch"


def published_label(data: SettingData, check: PublishedCheck) -> str:
    """What the activation of a published number is called."""
    return data.labels.get(check.published.activation) or arm_label(check.published.activation)


def _row(data: SettingData, check: PublishedCheck) -> Row:
    mark = marks(data.labels).get(check.published.activation) or Mark(MUTED, (), published_label(data, check))
    inner = None if check.low is None or check.high is None else (check.low, check.high)
    form, face = SIGNS[check.agreement]
    return Row(mark, check.mean, inner, signs=((check.published.value, form, face),))


def _notes(data: SettingData) -> list[str]:
    checks = data.published
    numbers, agreements = [check.n for check in checks], {check.agreement for check in checks}
    most, single = max(numbers, default=0), all(check.published.runs == 1 for check in checks)
    line = "where one further run would lie" if single else "what agrees with them"
    return [
        data.subject.data,
        f"dot: mean of our {count_range(numbers, 'run')}" if most else "no finished run of ours",
        f"line: {line} ({100 * CONFIDENCE:g} %)" if most > 1 else "",
        "diamond: published" if {Agreement.AGREES, Agreement.UNDECIDED} & agreements else "",
        "triangle: published, and beyond ours" if {Agreement.HIGHER, Agreement.LOWER} & agreements else "",
        "hollow: undecided" if Agreement.UNDECIDED in agreements else "",
        few_seeds_note(numbers).replace("seeds", "runs"),
    ]


def _bounds(checks: Sequence[PublishedCheck]) -> tuple[float, float]:
    """Both numbers of every row are inside; bounds count as far as they do not triple the axis."""
    values = [v for check in checks for v in (check.mean, check.published.value) if np.isfinite(v)]
    ends = [end for check in checks for end in (check.low, check.high) if end is not None]
    low, high = min(values), max(values)
    span = high - low or max(ends, default=0.0) - min(ends, default=0.0) or max(abs(high), 1e-6) * 0.02
    return widened(low - 0.06 * span, high + 0.06 * span, ends)
