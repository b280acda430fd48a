"""Curves over the epochs: the article's four per arm, and one metric of all arms."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from reluctant.analysis import SettingData
from reluctant.analysis.labels import metric_title
from reluctant.analysis.summary import Band
from reluctant.catalogue.metrics import CLASSIFICATION, REGRESSION, TOKENS, Metric
from reluctant.figures.beyond_axis import mark_band
from reluctant.figures.notes import band_note, diverged_note, metric_axis
from reluctant.figures.sheet import Sheet, epoch_axis, label_ends, name_axes, name_panel, sheet, value_axis
from reluctant.figures.style import FEW, GHOST, INK, WIDE, Mark, limits, marks, possible, styled, widened
from reluctant.figures.text_width import width_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# The article's four curves, and those of numbers: metric, split, what stands above the panel.
LOSSES = (("loss", "train", "Training loss"), ("loss", "test", "Test loss"))
FOUR = (("accuracy", "test", "Accuracy"), ("precision", "test", "Precision (macro)"), *LOSSES)
FOUR_OF_NUMBERS = (("r2", "test", "R²"), ("mae", "test", "MAE"), *LOSSES)
FOUR_OF_TOKENS = (("perplexity", "test", "Perplexity"), ("token_accuracy", "test", "Token accuracy"), *LOSSES)
MEANINGS = {
    CLASSIFICATION: "precision averaged over classes",
    REGRESSION: "R²: share of the variance explained; MAE: mean absolute error",
    TOKENS: "perplexity: exponential of the cross entropy per token",
}


def four_curves(data: SettingData) -> tuple[tuple[str, str, str], ...]:
    """The four curves of this task; of numbers, R² and MAE replace two scores, of tokens perplexity and accuracy."""
    return {REGRESSION: FOUR_OF_NUMBERS, TOKENS: FOUR_OF_TOKENS}.get(data.subject.task, FOUR)


@styled
def training_curves(data: SettingData, arm: str, *, width: float = WIDE) -> "Figure":
    """The article's four curves of one arm over the epochs, mean over seeds; the others in grey behind.

    Accuracy and macro precision on the test split, training loss, test loss. Where numbers are
    predicted, R² and mean absolute error instead of the first two; where tokens are, perplexity and token accuracy.
    """
    mark, others = marks(data.labels)[arm], [each for each in data.arms if each != arm]
    grey = "the middle half of all" if len(others) >= FEW else "the other"
    behind = f"grey: {grey} {data.subject.arms}" if others else ""
    meaning = MEANINGS[data.subject.task]
    notes = [data.subject.data, band_note(data, [arm]), diverged_note(data, [arm]), meaning,
             f"all curves except the training loss: on {data.subject.test_part}", behind]  # fmt: skip
    columns = 2 if width < 5 else 4
    title = f"{mark.label}: training and test scores over the {data.subject.period.word}s"
    drawing = sheet(width, 4.3 if columns == 2 else 2.28, title, notes)
    wide = (width - 4 * 0.42) / 4 if columns == 4 else (width - 2 * 0.48) / 2
    ends = []
    for i, (name, split, above) in enumerate(four_curves(data)):
        row, column = divmod(i, columns)
        gap = 0.42 if columns == 4 else 0.48
        axes = drawing.panel(gap + column * (wide + gap), 0.38 + 2.15 * row, wide, 1.55 if columns == 4 else 1.4)
        band, ghosts = data.band(name, arm, split), [data.band(name, each, split) for each in others]
        _draw_ghosts(axes, ghosts)
        _draw_band(axes, band, mark)
        epoch_axis(axes, data.planned_epochs, period=data.subject.period, most=3)
        unit = data.unit(name)
        value_axis(axes, *possible(*_band_limits([band], ghosts), unit.axis), most=5)
        mark_band(axes, band, mark.colour)
        name_axes(axes, y=unit.axis, above=above)
        if band:
            title = above if above.isupper() else above.lower()
            ends.append(f"{title} {unit.value(float(band.mean[-1]))}")
    last = f"A{data.subject.after_last[1:]}: {', '.join(ends)}."
    return drawing.finish(last if ends else "No curve: no run ended with finite numbers.")


@styled
def score_by_epoch(data: SettingData, metric: str = "", *, width: float = WIDE) -> "Figure":
    """One metric of all arms over the epochs, on the test split, mean over seeds.

    Up to twelve arms share a panel, with the last half of the epochs enlarged beside it; more become small
    multiples before the middle half of all.
    """
    chosen = data.metric(metric)
    bands, value = {arm: data.band(chosen.name, arm) for arm in data.arms}, data.unit(chosen.name).value
    draw = _curve_multiples if len(bands) > FEW else _curves_together
    notes = [data.subject.data, data.subject.test_part, band_note(data), diverged_note(data)]
    drawing = draw(data, chosen, bands, width, f"{metric_title(chosen)} over the {data.subject.period.word}s", notes)
    ends = [f"{data.labels[arm]} {value(float(b.mean[-1]))}" for arm, b in bands.items() if b]
    return drawing.finish(f"A{data.subject.after_last[1:]}: {', '.join(ends)}." if ends else "No curve yet.")


def _draw_band(axes: "Axes", band: Band, mark: Mark, *, width: float = 1.7, shade: float = 0.15) -> None:
    """The mean as a line in the arm's style, its interval as a band; one epoch is a dot."""
    if not band:
        return
    if band.n > 1:
        axes.fill_between(band.epochs, band.low, band.high, color=mark.colour, alpha=shade, linewidth=0)
    axes.plot(band.epochs, band.mean, **mark.line(width))
    if len(band.mean) == 1:
        axes.plot(band.epochs, band.mean, "o", color=mark.colour, markersize=4)


