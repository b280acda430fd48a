"""Curves over the epochs: the article's four per activation, and one metric of all activations."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from reluctant.analysis.comparison.units import unit_of
from reluctant.catalogue.metrics import REGRESSION
from reluctant.figures import sheet as paper
from reluctant.figures.bands import Band, band, draw, middle
from reluctant.figures.labels import (
    data_title,
    left_out,
    marks,
    metric_axis,
    metric_title,
    one_setting,
    seeds,
    test_part,
)
from reluctant.figures.letters import fitted, width_of
from reluctant.figures.style import FEW, GHOST, INK, WIDE, Mark, limits, possible, styled
from reluctant.records.study_results import Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# The article's four curves, and those of numbers: metric, split, what stands above the panel.
LOSSES = (("loss", "train", "Training loss"), ("loss", "test", "Evaluation loss"))
FOUR = (("accuracy", "test", "Accuracy"), ("precision", "test", "Precision (macro)"), *LOSSES)
NUMBERS = (("r2", "test", "R²"), ("mae", "test", "MAE"), *LOSSES)


def four(results: Results) -> Sequence[tuple[str, str, str]]:
    """The four curves of this study's task; of numbers, R² and MAE take the place of two scores."""
    return NUMBERS if results.study.task == REGRESSION else FOUR


@styled
def training_curves(results: Results, activation: str, *, width: float = WIDE) -> "Figure":
    """The article's four curves of one activation over the epochs; the others in grey behind.

    Accuracy and macro precision on the test images, training loss, evaluation (test) loss; mean over seeds.
    Where numbers are predicted, R² and mean absolute error instead of the first two.
    """
    one_setting(results)
    mark = marks(results)[activation]
    others = [a for a in results.activations if a != activation]
    if len(others) >= FEW:
        behind = "grey: the middle half of all activations"
    else:
        behind = "grey: the other activations" if others else ""
    said = [data_title(results), seeds(results, activation), left_out(results, activation),
            _meant(results), f"evaluation: {test_part(results)}", behind]  # fmt: skip
    title = f"{mark.label}: training and evaluation over the epochs"
    made = paper.sheet(width, 4.3 if width < 5 else 2.28, title, said)
    whole = four(results)
    alike = [whole[:2], whole[2:]] if whole is FOUR else [whole[:1], whole[1:2], whole[2:]]
    panels = _four_panels(made, width, [len(group) for group in alike])
    for pair in alike:
        shown = {each: band(results, each[0], activation, each[1]) for each in pair}
        ghosts = {each: [band(results, each[0], a, each[1]) for a in others] for each in pair}
        low, high = _shared(list(shown.values()), [b for bands in ghosts.values() for b in bands])
        for each in pair:
            axes = panels[whole.index(each)]
            _behind(axes, ghosts[each])
            draw(axes, shown[each], mark)
            paper.epoch_axis(axes, results.study.epochs[0], most=4)
            unit = unit_of(results, each[0]).axis
            paper.value_axis(axes, *possible(low, high, unit))
            paper.name_axes(axes, y=unit, above=each[2])
    return paper.tell(made, _ends(results, activation))


def _meant(results: Results) -> str:
    if results.study.task == REGRESSION:
        return "R²: share of the variance explained; MAE: mean absolute error"
    return "precision averaged over classes"


def _four_panels(made: paper.Sheet, width: float, alike: Sequence[int]) -> list["Axes"]:
    """Four panels, in one row or two; the first of those that share an axis has room for its numbers."""
    columns = 2 if width < 5 else 4
    gap, left = (0.28, 0.42) if columns == 2 else (0.2, 0.42)
    firsts = [sum(alike[:i]) for i in range(len(alike))]
    most = max(sum(i in firsts for i in range(row, row + columns)) for row in range(0, 4, columns))
    wide = (width - most * left - (columns - 1) * gap) / columns
    panels = []
    for i in range(4):
        row, column = divmod(i, columns)
        before = sum(first in range(i - column, i + 1) for first in firsts) - 1
        x = left + column * (wide + gap) + before * left
        panels.append(made.panel(x, 0.38 + 2.15 * row, wide, 1.4 if columns == 2 else 1.55))
        if i not in firsts:
            paper.hide_values(panels[i])
    return panels


