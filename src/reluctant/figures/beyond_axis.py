"""What ends beyond an axis: an interval or a band that leaves a panel ends in an arrow at its edge."""

from typing import TYPE_CHECKING, Literal

import numpy as np

from reluctant.analysis.summary import Band
from reluctant.statistics import Interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_interval(axes: "Axes", interval: Interval, at: float, colour: str, *, along: Literal["x", "y"]) -> None:
    """An interval as a thin line along one axis, at this value of the other; an arrow at an end beyond the panel."""
    if interval.low is None or interval.high is None:
        return
    least, most = axes.get_xlim() if along == "x" else axes.get_ylim()
    low, high = np.clip((interval.low, interval.high), least, most)
    ends = [low, high], [at, at]
    axes.plot(*(ends if along == "x" else ends[::-1]), color=colour, linewidth=1, alpha=0.6)
    signs = "<>" if along == "x" else "v^"
    for edge, sign, beyond in ((least, signs[0], interval.low < least), (most, signs[1], interval.high > most)):
        if beyond:
            x, y = (edge, at) if along == "x" else (at, edge)
            axes.plot([x], [y], sign, color=colour, markersize=4.5, markeredgewidth=0, clip_on=False)


def mark_band(axes: "Axes", band: Band, colour: str) -> bool:
    """An arrow at the panel's edge where a band leaves it most; whether it does."""
    (left, right), (least, most) = axes.get_xlim(), axes.get_ylim()
    inside = (band.epochs >= left) & (band.epochs <= right)
    marked = False
    for ends, edge, sign, over in ((band.low, least, "v", least - band.low), (band.high, most, "^", band.high - most)):
        beyond = np.where(inside & np.isfinite(ends), over, -np.inf)
        if beyond.size and beyond.max() > 1e-9 * (most - least):
            at = band.epochs[int(beyond.argmax())]
            axes.plot([at], [edge], sign, color=colour, markersize=4.5, markeredgewidth=0, clip_on=False)
            marked = True
    return marked
