"""A sheet: a figure with its title, a line on what is shown, and panels placed in inches."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from reluctant.analysis.labels import EPOCH, Period
from reluctant.figures.style import INK, MUTED, Mark
from reluctant.figures.text_width import fitted, width_of, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLE, TEXT = 11.0, 8.5  # points
MARGIN = 0.16  # inches around everything; a page cuts it off again
ROW = 0.2  # inches from one row of a legend to the next


@dataclass(frozen=True)
class Sheet:
    """A figure and the height, in inches, that its title takes from the top."""

    figure: "Figure"
    head: float

    def panel(self, left: float, top: float, width: float, height: float, *, grid: str = "y") -> "Axes":
        """Axes at this position below the title, all in inches; `grid` is the axis with guide lines."""
        from reluctant.figures.panel_axes import PanelAxes

        wide, tall = self.figure.get_size_inches()
        bottom = tall - MARGIN - self.head - top - height
        box = (MARGIN + left) / wide, bottom / tall, width / wide, height / tall
        axes = self.figure.add_axes(box, axes_class=PanelAxes)
        if grid:
            axes.grid(visible=True, axis="y" if grid == "y" else "x")
        return axes

    def write(self, x: float, top: float, text: str, **options: Any) -> None:
        """Text whose upper left corner lies here, in inches below the title."""
        wide, tall = self.figure.get_size_inches()
        usual: dict[str, Any] = {"va": "top", "ha": "left", "color": MUTED, "fontsize": TEXT}
        self.figure.text((MARGIN + x) / wide, 1 - (MARGIN + self.head + top) / tall, text, **{**usual, **options})

    def legend(self, entries: Sequence[tuple[str, float, str]], width: float) -> None:
        """Squares and their words in rows from the top of the body: (colour, opacity, words)."""
        positions = _legend_positions([words for _, _, words in entries], width)
        for (colour, alpha, words), (x, row) in zip(entries, positions, strict=True):
            self.write(x, ROW * row, "■", color=colour, alpha=alpha)
            self.write(x + 0.16, ROW * row, words, color=INK)

    def finish(self, description: str = "") -> "Figure":
        """The finished figure; the description is added to the text that replaces it for a screen reader."""
        self.figure.set_label(f"{self.figure.get_label()} {description}".strip())
        return self.figure


def legend_rows(words: Sequence[str], width: float) -> int:
    """How many rows `Sheet.legend` takes."""
    return 1 + max((row for _, row in _legend_positions(words, width)), default=0)


def _legend_positions(words: Sequence[str], width: float) -> list[tuple[float, int]]:
    """The x, in inches, and the row of every entry of a legend."""
    positions, x, row = [], 0.0, 0
    for each in words:
        needs = 0.42 + width_of(each, TEXT)
        if x and x + needs > width:
            x, row = 0.0, row + 1
        positions.append((x, row))
        x += needs
    return positions


def sheet(width: float, body: float, title: str, notes: Sequence[str]) -> Sheet:
    """A sheet `width` inches wide with `body` inches for panels, headed by a title and a line of notes."""
    from matplotlib.figure import Figure

    subtitle = " · ".join(note for note in notes if note)
    titles, lines = wrapped(title, TITLE, width, bold=True), wrapped(subtitle, TEXT, width)
    head = 0.2 * len(titles) + 0.155 * len(lines) + 0.16
    drawing = Sheet(Figure(figsize=(width + 2 * MARGIN, head + body + 2 * MARGIN)), head)
    drawing.write(0, -head, "\n".join(titles), fontsize=TITLE, fontweight="bold", color=INK, gid="title")
    drawing.write(0, 0.03 - head + 0.2 * len(titles), "\n".join(lines), linespacing=1.3, gid="notes")
    drawing.figure.set_label(f"{title}. {subtitle}.")
    return drawing


def empty_sheet(width: float, title: str, notes: Sequence[str], reason: str) -> "Figure":
    """A sheet without panels, which says why."""
    blank = sheet(width, 0.4, title, notes)
    blank.write(0, 0.05, reason)
    return blank.figure


@dataclass(frozen=True)
class Head:
    """What stands above a figure's panels, and the inches it takes; a page sets it in its own type."""

    title: str
    notes: str
    height: float


def head_of(figure: "Figure") -> Head:
    """The title and the line below it, of a figure made on a sheet; empty for any other."""
    texts = {text.get_gid(): text.get_text() for text in figure.texts}
    if not {"title", "notes"} <= texts.keys():
        return Head("", "", 0.0)
    title, notes = texts["title"], texts["notes"]
    height = 0.155 * (1 + notes.count("\n")) + 0.2 * (1 + title.count("\n")) + 0.08
    return Head(title.replace("\n", " "), notes.replace("\n", " "), height)


def inches(axes: "Axes") -> tuple[float, float]:
    """Width and height of a panel."""
    return axes.bbox.width / axes.figure.dpi, axes.bbox.height / axes.figure.dpi


