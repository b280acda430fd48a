"""The activations themselves: f and its slope f′, as the records hold them; and their formulas."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from reluctant.analysis import SettingData
from reluctant.figures.sheet import name_panel, sheet
from reluctant.figures.style import FEW, INK, MUTED, NARROW, RULE, WIDE, Mark, marks, style, styled
from reluctant.scores import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Shape = tuple[Floats, Floats, Floats]  # x, f(x), f′(x), of one length
NOTES = ("coloured: f(x)", "grey: its slope f′(x)")


def shape_of(data: SettingData, arm: str) -> Shape | None:
    """x, f and f′, shape (points,) each, NaN where undefined; None where no record has them."""
    for run in data.results(arm):
        if (shape := run.record.shape) is not None:
            f, slope = np.array(shape.f, float), np.array(shape.slope, float)
            return np.linspace(*shape.x, len(f)), f, slope
    return None


def activation_shapes(data: SettingData, *, width: float = WIDE) -> "Figure":
    """Every activation as a small panel: f in its colour and style, its slope f′ as a thin grey line."""
    return shape_panels({arm: shape_of(data, arm) for arm in data.arms}, data.labels, width=width)


@styled
def shape_panels(
    shapes: Mapping[str, Shape | None],
    labels: Mapping[str, str],
    *,
    width: float = WIDE,
    absent: str = "not in the records",
) -> "Figure":
    """The same from shapes and labels by name; `absent` stands where there is no shape."""
    of = marks(labels)
    columns = 2 if width < 5 else 5 if len(shapes) > FEW else 4
    gap = 0.18
    wide = (width - 0.34 - gap * columns) / columns
    step = 0.95 * wide + 0.42
    notes = [*NOTES, "x: a unit's input"]
    drawing = sheet(width, -(-len(shapes) // columns) * step + 0.3, "The activations and their slopes", notes)
    bounds = _bounds([shape for shape in shapes.values() if shape])
    for i, (arm, shape) in enumerate(shapes.items()):
        row, column = divmod(i, columns)
        axes = drawing.panel(0.3 + column * (wide + gap), 0.3 + row * step, wide, step - 0.42, grid="")
        _draw(axes, shape, of[arm], bounds, absent)
        name_panel(axes, of[arm].label)
        axes.tick_params(labelleft=not column, labelbottom=i + columns >= len(shapes))
    axes.set_xlabel("x", loc="right", labelpad=1)
    return drawing.finish(f"Panels: {', '.join(labels.values())}.")


@styled
def activation_shape(data: SettingData, arm: str, *, width: float = NARROW) -> "Figure":
    """One activation: f in its colour and style, its slope f′ as a thin grey line."""
    shape, mark = shape_of(data, arm), marks(data.labels)[arm]
    drawing = sheet(width, width * 0.66 + 0.42, f"{mark.label} and its slope", NOTES)
    axes = drawing.panel(0.3, 0.06, width - 0.4, width * 0.66, grid="")
    _draw(axes, shape, mark, _bounds([shape] if shape else []))
    axes.set_xlabel("x, the input of a unit", loc="right", labelpad=1)
    if shape is None:
        return drawing.finish("The records hold no shape.")
    points = [f"f({at:g}) = {np.interp(at, shape[0], shape[1]):.3g}" for at in (-2, -1, 0, 1, 2)]
    return drawing.finish(f"{', '.join(points)}.")


def _bounds(shapes: Sequence[Shape]) -> tuple[float, float]:
    """Limits for all panels: the values between −3 and 3, never more than ±4, so that bends show."""
    values = [v[np.abs(x) <= 3] for x, f, slope in shapes for v in (f, slope)]
    finite = np.concatenate(values)[np.isfinite(np.concatenate(values))] if values else np.empty(0)
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    return max(low, -4.0) - 0.25, min(max(high, 1.0), 4.0) + 0.25


def _draw(
    axes: "Axes", shape: Shape | None, mark: Mark, bounds: tuple[float, float], absent: str = "not in the records"
) -> None:
    axes.axhline(0, color=RULE, linewidth=0.8, zorder=0)
    axes.axvline(0, color=RULE, linewidth=0.8, zorder=0)
    axes.spines["bottom"].set_visible(False)
    axes.set_ylim(*bounds)
    few = bounds[1] - bounds[0] < 6
    axes.set_yticks([t for t in range(-4, 5) if bounds[0] <= t <= bounds[1] and (few or t % 2 == 0)])
    if shape is None:
        axes.set_xticks([])
        axes.text(0.5, 0.5, absent, transform=axes.transAxes, ha="center", color=MUTED, fontsize=8)
        return
    x, f, slope = shape
    axes.set_xlim(float(x[0]), float(x[-1]))
    axes.set_xticks([t for t in (-4, -2, 0, 2, 4) if x[0] <= t <= x[-1]])
    axes.plot(x, slope, color=MUTED, linewidth=0.9)
    axes.plot(x, f, **mark.line(2.0))


def formula(latex: str, *, size: float = 12.5) -> "Figure | None":
    """A formula in LaTeX as a figure just its size; None where matplotlib cannot set it."""
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties
    from matplotlib.mathtext import MathTextParser

    text = "$f(x) = " + re.sub(r"\\t?frac\b", r"\\frac", re.sub(r"\\([lg])e\b", r"\\\1eq", latex)) + "$"
    with style(**{"svg.fonttype": "path", "text.parse_math": True}):
        try:
            wide, tall, depth, _, _ = MathTextParser("path").parse(text, 72, FontProperties(size=size))
        except ValueError:
            return None
        tall += depth
        figure = Figure(figsize=((wide + 4) / 72, (tall + 6) / 72))
        figure.text(2 / (wide + 4), (depth + 3) / (tall + 6), text, fontsize=size, color=INK, va="baseline")
        figure.set_label(latex)
    return figure