def _shared(shown: Sequence[Band], behind: Sequence[Band]) -> tuple[float, float]:
    """Limits that hold the whole of the shown curves, and of those behind what does not stretch the axis."""
    own = [v for b in shown for part in (b.mean, b.low, b.high) for v in part if np.isfinite(v)]
    low, high = limits(own, reach=np.inf)
    wide = limits([*own, *(v for b in behind for v in b.mean)], reach=6)
    reach = 0.5 * (high - low)
    return max(min(low, wide[0]), low - reach), min(max(high, wide[1]), high + reach)


def _behind(axes: "Axes", bands: Sequence[Band]) -> None:
    if len(bands) < FEW:
        for each in bands:
            axes.plot(each.epochs, each.mean, color=GHOST, linewidth=0.9)
        return
    low, mid, high = middle(list(bands))
    epochs = np.arange(1, len(mid) + 1)
    axes.fill_between(epochs, low, high, color=GHOST, alpha=0.45, linewidth=0)
    axes.plot(epochs, mid, color=GHOST, linewidth=0.9)


def _ends(results: Results, activation: str) -> str:
    parts = []
    for name, split, title in four(results):
        found = band(results, name, activation, split)
        if found:
            value = unit_of(results, name).value(found.mean[-1])
            parts.append(f"{title if title.isupper() else title.lower()} {value}")
    return (
        f"After the last epoch: {', '.join(parts)}."
        if parts
        else "No curve: no run ended with finite numbers."
    )


@styled
def score_by_epoch(results: Results, metric: str = "f1", *, width: float = WIDE) -> "Figure":
    """One metric of all activations over the epochs, on the test images, mean over seeds.

    Up to twelve activations share a panel, with the last half of the epochs enlarged beside it; more
    become small multiples before the middle half of all.
    """
    one_setting(results)
    found = {a: band(results, metric, a) for a in results.activations}
    of = marks(results)
    title, axis = metric_title(metric) + " over the epochs", metric_axis(results, metric)
    said = [data_title(results), test_part(results), seeds(results), left_out(results)]
    if len(found) > FEW:
        made = _multiples(width, title, said, found, of, axis, results.study.epochs[0])
    else:
        made = _together(width, title, said, found, of, axis, results.study.epochs[0])
    value = unit_of(results, metric).value
    ends = [f"{of[a].label} {value(b.mean[-1])}" for a, b in found.items() if b]
    return paper.tell(made, f"After the last epoch: {', '.join(ends)}." if ends else "No curve yet.")