def _draw_ghosts(axes: "Axes", bands: Sequence[Band]) -> None:
    """The other arms in grey: each as a line, or the middle half of all where they are many."""
    known = [band for band in bands if band]
    if len(known) < FEW:
        for band in known:
            axes.plot(band.epochs, band.mean, color=GHOST, linewidth=0.9)
        return
    length = min(len(band.mean) for band in known)
    means = np.array([band.mean[:length] for band in known])
    low, middle, high = np.quantile(means, (0.25, 0.5, 0.75), axis=0)
    epochs = np.arange(1, length + 1)
    axes.fill_between(epochs, low, high, color=GHOST, alpha=0.45, linewidth=0)
    axes.plot(epochs, middle, color=GHOST, linewidth=0.9)


def _band_limits(bands: Sequence[Band], behind: Sequence[Band] = ()) -> tuple[float, float]:
    """Limits that hold the whole of the shown curves, and of those behind what does not stretch the axis."""
    own = [v for b in bands for part in (b.mean, b.low, b.high) for v in part if np.isfinite(v)]
    low, high = limits(own, reach=np.inf)
    wide = limits([*own, *(v for b in behind for v in b.mean)], reach=6)
    reach = 0.5 * (high - low)
    return max(min(low, wide[0]), low - reach), min(max(high, wide[1]), high + reach)


