"""Learned functions after the last epoch against their start, over the sites of the network."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from reluctant.analysis import probe_metrics as inside
from reluctant.figures import sheet as paper
from reluctant.figures.inside_words import learned_said, looked_into
from reluctant.figures.labels import data_title, left_out, marks, one_setting
from reluctant.figures.letters import fitted
from reluctant.figures.style import GHOST, INK, MUTED, RULE, WIDE, Mark, styled
from reluctant.records.probe_format import CURVE
from reluctant.records.study_results import Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]
SINGLE = 24  # panels up to which every site has its own


@styled
def learned_shapes(results: Results, *, width: float = WIDE) -> "Figure":
    """The functions of activations with learned parameters, mean over seeds; grey: at the start.

    A panel per activation and site; where those are many, a panel per activation, pale to strong from the
    first site to the last.
    """
    one_setting(results)
    shown = inside.learners(results)
    apart = len(shown) * len(inside.sites(results)) <= SINGLE
    said = [data_title(results), "grey: at the start", "coloured: after the last epoch",
            "" if apart else "pale to strong: from the first site to the last",
            *looked_into(results), left_out(results)]  # fmt: skip
    title = "What the learned activations became"
    panels = _panels(results, shown, apart=apart)
    if not panels:
        made = paper.sheet(width, 0.3, title, said)
        made.write(0, 0.02, "No activation here has learned parameters.")
        return made.figure
    return paper.tell(_multiples(width, title, said, panels), learned_said(results))


Panel = tuple[str, Mark, Floats, Floats]  # what it is called; curves at the start and at the end, (n, 41)


def _panels(results: Results, shown: Sequence[str], *, apart: bool) -> list[Panel]:
    of, places = marks(results), inside.sites(results)
    names: Mapping[str, str] = inside.short_names(places)
    found: list[Panel] = []
    for activation in shown:
        start, end = (inside.curves(results, activation, when) for when in ("start", "end"))
        held = [i for i in range(len(places)) if np.isfinite(end[i]).any()]
        label = of[activation].label
        if apart:
            found += [(f"{label}, {names[places[i]]}" if len(shown) > 1 else f"{names[places[i]]}",
                       of[activation], start[[i]], end[[i]]) for i in held]  # fmt: skip
        else:
            found.append((label, of[activation], start[held], end[held]))
    return found


def _multiples(width: float, title: str, said: Sequence[str], panels: Sequence[Panel]) -> paper.Sheet:
    columns = min(len(panels), 2 if width < 5 else 5 if len(panels) > 12 else 4)
    gap = 0.18
    wide = min((width - 0.34) / columns - gap, 2.2)
    step = 0.8 * wide + 0.42
    made = paper.sheet(width, 0.25 + step * -(-len(panels) // columns), title, said)
    bounds = _bounds(panels)
    for i, (name, mark, start, end) in enumerate(panels):
        row, column = divmod(i, columns)
        axes = made.panel(0.3 + column * (wide + gap), 0.25 + row * step, wide, step - 0.42, grid="")
        _frame(axes, bounds)
        _draw(axes, mark, start, end)
        axes.text(
            0, 1.03, fitted(name, 8.5, wide), transform=axes.transAxes, va="bottom", fontsize=8.5, color=INK
        )
        if column:
            paper.hide_values(axes)
        if i + columns < len(panels):
            axes.tick_params(labelbottom=False)
    return made


def _bounds(panels: Sequence[Panel]) -> tuple[float, float]:
    """Limits for all panels: what is seen between −3 and 3, never more than ±4, so that bends show."""
    near = np.abs(CURVE) <= 3
    values = np.concatenate([curve[:, near].ravel() for _, _, start, end in panels for curve in (start, end)])
    values = values[np.isfinite(values)]
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
    return max(low, -4.0) - 0.25, min(max(high, 1.0), 4.0) + 0.25


def _frame(axes: "Axes", bounds: tuple[float, float]) -> None:
    axes.axhline(0, color=RULE, linewidth=0.8, zorder=0)
    axes.axvline(0, color=RULE, linewidth=0.8, zorder=0)
    axes.spines["bottom"].set_visible(False)
    axes.set_xlim(-5, 5)
    axes.set_ylim(*bounds)
    axes.set_xticks([-4, -2, 0, 2, 4])
    axes.set_yticks([t for t in range(-4, 5, 2) if bounds[0] <= t <= bounds[1]])


def _draw(axes: "Axes", mark: Mark, start: Floats, end: Floats) -> None:
    for before in start:
        axes.plot(CURVE, before, color=MUTED if len(end) == 1 else GHOST, linewidth=1.2)
    for i, after in enumerate(end):
        shade = 1.0 if len(end) == 1 else 0.35 + 0.65 * i / (len(end) - 1)
        axes.plot(CURVE, after, color=mark.colour, linewidth=1.7 if len(end) == 1 else 1.1, alpha=shade)
