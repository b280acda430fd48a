"""The activations themselves: f and its slope f′, as the records hold them; and their formulas."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from reluctant.figures import sheet as paper
from reluctant.figures.labels import marks
from reluctant.figures.letters import fitted
from reluctant.figures.style import FEW, INK, MUTED, NARROW, RULE, WIDE, Mark, look, styled
from reluctant.records.study_results import Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]
Shape = tuple[Floats, Floats, Floats]  # x, f(x), f′(x), of one length


def shape_of(results: Results, activation: str) -> Shape | None:
    """x, f and f′, shape (points,) each, NaN where undefined; None where no record has them."""
    for result in results.of(activation):
        held: Mapping[str, Any] | None = result.record.get("shape")
        if held:
            f, slope = (np.array(held[key], float) for key in ("f", "slope"))
            low, high = map(float, held["x"])
            return np.linspace(low, high, len(f)), f, slope
    return None


@styled
def shapes(results: Results, *, width: float = WIDE) -> "Figure":
    """Every activation as a small panel: f in its colour and style, its slope f′ as a thin grey line."""
    found, of = {a: shape_of(results, a) for a in results.activations}, marks(results)
    columns = 2 if width < 5 else 5 if len(found) > FEW else 4
    rows = -(-len(found) // columns)
    gap = 0.18
    wide = (width - 0.34 - gap * columns) / columns
    step = 0.95 * wide + 0.42
    said = ["coloured: f(x)", "grey: its slope f′(x)", "x: a unit's input; both without dimension"]
    made = paper.sheet(width, rows * step + 0.3, "The activations and their slopes", said)
    bounds = _bounds([s for s in found.values() if s])
    for i, (activation, shape) in enumerate(found.items()):
        row, column = divmod(i, columns)
        axes = made.panel(0.3 + column * (wide + gap), 0.3 + row * step, wide, step - 0.42, grid="")
        _draw(axes, shape, of[activation], bounds)
        axes.text(
            0,
            1.03,
            fitted(of[activation].label, 8.5, wide),
            transform=axes.transAxes,
            va="bottom",
            fontsize=8.5,
        )
        if column:
            paper.hide_values(axes)
        if i + columns < len(found):
            axes.tick_params(labelbottom=False)
    axes.set_xlabel("x", loc="right", labelpad=1)
    return paper.tell(made, f"Panels: {', '.join(m.label for m in of.values())}.")


@styled
def shape(results: Results, activation: str, *, width: float = NARROW) -> "Figure":
    """One activation: f in its colour and style, its slope f′ as a thin grey line."""
    found, mark = shape_of(results, activation), marks(results)[activation]
    made = paper.sheet(width, width * 0.66 + 0.42, f"{mark.label} and its slope",
                       ["coloured: f(x)", "grey: its slope f′(x)"])  # fmt: skip
    axes = made.panel(0.3, 0.06, width - 0.4, width * 0.66, grid="")
    _draw(axes, found, mark, _bounds([found] if found else []))
    axes.set_xlabel("x, the input of a unit", loc="right", labelpad=1)
    return paper.tell(made, _in_words(found))


def _bounds(found: Sequence[Shape]) -> tuple[float, float]:
    """Limits for all panels: what is seen between −3 and 3, never more than ±4, so that bends show."""
    seen = [v[np.abs(x) <= 3] for x, f, slope in found for v in (f, slope)]
    values = np.concatenate(seen) if seen else np.zeros(1)
    values = values[np.isfinite(values)]
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
    return max(low, -4.0) - 0.25, min(max(high, 1.0), 4.0) + 0.25


def _draw(axes: "Axes", found: Shape | None, mark: Mark, bounds: tuple[float, float]) -> None:
    axes.axhline(0, color=RULE, linewidth=0.8, zorder=0)
    axes.axvline(0, color=RULE, linewidth=0.8, zorder=0)
    axes.spines["bottom"].set_visible(False)
    axes.set_ylim(*bounds)
    axes.set_yticks(
        [t for t in range(-4, 5) if bounds[0] <= t <= bounds[1] and (t % 2 == 0 or bounds[1] - bounds[0] < 6)]
    )
    if found is None:
        axes.set_xticks([])
        axes.text(
            0.5, 0.5, "not in the records", transform=axes.transAxes, ha="center", color=MUTED, fontsize=8
        )
        return
    x, f, slope = found
    axes.set_xlim(float(x[0]), float(x[-1]))
    axes.set_xticks([t for t in (-4, -2, 0, 2, 4) if x[0] <= t <= x[-1]])
    axes.plot(x, slope, color=MUTED, linewidth=0.9)
    axes.plot(x, f, **mark.line(2.0))


def _in_words(found: Shape | None) -> str:
    if found is None:
        return "The records hold no shape."
    points = [f"f({at:g}) = {np.interp(at, found[0], found[1]):.3g}" for at in (-2, -1, 0, 1, 2)]
    return ", ".join(points) + "."


def formula(latex: str, *, size: float = 12.5) -> "Figure | None":
    """A formula in LaTeX as a figure just its size; None where matplotlib cannot set it."""
    from matplotlib.figure import Figure
    from matplotlib.mathtext import MathTextParser

    text = "$f(x) = " + re.sub(r"\\t?frac\b", r"\\frac", re.sub(r"\\([lg])e\b", r"\\\1eq", latex)) + "$"
    with look(**{"svg.fonttype": "path", "text.parse_math": True}):
        from matplotlib.font_manager import FontProperties

        try:
            wide, tall, depth, _, _ = MathTextParser("path").parse(text, 72, FontProperties(size=size))
        except ValueError:
            return None
        tall += depth
        made = Figure(figsize=((wide + 4) / 72, (tall + 6) / 72))
        made.text(2 / (wide + 4), (depth + 3) / (tall + 6), text, fontsize=size, color=INK, va="baseline")
        made.set_label(latex)
    return made
