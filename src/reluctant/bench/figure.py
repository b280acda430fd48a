"""The figure of a benchmark: times as ratios to ReLU with intervals, and bytes saved for backward."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from reluctant.analysis.labels import arm_labels, count
from reluctant.figures.interval_plot import Row, RowLayout, draw_rows
from reluctant.figures.sheet import sheet
from reluctant.figures.style import FEW, MUTED, WIDE, limits, mark, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from reluctant.bench.results import Bench, Cost, Median


@styled
def draw_costs(bench: "Bench", *, width: float = WIDE) -> "Figure":
    """Time of one forward and backward pass as a ratio to ReLU's, its interval, and each pass alone.

    Rows keep the order of the measurement; more than 12 rows are sorted by time. The axis is logarithmic.
    """
    costs = list(bench.costs)
    if len(costs) > FEW:
        costs.sort(key=lambda cost: cost.ratio["both"].value)
    rows = _rows(bench, costs)
    low, high = _bounds(costs)
    layout = RowLayout.of(rows, width)
    drawing = sheet(
        width,
        layout.height(rows) + 0.55,
        "Time of a pass forward and back, as a multiple of ReLU's",
        _notes(bench, costs, low, high),
    )
    axes = drawing.panel(layout.left, 0.06, width - layout.left - layout.right, layout.height(rows) + 0.08, grid="x")
    _ratio_axis(axes, low, high, most=6 if layout.narrow else 7)
    axes.set_xlabel("time / ReLU's time (logarithmic)", loc="right", labelpad=3)
    axes.axvline(1, color=MUTED, linewidth=0.9, zorder=1)
    draw_rows(axes, rows, layout)
    return drawing.finish(" ".join(f"{row.mark.label}: {row.text}." for row in rows))


def _rows(bench: "Bench", costs: Sequence["Cost"]) -> list[Row]:
    names = list(dict.fromkeys(cost.activation for cost in bench.costs))
    labels = arm_labels(names)

    def row(cost: "Cost") -> Row:
        i = names.index(cost.activation)
        label = labels[cost.activation]
        arm = mark(i, f"{label}, compiled" if cost.compiled else label)
        both = cost.ratio["both"]
        return Row(
            arm,
            both.value,
            inner=None if both.low is None or both.high is None else (both.low, both.high),
            text=cost_text(cost, bench.config.input_bytes),
            signs=tuple(
                (cost.ratio[kind].value, sign, arm.colour) for kind, sign in (("forward", ">"), ("backward", "<"))
            ),
            hollow=cost.compiled,
        )

    return [row(cost) for cost in costs]


def cost_text(cost: "Cost", input_bytes: int) -> str:
    """`1.53 ± 0.04 · keeps 1×`: the ratio to ReLU's time, and the saved bytes in input sizes."""
    return f"{with_interval(cost.ratio['both'])} · keeps {cost.saved_bytes / input_bytes:.3g}×"


def multiple(value: float, like: float | None = None) -> str:
    """`1.53`, `14.2`, `180`; with as many decimals as the number `like` would have."""
    size = value if like is None else like
    return f"{value:,.{3 if size < 0.1 else 2 if size < 10 else 1 if size < 100 else 0}f}"


def with_interval(median: "Median") -> str:
    """`1.53 ± 0.04`; without an interval after too few rounds, and for ReLU compared with itself."""
    if median.reach is None or median.low == median.high:
        return multiple(median.value)
    return f"{multiple(median.value)} ± {multiple(median.reach, median.value)}"


def _notes(bench: "Bench", costs: Sequence["Cost"], low: float, high: float) -> list[str]:
    config = bench.config
    both = costs[0].ratio["both"]
    return [
        str(bench.machine.get("processor", "")) if config.device == "cpu" else device_name(bench),
        f"{count(config.threads, 'thread')}, {config.clock}",
        f"{config.dtype}, {config.shape_text}",
        f"dot: median of {count(config.rounds, 'round')}",
        "too few rounds for an interval" if both.low is None else "line: its 95 % interval",
        "► forward alone, ◄ backward alone",
        "hollow: compiled" if any(cost.compiled for cost in costs) else "",
        "keeps: bytes kept for backward, in input sizes",
        "arrow at an edge: beyond the axis"
        if any(not low <= cost.ratio["both"].value <= high for cost in costs)
        else "",
        "sorted" if len(costs) > FEW else "",
    ]


def device_name(bench: "Bench") -> str:
    """The device of the measurement."""
    return str(bench.machine.get("torch", {}).get("device", bench.config.device))


def _bounds(costs: Sequence["Cost"]) -> tuple[float, float]:
    """Limits from the ratios and their intervals; numbers far from all others are drawn at the edge."""
    values = [cost.ratio[kind].value for cost in costs for kind in ("forward", "backward", "both")]
    both = [cost.ratio["both"] for cost in costs]
    ends = [end for median in both for end in (median.low, median.high) if end is not None]
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
    visible = [tick for tick in ticks if low <= tick <= high]
    if len(visible) > most:
        visible = [tick for tick in visible if f"{tick:e}"[0] == "1"]
    axes.xaxis.set_major_locator(FixedLocator(visible))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticklabels([f"{tick:,.6g}" for tick in visible])