def name_axes(axes: "Axes", x: str = "", y: str = "", *, above: str = "") -> None:
    """The axes' names with their units: `y` lies flat above the panel, in bold what the panel shows."""
    if x:
        axes.set_xlabel(x, loc="right", labelpad=2)
    _, tall = inches(axes)
    if above:
        lift = 0.2 if y else 0.07
        axes.text(0, 1 + lift / tall, above, transform=axes.transAxes, va="bottom", fontsize=9, fontweight="bold")
    if y:
        axes.text(0, 1 + 0.06 / tall, y, transform=axes.transAxes, va="bottom", color=MUTED, fontsize=8)


def name_panel(axes: "Axes", label: str, note: str = "") -> None:
    """A small panel's name above it, and a note at its right."""
    wide, tall = inches(axes)
    room = wide - (width_of(note, 8) + 0.06 if note else 0)
    above: dict[str, Any] = {"y": 1 + 0.05 / tall, "transform": axes.transAxes, "va": "bottom", "fontsize": 8}
    axes.text(0, s=fitted(label, 8, room), color=INK, **above)
    if note:
        axes.text(1, s=note, color=MUTED, ha="right", **above)


def epoch_axis(
    axes: "Axes", epochs: int, *, period: Period = EPOCH, first: int = 1, name: bool = True, most: int = 5
) -> None:
    """The x axis in whole epochs, or in steps, its first and last always named."""
    if period.steps:  # their numbers have several digits
        most = max(1, most // 3)
    span = max(epochs - first, 0)
    steps = (factor * 10**power for power in range(7) for factor in (1, 2, 5))
    step = next(s for s in steps if span <= s * most)
    inner = [e for e in range(0, epochs, step) if e - first >= 0.6 * step and epochs - e >= 0.6 * step]
    ticks = sorted({first, epochs, *inner})
    axes.set_xticks(ticks, [f"{period.number(e):,}" for e in ticks] if period.steps else None)
    room = 0.5 if span == 0 else 0.02 * span
    axes.set_xlim(first - (room if first == 1 else 0), max(epochs, first) + room)
    if name:
        axes.set_xlabel(period.word, loc="right", labelpad=2)


def value_axis(axes: "Axes", low: float, high: float, *, most: int = 6, which: str = "y") -> None:
    """A value axis with few, round ticks, written with just the decimals they need."""
    from matplotlib.ticker import FixedLocator, MaxNLocator

    candidates = MaxNLocator(nbins=most, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    ticks = [t for t in candidates if low <= t <= high]
    axis = axes.yaxis if which == "y" else axes.xaxis
    (axes.set_ylim if which == "y" else axes.set_xlim)(low, high)
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_ticklabels(tick_labels(ticks))


def tick_labels(values: Sequence[float]) -> list[str]:
    """Numbers written with the fewest decimals that keep them exact to a millionth of their range."""
    reach = max((abs(v) for v in values), default=0) or 1
    decimals = next((d for d in range(9) if all(abs(round(v, d) - v) <= 1e-6 * reach for v in values)), 8)
    return [f"{v:,.{decimals}f}".replace("-", "−") if abs(v) > 1e-12 else f"{0:.{decimals}f}" for v in values]


def spread_apart(positions: Sequence[float], gap: float, low: float, high: float) -> npt.NDArray[np.float64]:
    """The positions moved until `gap` lies between neighbours, as near as may be, within the bounds."""
    order = np.argsort(positions, kind="stable")
    at = np.clip(np.asarray(positions, float)[order], low, high)
    gap = min(gap, (high - low) / max(len(at) - 1, 1))
    for i in range(1, len(at)):
        at[i] = max(at[i], at[i - 1] + gap)
    top = high
    for i in range(len(at) - 1, -1, -1):
        at[i] = min(at[i], top)
        top = at[i] - gap
    moved = np.empty(len(at))
    moved[order] = at
    return moved


def label_ends(axes: "Axes", ends: Sequence[tuple[Mark, float, float]], room: float) -> None:
    """A name at every line's last point (mark, x, y), connected by a piece of its style; `room`: inches for names."""
    if not ends:
        return
    wide, tall = inches(axes)
    low, high = axes.get_ylim()
    y = [min(max(end[2], low), high) for end in ends]
    at = spread_apart(y, 0.16 / tall * (high - low), low, high)
    across = axes.get_yaxis_transform()
    for (mark, x, true), here, there in zip(ends, y, at, strict=True):
        start = axes.transLimits.transform((x, low))[0] + 0.03 / wide
        axes.plot([start, start + 0.12 / wide, start + 0.34 / wide], [here, there, there],
                  transform=across, clip_on=False, **mark.line(1.4))  # fmt: skip
        off = "" if low <= true <= high else f" {'↓' if true < low else '↑'} {true:.3g}"
        name = fitted(mark.label, TEXT, room - (0.5 if off else 0))
        axes.text(start + 0.39 / wide, there, name + off, transform=across, va="center_baseline",
                  color=INK, fontsize=TEXT)  # fmt: skip
