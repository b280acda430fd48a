"""The figure of a benchmark: times as ratios to ReLU with intervals, and bytes saved for backward."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from reluctant.figures import sheet as paper
from reluctant.figures.labels import clip, count, shortened
from reluctant.figures.letters import fitted, width_of
from reluctant.figures.style import FEW, INK, MUTED, PAPER, RULE, WIDE, Mark, limits, mark, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from reluctant.bench.results import Bench, Cost, Median


@dataclass(frozen=True)
class CostRow:
    """One line of the plot; the dots of compiled variants are hollow."""

    mark: Mark
    cost: "Cost"
    said: str

    @property
    def both(self) -> "Median":
        """The ratio by which rows are sorted."""
        return self.cost.ratio["both"]


@styled
def draw_costs(bench: "Bench", *, width: float = WIDE) -> "Figure":
    """Time of one forward and backward pass as a ratio to ReLU's, its interval, and each pass alone.

    Rows keep the order of the measurement; more than 12 rows are sorted by time. The axis is logarithmic.
    """
    rows, narrow = _rows(bench), width < 5
    if len(rows) > FEW:
        rows.sort(key=lambda row: row.both.value)
    step = 0.52 if narrow else 0.23 if len(rows) > FEW else 0.36
    low, high = _bounds(rows)
    title = "Time of a pass forward and back, as a multiple of ReLU's"
    made = paper.sheet(width, step * len(rows) + 0.55, title, _said(bench, rows, low, high))
    left = 0.08 if narrow else 0.25 + min(max(width_of(row.mark.label, 9) for row in rows), 0.32 * width)
    right = 0.05 if narrow else 0.2 + max(width_of(row.said, 8.5) for row in rows)
    axes = made.panel(left, 0.06, width - left - right, step * len(rows) + 0.08, grid="x")
    axes.set_ylim(len(rows) - 0.5 + (0.15 if narrow else 0), -0.5 - (0.25 if narrow else 0))
    axes.set_yticks([])
    _ratio_axis(axes, low, high, most=6 if narrow else 7)
    axes.set_xlabel("time / ReLU's time (logarithmic)", loc="right", labelpad=3)
    axes.axvline(1, color=MUTED, linewidth=0.9, zorder=1)
    for place, row in enumerate(rows):
        _draw(axes, place, row)
        _name(axes, place, row, left, narrow)
    return paper.tell(made, " ".join(f"{row.mark.label}: {row.said}." for row in rows))


def _rows(bench: "Bench") -> list[CostRow]:
    names = list(dict.fromkeys(cost.activation for cost in bench.costs))
    short = [shortened(name) for name in names]
    labels = [clip(n) if short.count(s) > 1 else s for n, s in zip(names, short, strict=True)]
    place = {name: i for i, name in enumerate(names)}

    def row(cost: "Cost") -> CostRow:
        at = place[cost.activation]
        label = f"{labels[at]}, compiled" if cost.compiled else labels[at]
        return CostRow(mark(at, label), cost, cost_text(cost, bench.config.input_bytes))

    return [row(cost) for cost in bench.costs]


def cost_text(cost: "Cost", size: int) -> str:
    """`1.53 ± 0.04 · keeps 1×`: the ratio to ReLU's time, and the saved bytes in input sizes."""
    both = cost.ratio["both"]
    return f"{with_interval(both)} · keeps {cost.saved_bytes / size:.3g}×"


def multiple(value: float, like: float | None = None) -> str:
    """`1.53`, `14.2`, `180`; with as many decimals as the number `like` would have."""
    size = value if like is None else like
    return f"{value:,.{3 if size < 0.1 else 2 if size < 10 else 1 if size < 100 else 0}f}"


def with_interval(found: "Median") -> str:
    """`1.53 ± 0.04`; without an interval after too few rounds, and for ReLU compared with itself."""
    if found.reach is None or found.low == found.high:
        return multiple(found.value)
    return f"{multiple(found.value)} ± {multiple(found.reach, found.value)}"


