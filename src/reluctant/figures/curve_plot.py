"""The curve plot: means over epochs with their bands, in shared panels or as small multiples."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from reluctant.analysis.summary import Band
from reluctant.figures.sheet import Sheet, epoch_axis, label_ends, name_axes, name_panel, sheet, value_axis
from reluctant.figures.style import FEW, GHOST, INK, Mark, limits, possible
from reluctant.figures.text_width import width_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_band(axes: "Axes", band: Band, mark: Mark, *, width: float = 1.7, shade: float = 0.15) -> None:
    """The mean as a line in the arm's style, its interval as a band; one epoch is a dot."""
    if not band:
        return
    if band.n > 1:
        axes.fill_between(band.epochs, band.low, band.high, color=mark.colour, alpha=shade, linewidth=0)
    axes.plot(band.epochs, band.mean, **mark.line(width))
    if len(band.mean) == 1:
        axes.plot(band.epochs, band.mean, "o", color=mark.colour, markersize=4)


def draw_ghosts(axes: "Axes", bands: Sequence[Band]) -> None:
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


def band_limits(bands: Sequence[Band], behind: Sequence[Band] = ()) -> tuple[float, float]:
    """Limits that hold the whole of the shown curves, and of those behind what does not stretch the axis."""
    own = [v for b in bands for part in (b.mean, b.low, b.high) for v in part if np.isfinite(v)]
    low, high = limits(own, reach=np.inf)
    wide = limits([*own, *(v for b in behind for v in b.mean)], reach=6)
    reach = 0.5 * (high - low)
    return max(min(low, wide[0]), low - reach), min(max(high, wide[1]), high + reach)


def curves_together(
    bands: Mapping[str, Band], marks: Mapping[str, Mark], *, title: str, notes: Sequence[str], axis: str,
    unit: str, epochs: int, width: float,
) -> Sheet:  # fmt: skip
    """All arms in one panel with names at their ends, and the last half of the epochs enlarged beside it."""
    zoomed = epochs >= 4 and any(bands.values())
    names = min(max(width_of(marks[arm].label, 8.5) for arm in bands), 0.32 * width) + 0.02
    narrow = width < 5
    tall = max(1.9 if narrow else 2.2, 0.17 * len(bands))
    drawing = sheet(width, (tall + 0.74) * (2 if narrow and zoomed else 1), title, notes)
    room = width - 0.45 - 0.47 - names
    whole = width - 0.53 if narrow and zoomed else room if not zoomed else 0.4 * (room - 0.5)
    first = drawing.panel(0.45, 0.38, whole, tall)
    _shared_panel(first, bands, marks, 1, epochs, axis, unit, "All epochs" if zoomed else "")
    last = first
    if zoomed:
        x, y = (0.45, tall + 1.1) if narrow else (0.95 + whole, 0.38)
        last = drawing.panel(x, y, room if narrow else room - 0.5 - whole, tall)
        start = epochs - max(epochs // 2, 2) + 1
        above = f"Epochs {start} to {epochs}, enlarged"
        _shared_panel(last, bands, marks, start, epochs, axis, unit, above)
        _frame_enlarged(first, last)
    ends = [(marks[arm], len(b.mean), float(b.mean[-1])) for arm, b in bands.items() if b]
    label_ends(last, ends, names)
    return drawing


def _shared_panel(
    axes: "Axes", bands: Mapping[str, Band], marks: Mapping[str, Mark], start: int, epochs: int, axis: str,
    unit: str, above: str,
) -> None:  # fmt: skip
    """One panel with all arms from epoch `start` on, its limits set by the means."""
    for arm, band in bands.items():
        draw_band(axes, band, marks[arm], shade=0.12 if band.n >= 5 else 0.07)
    means = [v for b in bands.values() for v in b.mean[start - 1 :]]
    ends = [v for b in bands.values() for part in (b.low, b.high) for v in part[start - 1 :]]
    low, high = limits(means, reach=np.inf if start == 1 else 12, pad=0.05)
    inside = [v for v in ends if np.isfinite(v) and abs(v - (low + high) / 2) < 0.8 * (high - low)]
    low, high = min([low, *inside]), max([high, *inside])
    epoch_axis(axes, epochs, first=start)
    value_axis(axes, *possible(low, high, unit))
    name_axes(axes, y=axis, above=above)


def _frame_enlarged(whole: "Axes", part: "Axes") -> None:
    """A thin frame in the first panel around what the second enlarges."""
    (left, right), (low, high) = part.get_xlim(), part.get_ylim()
    bottom, top = whole.get_ylim()
    low, high = max(low, bottom), min(high, top)
    x, y = [left, right, right, left, left], [low, low, high, high, low]
    whole.plot(x, y, color=INK, linewidth=0.6, clip_on=False)


def curve_multiples(
    bands: Mapping[str, Band], marks: Mapping[str, Mark], *, title: str, notes: Sequence[str], axis: str,
    unit: str, epochs: int, width: float,
) -> Sheet:  # fmt: skip
    """A small panel per arm, before the middle half of all."""
    columns = 2 if width < 5 else 5
    rows = -(-len(bands) // columns)
    tall, step = 0.78, 1.12
    grey = f"grey: median and middle half of all {len(bands)}"
    drawing = sheet(width, rows * step + 0.5, title, [*notes, grey])
    wide = (width - 0.45 - 0.12 * columns) / columns
    pooled = [v for b in bands.values() for v in b.mean[min(1, epochs - 1) :]]
    low, high = possible(*limits(pooled, reach=8), unit)
    for i, (arm, band) in enumerate(bands.items()):
        row, column = divmod(i, columns)
        axes = drawing.panel(0.42 + column * (wide + 0.12), 0.34 + row * step, wide, tall)
        draw_ghosts(axes, [*bands.values()])
        draw_band(axes, band, marks[arm], width=1.6, shade=0.25)
        epoch_axis(axes, epochs, most=2, name=i == len(bands) - 1)
        value_axis(axes, low, high, most=3)
        name_panel(axes, marks[arm].label)
        text = ""
        if not band:
            text = "no finished run"
        elif not low <= band.mean[-1] <= high:
            text = f"{'↓' if band.mean[-1] < low else '↑'} {band.mean[-1]:.3g}"
        axes.text(0.97, 0.94, text, transform=axes.transAxes, ha="right", va="top", fontsize=8)
        axes.tick_params(labelleft=not column, labelbottom=i + columns >= len(bands))
    drawing.write(0, 0, axis, fontsize=8)
    return drawing
