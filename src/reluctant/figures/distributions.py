"""Distributions before and after the activation, at the start and at the end, as small multiples."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from reluctant.analysis import SettingData
from reluctant.analysis.probe_sentences import distribution_sentence
from reluctant.analysis.probes import mean_of_finite
from reluctant.figures.notes import diverged_note, probe_notes
from reluctant.figures.sheet import Sheet, empty_sheet, name_panel, sheet
from reluctant.figures.style import FEW, GHOST, INK, MUTED, RULE, WIDE, Mark, marks, styled
from reluctant.figures.text_width import fitted, width_of
from reluctant.records.probe_table import EDGES
from reluctant.scores import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@styled
def distributions(data: SettingData, *, width: float = WIDE) -> "Figure":
    """What goes into the activations, above the line, and what comes out, below it; start grey, end coloured.

    A row per arm and a column per site; beyond 12 arms one panel each, the mean of its sites.
    """
    probes, many, narrow = data.probes, len(data.probes.arms) > FEW, width < 5
    sites, most = list(probes.sites), 4 if narrow else 5
    if len(sites) > most:  # evenly chosen ones, the first and the last among them
        sites = [sites[i] for i in np.linspace(0, len(sites) - 1, most).round().astype(int)]
    some = len(sites) < len(probes.sites) and not many
    notes = [data.subject.data, "above the line: inputs", "below: outputs",
             "grey: at the start", f"coloured: {data.subject.after_last}",
             "24 bins, the outermost with all values beyond; height: square root of the share, to show rare values",
             f"{len(sites)} of {len(probes.sites)} sites" if some else "",
             "each the mean over its sites" if many and len(sites) > 1 else "",
             *probe_notes(data), diverged_note(data)]  # fmt: skip
    title = "Before and after the activation"
    if not probes.arms or not sites:
        return empty_sheet(width, title, notes, "No finished run was probed.")
    at = [probes.sites.index(site) for site in sites]
    by_site = {arm: np.moveaxis(probes.histograms(arm), 2, 0) for arm in probes.arms}  # (sites, when, side, bins)
    description = distribution_sentence(probes, data.labels)
    if many:
        means = {arm: mean_of_finite(each) for arm, each in by_site.items()}
        return _multiples(means, marks(data.labels), width, title, notes).finish(description)
    cells, of = {arm: each[at] for arm, each in by_site.items()}, marks(data.labels)
    left = 0.0 if narrow else min(max(width_of(of[a].label, 8.5) for a in cells), 0.25 * width) + 0.12
    gap, tall = 0.1, 0.62
    step, top = tall + (0.28 if narrow else 0.1), 0.42 if narrow else 0.26
    wide = min((width - left) / len(sites) - gap, 2.2)
    drawing = sheet(width, top + step * len(cells) + 0.3, title, notes)
    bounds = _bounds(np.concatenate([*cells.values()]))
    for row, (arm, of_sites) in enumerate(cells.items()):
        for column, cell in enumerate(of_sites):
            axes = drawing.panel(left + column * (wide + gap), top + row * step, wide, tall, grid="")
            _draw(axes, cell, of[arm], bounds, numbered=row == len(cells) - 1)
        y = top + row * step + (-0.17 if narrow else 0.5 * tall - 0.07)
        drawing.write(0, y, fitted(of[arm].label, 8.5, width if narrow else left - 0.1), color=INK)
    for column, site in enumerate(sites):
        drawing.write(left + column * (wide + gap), 0, fitted(probes.site_names[site], 8, wide), fontsize=8)
    return drawing.finish(description)


def _multiples(
    cells: Mapping[str, Floats], of: Mapping[str, Mark], width: float, title: str, notes: Sequence[str]
) -> Sheet:
    columns, gap, tall, step = 2 if width < 5 else 5, 0.14, 0.62, 0.92
    wide = width / columns - gap
    drawing = sheet(width, 0.4 + step * math.ceil(len(cells) / columns), title, notes)
    bounds = _bounds(np.array([*cells.values()]))
    for i, (arm, cell) in enumerate(cells.items()):
        row, column = divmod(i, columns)
        axes = drawing.panel(column * (wide + gap), 0.2 + row * step, wide, tall, grid="")
        _draw(axes, cell, of[arm], bounds, numbered=i + columns >= len(cells))
        name_panel(axes, of[arm].label)
    return drawing


def _bounds(cells: Floats) -> tuple[float, float]:
    """The highest bin of the outputs, as a depth below the line, and of the inputs; (cells, when, side, bins)."""
    up, down = (max(0.04, float(np.nanmax(cells[:, :, side], initial=0))) for side in (0, 1))
    return -1.05 * float(np.sqrt(down)), 1.05 * float(np.sqrt(up))


def _draw(axes: "Axes", cell: Floats, mark: Mark, bounds: tuple[float, float], *, numbered: bool) -> None:
    axes.set_xlim(-6, 6)
    axes.set_ylim(*bounds)
    axes.set_yticks([])
    axes.set_xticks([-5, 0, 5])
    axes.set_xticklabels(["−5", "0", "5"] if numbered else [])
    axes.spines["bottom"].set_visible(False)
    axes.axvline(0, color=RULE, linewidth=0.8, zorder=0)
    styles: tuple[dict[str, Any], ...] = (
        {"fill": True, "color": GHOST, "alpha": 0.7, "linewidth": 0}, {"color": mark.colour, "linewidth": 1.2}
    )  # fmt: skip
    for sides, options in zip(cell, styles, strict=True):
        for shares, sign in zip(sides, (1, -1), strict=True):
            if np.isfinite(shares).any():
                axes.stairs(sign * np.sqrt(np.nan_to_num(shares)), EDGES, **options)
    axes.axhline(0, color=MUTED, linewidth=0.7)
