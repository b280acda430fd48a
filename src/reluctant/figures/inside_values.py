"""Distributions before and after the activation, at the start and at the end, as small multiples."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from reluctant.analysis import probe_metrics as inside
from reluctant.figures import sheet as paper
from reluctant.figures.inside_words import looked_into, values_said
from reluctant.figures.labels import data_title, left_out, marks, one_setting
from reluctant.figures.letters import fitted, width_of
from reluctant.figures.style import FEW, GHOST, INK, MUTED, RULE, WIDE, Mark, styled
from reluctant.records.probe_format import EDGES
from reluctant.records.study_results import Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]
Cell = Mapping[tuple[inside.When, inside.Side], Floats]  # shares per bin, shape (24,) each

KINDS: tuple[tuple[inside.When, inside.Side], ...] = (
    ("start", "in"), ("start", "out"), ("end", "in"), ("end", "out"),
)  # fmt: skip


@styled
def distributions(results: Results, *, width: float = WIDE) -> "Figure":
    """What goes into the activations, above the line, and what comes out, below it; start grey, end coloured.

    A row per activation and a column per site; beyond 12 activations one panel each, the mean of its sites.
    """
    one_setting(results)
    shown = inside.seen(results)
    places = _some(inside.sites(results), 4 if width < 5 else 5)
    whole = len(inside.sites(results))
    some = f"{len(places)} of {whole} sites" if len(places) < whole and len(shown) <= FEW else ""
    mean = "each the mean over its sites" if len(shown) > FEW and whole > 1 else ""
    said = [data_title(results), "above the line: what goes in", "below: what comes out",
            "grey: at the start", "coloured: after the last epoch",
            "height: square root of the share of values in 24 bins, the outermost reach to infinity",
            some, mean, *looked_into(results), left_out(results)]  # fmt: skip
    title = "Before and after the activation"
    if not shown or not places:
        made = paper.sheet(width, 0.3, title, said)
        made.write(0, 0.02, "No finished run was looked into.")
        return made.figure
    cells = {a: _cells(results, a, places, pooled=len(shown) > FEW) for a in shown}
    draw = _one_each if len(shown) > FEW else _rows
    return paper.tell(draw(results, width, title, said, cells, places), values_said(results))


def _some(names: Sequence[str], most: int) -> tuple[str, ...]:
    """All names, or as many evenly chosen ones, the first and the last among them."""
    if len(names) <= most:
        return tuple(names)
    return tuple(names[i] for i in np.linspace(0, len(names) - 1, most).round().astype(int))


def _cells(results: Results, activation: str, places: Sequence[str], *, pooled: bool) -> list[Cell]:
    """Per site its four histograms; `pooled`, one cell that is the mean of all sites."""
    every = {kind: inside.histograms(results, activation, *kind) for kind in KINDS}
    if pooled:
        return [{kind: inside.over_runs(values) for kind, values in every.items()}]
    at = [inside.sites(results).index(place) for place in places]
    return [{kind: values[i] for kind, values in every.items()} for i in at]


def _rows(
    results: Results, width: float, title: str, said: Sequence[str], cells: Mapping[str, list[Cell]],
    places: Sequence[str],
) -> paper.Sheet:  # fmt: skip
    of, narrow = marks(results), width < 5
    left = 0.0 if narrow else min(max(width_of(of[a].label, 8.5) for a in cells), 0.25 * width) + 0.12
    gap, tall = 0.1, 0.62
    step, top = tall + (0.28 if narrow else 0.1), 0.42 if narrow else 0.26
    wide = min((width - left) / len(places) - gap, 2.2)
    made = paper.sheet(width, top + step * len(cells) + 0.3, title, said)
    bounds = _bounds(cells)
    names = inside.short_names(inside.sites(results))
    for row, (activation, of_sites) in enumerate(cells.items()):
        for column, cell in enumerate(of_sites):
            axes = made.panel(left + column * (wide + gap), top + row * step, wide, tall, grid="")
            _draw(axes, cell, of[activation], bounds, last=row == len(cells) - 1)
        where = (0, top + row * step - 0.17) if narrow else (0, top + row * step + 0.5 * tall - 0.07)
        made.write(*where, fitted(of[activation].label, 8.5, width if narrow else left - 0.1), color=INK)
    for column, place in enumerate(places):
        made.write(left + column * (wide + gap), 0, fitted(names[place], 8, wide), fontsize=8)
    return made


def _one_each(
    results: Results, width: float, title: str, said: Sequence[str], cells: Mapping[str, list[Cell]],
    _: Sequence[str],
) -> paper.Sheet:  # fmt: skip
    of, columns = marks(results), 2 if width < 5 else 5
    gap, tall, step = 0.14, 0.62, 0.92
    wide = width / columns - gap
    made = paper.sheet(width, 0.2 + step * -(-len(cells) // columns) + 0.2, title, said)
    bounds = _bounds(cells)
    for i, (activation, (cell,)) in enumerate(cells.items()):
        row, column = divmod(i, columns)
        axes = made.panel(column * (wide + gap), 0.2 + row * step, wide, tall, grid="")
        _draw(axes, cell, of[activation], bounds, last=i + columns >= len(cells))
        axes.text(0, 1 + 0.04 / tall, fitted(of[activation].label, 8, wide), transform=axes.transAxes,
                  va="bottom", fontsize=8, color=INK)  # fmt: skip
    return made


def _bounds(cells: Mapping[str, list[Cell]]) -> tuple[float, float]:
    """The highest bin of what comes out, as a depth below the line, and of what goes in."""
    up, down = 0.04, 0.04
    for (_, side), shares in (pair for row in cells.values() for cell in row for pair in cell.items()):
        high = float(np.nanmax(shares, initial=0))
        up, down = (max(up, high), down) if side == "in" else (up, max(down, high))
    return -1.05 * float(np.sqrt(down)), 1.05 * float(np.sqrt(up))


def _draw(axes: "Axes", cell: Cell, mark: Mark, bounds: tuple[float, float], *, last: bool) -> None:
    axes.set_xlim(-6, 6)
    axes.set_ylim(*bounds)
    axes.set_yticks([])
    axes.set_xticks([-5, 0, 5])
    axes.set_xticklabels(["−5", "0", "5"] if last else [])
    axes.spines["bottom"].set_visible(False)
    axes.axvline(0, color=RULE, linewidth=0.8, zorder=0)
    for (when, side), shares in cell.items():
        heights = np.sqrt(np.nan_to_num(shares)) * (1 if side == "in" else -1)
        if not np.isfinite(shares).any():
            continue
        if when == "start":
            axes.stairs(heights, EDGES, fill=True, color=GHOST, alpha=0.7, linewidth=0)
        else:
            axes.stairs(heights, EDGES, color=mark.colour, linewidth=1.2)
    axes.axhline(0, color=MUTED, linewidth=0.7)
