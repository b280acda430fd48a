"""A sheet: a figure with its title, a line on what is shown, and panels placed in inches."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from reluctant.figures.letters import fitted, wrapped
from reluctant.figures.style import INK, MUTED, Mark

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLE, TEXT = 11.0, 8.5  # points
MARGIN = 0.16  # inches around everything; a page cuts it off again


@dataclass(frozen=True)
class Sheet:
    """A figure and the height, in inches, that its title takes from the top."""

    figure: "Figure"
    head: float

    def panel(self, left: float, top: float, width: float, height: float, *, grid: str = "y") -> "Axes":
        """Axes at this place below the title, all in inches; `grid` is the axis with guide lines."""
        wide, tall = self.figure.get_size_inches()
        bottom = tall - MARGIN - self.head - top - height
        axes = self.figure.add_axes(((MARGIN + left) / wide, bottom / tall, width / wide, height / tall))
        if grid:
            axes.grid(visible=True, axis="y" if grid == "y" else "x")
        return axes

    def write(self, x: float, top: float, text: str, **more: Any) -> None:
        """Text whose upper left corner lies here, in inches below the title."""
        wide, tall = self.figure.get_size_inches()
        given: dict[str, Any] = {"va": "top", "ha": "left", "color": MUTED, "fontsize": TEXT, **more}
        self.figure.text((MARGIN + x) / wide, 1 - (MARGIN + self.head + top) / tall, text, **given)


def sheet(width: float, body: float, title: str, said: Sequence[str]) -> Sheet:
    """A sheet `width` inches wide with `body` inches for panels, headed by a title and what is `said`."""
    from matplotlib.figure import Figure

    titles = wrapped(title, TITLE, width, bold=True)
    lines = wrapped(" · ".join(part for part in said if part), TEXT, width)
    head = 0.2 * len(titles) + 0.155 * len(lines) + 0.16
    made = Sheet(Figure(figsize=(width + 2 * MARGIN, head + body + 2 * MARGIN)), head)
    made.write(0, -head, "\n".join(titles), fontsize=TITLE, fontweight="bold", color=INK, gid="title")
    made.write(0, 0.03 - head + 0.2 * len(titles), "\n".join(lines), linespacing=1.3, gid="said")
    made.figure.set_label(f"{title}. {' · '.join(part for part in said if part)}.")
    return made


@dataclass(frozen=True)
class Head:
    """What stands above a figure's panels, and the inches it takes; a page sets it in its own type."""

    title: str
    said: str
    height: float


def head_of(figure: "Figure") -> Head:
    """The title and the line below it, of a figure made on a sheet; empty for any other."""
    found = {text.get_gid(): text for text in figure.texts}
    if not {"title", "said"} <= found.keys():
        return Head("", "", 0.0)
    title, said = (found[name].get_text() for name in ("title", "said"))
    lines = 1 + said.count("\n"), 1 + title.count("\n")
    return Head(title.replace("\n", " "), said.replace("\n", " "), 0.155 * lines[0] + 0.2 * lines[1] + 0.08)


def tell(made: Sheet, what: str) -> "Figure":
    """The finished figure; `what` is added to the text that stands in for it."""
    made.figure.set_label(f"{made.figure.get_label()} {what}".strip())
    return made.figure


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
        axes.text(
            0, 1 + lift / tall, above, transform=axes.transAxes, va="bottom", fontsize=9, fontweight="bold"
        )
    if y:
        axes.text(0, 1 + 0.06 / tall, y, transform=axes.transAxes, va="bottom", color=MUTED, fontsize=8)


def epoch_axis(axes: "Axes", epochs: int, *, first: int = 1, name: bool = True, most: int = 5) -> None:
    """The x axis in whole epochs, its first and last always named."""
    span = max(epochs - first, 0)
    step = next(s for s in _steps() if span <= s * most)
    inner = [e for e in range(0, epochs, step) if e - first >= 0.6 * step and epochs - e >= 0.6 * step]
    axes.set_xticks(sorted({first, epochs, *inner}))
    room = 0.5 if span == 0 else 0.02 * span
    axes.set_xlim(first - (room if first == 1 else 0), max(epochs, first) + room)
    if name:
        axes.set_xlabel("epoch", loc="right", labelpad=2)


def _steps() -> list[int]:
    return [factor * 10**power for power in range(7) for factor in (1, 2, 5)]


def value_axis(axes: "Axes", low: float, high: float, *, most: int = 6, which: str = "y") -> None:
    """A value axis with few, round ticks, written with just the decimals they need."""
    from matplotlib.ticker import FixedLocator, MaxNLocator

    ticks = [
        t
        for t in MaxNLocator(nbins=most, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
        if low <= t <= high
    ]
    axis = axes.yaxis if which == "y" else axes.xaxis
    (axes.set_ylim if which == "y" else axes.set_xlim)(low, high)
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_ticklabels(numbers(ticks))


def numbers(values: Sequence[float]) -> list[str]:
    """Numbers written with the fewest decimals that keep them exact to a millionth of their range."""
    reach = max((abs(v) for v in values), default=0) or 1
    decimals = next((d for d in range(9) if all(abs(round(v, d) - v) <= 1e-6 * reach for v in values)), 8)
    return [f"{v:,.{decimals}f}".replace("-", "−") if abs(v) > 1e-12 else f"{0:.{decimals}f}" for v in values]


def spread(places: Sequence[float], gap: float, low: float, high: float) -> npt.NDArray[np.float64]:
    """The places moved apart until `gap` lies between neighbours, as near as may be, within the bounds."""
    order = np.argsort(places, kind="stable")
    at = np.clip(np.asarray(places, float)[order], low, high)
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
    """A name at the end of every line, tied to it by a piece of its own style.

    The ends are (mark, x, y); `room` is the inches that names may take.
    """
    if not ends:
        return
    wide, tall = inches(axes)
    low, high = axes.get_ylim()
    y = [min(max(end[2], low), high) for end in ends]
    at = spread(y, 0.16 / tall * (high - low), low, high)
    for (mark, x, true), here, there in zip(ends, y, at, strict=True):
        start = axes.transLimits.transform((x, low))[0] + 0.03 / wide
        axes.plot([start, start + 0.12 / wide, start + 0.34 / wide], [here, there, there],
                  transform=axes.get_yaxis_transform(), clip_on=False, **mark.line(1.4))  # fmt: skip
        off = "" if low <= true <= high else f" {'↓' if true < low else '↑'} {true:.3g}"
        name = fitted(mark.label, TEXT, room - (0.5 if off else 0))
        axes.text(start + 0.39 / wide, there, name + off, transform=axes.get_yaxis_transform(),
                  va="center_baseline", color=INK, fontsize=TEXT)  # fmt: skip


def hide_values(axes: "Axes") -> None:
    """The panel's y values go unnamed: its neighbour on the left names them."""
    axes.tick_params(labelleft=False)