def _said(bench: "Bench", rows: Sequence[CostRow], low: float, high: float) -> list[str]:
    config = bench.config
    both = bench.costs[0].ratio["both"]
    interval = "too few rounds for an interval" if both.low is None else "line: its 95 % interval"
    return [
        str(bench.machine.get("processor", "")) if config.device == "cpu" else device_name(bench),
        f"{count(config.threads, 'thread')}, {config.clock}",
        f"{config.dtype}, {config.shape_text}",
        f"dot: median of {count(config.rounds, 'round')}",
        interval,
        "► forward alone, ◄ backward alone",
        "hollow: compiled" if any(cost.compiled for cost in bench.costs) else "",
        "keeps: bytes kept for backward, in input sizes",
        "diamond: beyond the axis" if any(not low <= row.both.value <= high for row in rows) else "",
        "sorted" if len(rows) > FEW else "",
    ]


def device_name(bench: "Bench") -> str:
    """The device of the measurement."""
    return str(bench.machine.get("torch", {}).get("device", bench.config.device))


def _bounds(rows: Sequence[CostRow]) -> tuple[float, float]:
    """Limits from the ratios and their intervals; numbers far from all others are drawn at the edge."""
    values = [row.cost.ratio[kind].value for row in rows for kind in ("forward", "backward", "both")]
    ends = [end for row in rows for end in (row.both.low, row.both.high) if end is not None]
    low, high = limits(np.log([1.0, *values]).tolist(), reach=8, pad=0.0)
    near = [end for end in np.log(ends) if low - 0.7 <= end <= high + 0.7] if ends else []
    low, high = min([low, *near]), max([high, *near])
    room = max(0.05 * (high - low), 0.05)
    return float(np.exp(low - room)), float(np.exp(high + room))


def _ratio_axis(axes: "Axes", low: float, high: float, most: int) -> None:
    """A logarithmic axis with round ticks, written out."""
    from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

    axes.set_xscale("log")
    axes.set_xlim(low, high)
    ticks = [step * 10.0**power for power in range(-4, 7) for step in (1, 2, 5)]
    if high / low < 4:
        ticks = list(MaxNLocator(nbins=most, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high))
    shown = [tick for tick in ticks if low <= tick <= high]
    if len(shown) > most:
        shown = [tick for tick in shown if f"{tick:e}"[0] == "1"]
    axes.xaxis.set_major_locator(FixedLocator(shown))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticklabels([f"{tick:,.6g}" for tick in shown])


def _draw(axes: "Axes", place: int, row: CostRow) -> None:
    low, high = axes.get_xlim()
    axes.axhline(place, color=RULE, linewidth=0.6, zorder=0)
    colour, both = row.mark.colour, row.both
    if both.low is not None and both.high is not None and both.low < high and both.high > low:
        axes.plot(np.clip([both.low, both.high], low, high), [place, place], color=colour, linewidth=3.2,
                  solid_capstyle="butt", alpha=0.55)  # fmt: skip
    for kind, sign in (("forward", ">"), ("backward", "<")):
        value = row.cost.ratio[kind].value
        if low <= value <= high:
            axes.plot([value], [place], sign, color=colour, markersize=4.4, markeredgewidth=0, alpha=0.8)
    inside = low <= both.value <= high
    axes.plot([both.value if inside else low if both.value < low else high], [place], "o" if inside else "D",
              color=PAPER if row.cost.compiled else colour, markersize=7, clip_on=inside,
              markeredgecolor=colour if row.cost.compiled else PAPER, markeredgewidth=1.2)  # fmt: skip


def _name(axes: "Axes", place: int, row: CostRow, left: float, narrow: bool) -> None:
    """The activation's name and its numbers: beside the line, or above it on narrow sheets."""
    across, (wide, _) = axes.get_yaxis_transform(), paper.inches(axes)
    if narrow:
        above: dict[str, Any] = {"y": place - 0.2 / 0.52, "transform": across, "va": "bottom"}
        name = fitted(row.mark.label, 8.5, wide - width_of(row.said, 8) - 0.15)
        above["bbox"] = {"facecolor": PAPER, "edgecolor": "none", "pad": 0.6}
        axes.text(0, s=name, fontsize=8.5, color=INK, **above)
        axes.text(1, s=row.said, fontsize=8, color=MUTED, ha="right", **above)
        return
    beside: dict[str, Any] = {"y": place, "transform": across, "va": "center_baseline", "color": INK}
    axes.text(-0.14 / wide, s=fitted(row.mark.label, 9, left - 0.14), fontsize=9, ha="right", **beside)
    axes.text(1 + 0.14 / wide, s=row.said, fontsize=8.5, **beside)
