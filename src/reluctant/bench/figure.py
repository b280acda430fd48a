"""The figure of a benchmark: times as ratios to ReLU with intervals, and bytes saved for backward."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from reluctant.analysis.labels import arm_labels, count
from reluctant.figures.interval_plot import Row, draw_rows, row_panel
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
    title, notes = "Time of a pass forward and back, as a multiple of ReLU's", _notes(bench, costs, low, high)
    if bench.config.model:
        title = f"Time of a training step of {bench.config.model}, as a multiple of the one with ReLU"
    drawing, axes, layout = row_panel(rows, width, title, notes, 0.06, 0.49)
    _ratio_axis(axes, low, high, most=6 if layout.narrow else 7)
    axes.set_xlabel("time / ReLU's time (logarithmic)", loc="right", labelpad=3)
    axes.axvline(1, color=MUTED, linewidth=0.9, zorder=1)
    draw_rows(axes, rows, layout)
    return drawing.finish(" ".join(f"{row.mark.label}: {row.text}." for row in rows))


def _rows(bench: "Bench", costs: Sequence["Cost"]) -> list[Row]:
    """A row per cost, with a text such as `1.53 ± 0.04 · keeps 1×`: saved bytes are in input sizes."""
    labels, rows = arm_labels(list(dict.fromkeys(cost.activation for cost in bench.costs))), []
    for cost in costs:
        label = labels[cost.activation]
        arm = mark(list(labels).index(cost.activation), f"{label}, compiled" if cost.compiled else label)
        both = cost.ratio["both"]
        ends = None if both.low is None or both.high is None else (both.low, both.high)
        memory = f"{cost.saved_bytes / bench.config.input_bytes:.3g}×"
        text = f"{with_interval(both)} · keeps {byte_text(cost.saved_bytes) if bench.config.model else memory}"
        alone = {"forward": ">", "backward": "<"}  # of an activation
        signs = tuple((cost.ratio[kind].value, sign, arm.colour) for kind, sign in alone.items() if kind in cost.ratio)
        rows.append(Row(arm, both.value, ends, text=text, signs=signs, hollow=cost.compiled))
    return rows


def byte_text(size: int) -> str:
    """`24.5 MiB`, `768 B`."""
    if size < 1000:
        return f"{size}\u00a0B"
    power = next((power for power in (1, 2) if size / 1024**power < 1000), 3)
    return f"{size / 1024**power:.3g}\u00a0{('KiB', 'MiB', 'GiB')[power - 1]}"


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
    beyond = any(not low <= cost.ratio["both"].value <= high for cost in costs)
    network = bool(config.model)
    hollow = "hollow: compiled, as a multiple of compiled" if network else "hollow: compiled"
    return [
        bench.computer,
        f"{count(config.threads, 'thread')}, {config.clock}",
        f"{config.dtype}, {config.shape_text}",
        f"dot: median of {count(config.rounds, 'round')}",
        "too few rounds for an interval" if costs[0].ratio["both"].low is None else "line: its 95 % interval",
        "forward, loss and backward, without an update" if network else "► forward alone, ◄ backward alone",
        hollow if any(cost.compiled for cost in costs) else "",
        "keeps: memory kept for the backward pass" + ("" if network else ", as a multiple of the input"),
        "arrow: the value lies outside the axis" if beyond else "",
        "sorted" if len(costs) > FEW else "",
    ]


def _bounds(costs: Sequence["Cost"]) -> tuple[float, float]:
    """Limits from the ratios and their intervals; numbers far from all others are drawn at the edge."""
    values = [ratio.value for cost in costs for ratio in cost.ratio.values()]
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
