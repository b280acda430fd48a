"""A mean over seeds with its 95 % interval at every epoch: what a curve with its band is drawn from."""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from reluctant.figures.style import Mark
from reluctant.records.study_results import Results
from reluctant.statistics import mean_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Band:
    """Mean and bounds per epoch, shape (epochs,) each; `n` seeds, without bounds (NaN) under two."""

    n: int
    mean: Floats
    low: Floats
    high: Floats

    @property
    def epochs(self) -> Floats:
        """The epochs, counted from 1."""
        return np.arange(1, len(self.mean) + 1, dtype=float)

    def __bool__(self) -> bool:
        return len(self.mean) > 0


# What was computed of results that are still in use: every figure asks for the bands of all activations.
_known: "WeakKeyDictionary[Results, dict[tuple[str, str, str], Band]]" = WeakKeyDictionary()


def band(results: Results, metric: str, activation: str, split: str = "test") -> Band:
    """The band of one activation; empty where no run ended with finite numbers."""
    known, key = _known.setdefault(results, {}), (metric, activation, split)
    if key not in known:
        known[key] = _band(results, metric, activation, split)
    return known[key]


def _band(results: Results, metric: str, activation: str, split: str) -> Band:
    curves = results.by_epoch(metric, activation, split)
    each = [mean_interval(column) for column in curves.T]
    low = [np.nan if i.low is None else i.low for i in each]
    high = [np.nan if i.high is None else i.high for i in each]
    return Band(len(curves), np.array([i.mean for i in each], float), np.array(low), np.array(high))


def draw(axes: "Axes", found: Band, mark: Mark, *, width: float = 1.7, shade: float = 0.15) -> None:
    """The mean as a line in the activation's style, its interval as a band; one epoch is a dot."""
    if not found:
        return
    if found.n > 1:
        axes.fill_between(found.epochs, found.low, found.high, color=mark.colour, alpha=shade, linewidth=0)
    axes.plot(found.epochs, found.mean, **mark.line(width))
    if len(found.mean) == 1:
        axes.plot(found.epochs, found.mean, "o", color=mark.colour, markersize=4)


def middle(bands: list[Band]) -> tuple[Floats, Floats, Floats]:
    """Lower quartile, median and upper quartile of the means at every epoch, shape (epochs,) each."""
    length = min((len(b.mean) for b in bands if b), default=0)
    means = np.array([b.mean[:length] for b in bands if b])
    if not length:
        return np.empty(0), np.empty(0), np.empty(0)
    low, mid, high = np.quantile(means, (0.25, 0.5, 0.75), axis=0)
    return low, mid, high