def _together(
    width: float, title: str, said: list[str], found: Mapping[str, Band], of: Mapping[str, Mark],
    unit: str, epochs: int,
) -> paper.Sheet:  # fmt: skip
    zoomed = epochs >= 4 and any(found.values())
    names = min(max(width_of(of[a].label, paper.TEXT) for a in found), 0.32 * width) + 0.02
    narrow = width < 5
    tall = max(1.9 if narrow else 2.2, 0.17 * len(found))
    made = paper.sheet(width, (tall + 0.74) * (2 if narrow and zoomed else 1), title, said)
    room = width - 0.45 - 0.47 - names
    whole = width - 0.53 if narrow and zoomed else room if not zoomed else 0.4 * (room - 0.5)
    first = made.panel(0.45, 0.38, whole, tall)
    _panel(first, found, of, 1, epochs, unit, "All epochs" if zoomed else "")
    last = first
    if zoomed:
        x, y = (0.45, tall + 1.1) if narrow else (0.95 + whole, 0.38)
        last = made.panel(x, y, room if narrow else room - 0.5 - whole, tall)
        start = epochs - max(epochs // 2, 2) + 1
        _panel(last, found, of, start, epochs, unit, f"Epochs {start} to {epochs}, enlarged")
        _frame(first, last)
    paper.label_ends(last, [(of[a], len(b.mean), float(b.mean[-1])) for a, b in found.items() if b], names)
    return made


def _panel(
    axes: "Axes", found: Mapping[str, Band], of: Mapping[str, Mark], start: int, epochs: int,
    unit: str, above: str,
) -> None:  # fmt: skip
    """One panel with all activations from epoch `start` on, its limits set by the means."""
    for activation, each in found.items():
        draw(axes, each, of[activation], shade=0.12 if each.n >= 5 else 0.07)
    means = [v for b in found.values() for v in b.mean[start - 1 :]]
    bounds = [v for b in found.values() for part in (b.low, b.high) for v in part[start - 1 :]]
    low, high = limits(means, reach=np.inf if start == 1 else 12, pad=0.05)
    inside = [v for v in bounds if np.isfinite(v) and abs(v - (low + high) / 2) < 0.8 * (high - low)]
    low, high = min([low, *inside]), max([high, *inside])
    paper.epoch_axis(axes, epochs, first=start)
    paper.value_axis(axes, *possible(low, high, unit))
    paper.name_axes(axes, y=unit, above=above)


def _frame(whole: "Axes", part: "Axes") -> None:
    """A thin frame in the first panel around what the second enlarges."""
    (left, right), (low, high) = part.get_xlim(), part.get_ylim()
    bottom, top = whole.get_ylim()
    low, high = max(low, bottom), min(high, top)
    x, y = [left, right, right, left, left], [low, low, high, high, low]
    whole.plot(x, y, color=INK, linewidth=0.6, clip_on=False)


def _multiples(
    width: float, title: str, said: list[str], found: Mapping[str, Band], of: Mapping[str, Mark],
    unit: str, epochs: int,
) -> paper.Sheet:  # fmt: skip
    columns = 2 if width < 5 else 5
    rows = -(-len(found) // columns)
    tall, step = 0.78, 1.12
    what = f"grey: median and middle half of all {len(found)}"
    made = paper.sheet(width, rows * step + 0.5, title, [*said, what])
    wide = (width - 0.45 - 0.12 * columns) / columns
    pooled = [v for b in found.values() for v in b.mean[min(1, epochs - 1) :]]
    low, high = limits(pooled, reach=8)
    for i, (activation, each) in enumerate(found.items()):
        row, column = divmod(i, columns)
        axes = made.panel(0.42 + column * (wide + 0.12), 0.34 + row * step, wide, tall)
        _behind(axes, [*found.values()])
        draw(axes, each, of[activation], width=1.6, shade=0.25)
        paper.epoch_axis(axes, epochs, most=2, name=i == len(found) - 1)
        paper.value_axis(axes, low, high, most=3)
        _name_small(axes, fitted(of[activation].label, 8, wide), each, low, high)
        if column:
            paper.hide_values(axes)
        if row < rows - 1 and i + columns < len(found):
            axes.tick_params(labelbottom=False)
    made.write(0, 0, unit, fontsize=8)
    return made


def _name_small(axes: "Axes", label: str, each: Band, low: float, high: float) -> None:
    _, tall = paper.inches(axes)
    axes.text(0, 1 + 0.05 / tall, label, transform=axes.transAxes, va="bottom", fontsize=8)
    if each and not low <= each.mean[-1] <= high:
        arrow, y, va = ("↓", 0.06, "bottom") if each.mean[-1] < low else ("↑", 0.94, "top")
        axes.text(
            0.97, y, f"{arrow} {each.mean[-1]:.3g}", transform=axes.transAxes, ha="right", va=va, fontsize=8
        )
    if not each:
        axes.text(0.5, 0.5, "no finished run", transform=axes.transAxes, ha="center", va="center", fontsize=8)