def _curves_together(
    data: SettingData, metric: Metric, bands: Mapping[str, Band], width: float, title: str, notes: Sequence[str]
) -> Sheet:
    """All arms in one panel with names at their ends, and the last half of the epochs enlarged beside it."""
    epochs, of = data.planned_epochs, marks(data.labels)
    zoomed = epochs >= 4 and any(bands.values())
    names = min(max(width_of(of[arm].label, 8.5) for arm in bands), 0.32 * width) + 0.02
    narrow = width < 5
    tall = max(1.9 if narrow else 2.2, 0.17 * len(bands))
    drawing = sheet(width, (tall + 0.74) * (2 if narrow and zoomed else 1), title, notes)
    room = width - 0.45 - 0.47 - names
    whole = width - 0.53 if narrow and zoomed else room if not zoomed else 0.4 * (room - 0.5)
    first = drawing.panel(0.45, 0.38, whole, tall)
    _shared_panel(first, data, metric, bands, 1, f"All {data.subject.period.word}s" if zoomed else "")
    last = first
    if zoomed:
        x, y = (0.45, tall + 1.1) if narrow else (0.95 + whole, 0.38)
        last = drawing.panel(x, y, room if narrow else room - 0.5 - whole, tall)
        start, period = epochs - max(epochs // 2, 2) + 1, data.subject.period
        above = f"{period.word.capitalize()}s {period.number(start):,} to {period.number(epochs):,}, enlarged"
        _shared_panel(last, data, metric, bands, start, above)
        _frame_enlarged(first, last)
    label_ends(last, [(of[arm], len(b.mean), float(b.mean[-1])) for arm, b in bands.items() if b], names)
    return drawing


def _shared_panel(
    axes: "Axes", data: SettingData, metric: Metric, bands: Mapping[str, Band], start: int, above: str
) -> None:
    """One panel with all arms from epoch `start` on, its limits set by the means."""
    of = marks(data.labels)
    for arm, band in bands.items():
        _draw_band(axes, band, of[arm], shade=0.12 if band.n >= 5 else 0.07)
    means = [v for b in bands.values() for v in b.mean[start - 1 :]]
    ends = [v for b in bands.values() for part in (b.low, b.high) for v in part[start - 1 :]]
    low, high = limits(means, reach=np.inf if start == 1 else 12, pad=0.05)
    low, high = widened(low, high, [v for v in ends if np.isfinite(v)], reach=1.5)
    epoch_axis(axes, data.planned_epochs, period=data.subject.period, first=start)
    value_axis(axes, *possible(low, high, data.unit(metric.name).axis))
    for arm, band in bands.items():
        mark_band(axes, band, of[arm].colour)
    name_axes(axes, y=metric_axis(data, metric), above=above)


def _frame_enlarged(whole: "Axes", part: "Axes") -> None:
    """A thin frame in the first panel around what the second enlarges."""
    (left, right), (low, high) = part.get_xlim(), part.get_ylim()
    bottom, top = whole.get_ylim()
    low, high = max(low, bottom), min(high, top)
    x, y = [left, right, right, left, left], [low, low, high, high, low]
    whole.plot(x, y, color=INK, linewidth=0.6, clip_on=False)


def _curve_multiples(
    data: SettingData, metric: Metric, bands: Mapping[str, Band], width: float, title: str, notes: Sequence[str]
) -> Sheet:
    """A small panel per arm, before the middle half of all."""
    columns, step = 2 if width < 5 else 5, 1.12
    epochs, of, rows = data.planned_epochs, marks(data.labels), -(-len(bands) // columns)
    grey = f"grey: median and middle half of all {len(bands)}"
    drawing = sheet(width, rows * step + 0.5, title, [*notes, grey])
    wide = (width - 0.45 - 0.12 * columns) / columns
    pooled = [v for b in bands.values() for v in b.mean[min(1, epochs - 1) :]]
    low, high = possible(*limits(pooled, reach=8), data.unit(metric.name).axis)
    for i, (arm, band) in enumerate(bands.items()):
        row, column = divmod(i, columns)
        axes = drawing.panel(0.42 + column * (wide + 0.12), 0.34 + row * step, wide, 0.78)
        _draw_ghosts(axes, [*bands.values()])
        _draw_band(axes, band, of[arm], width=1.6, shade=0.25)
        epoch_axis(axes, epochs, period=data.subject.period, most=2, name=i == len(bands) - 1)
        value_axis(axes, low, high, most=3)
        mark_band(axes, band, of[arm].colour)
        name_panel(axes, of[arm].label)
        text = "" if band else "no finished run"
        if band and not low <= band.mean[-1] <= high:
            text = f"{'↓' if band.mean[-1] < low else '↑'} {band.mean[-1]:.3g}"
        axes.text(0.97, 0.94, text, transform=axes.transAxes, ha="right", va="top", fontsize=8)
        axes.tick_params(labelleft=not column, labelbottom=i + columns >= len(bands))
    drawing.write(0, 0, metric_axis(data, metric), fontsize=8)
    return drawing
