"""`reluctant.plot`: activation functions and their slopes, without any training."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from reluctant.analysis.labels import arm_labels
from reluctant.api.objects import activation_names
from reluctant.api.result_plots import for_notebooks

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot(
    activations: Sequence[Any] | Mapping[str, Any] = ("relu", "gelu", "silu", "tanh"), *, width: float | None = None
) -> "Figure":
    """Draw activation functions: f(x) in colour, its slope f′(x) in grey, a panel for each.

    Args:
        activations: As in `reluctant.compare`: names of the catalogue, classes and functions; a mapping gives names.
        width: In inches.

    Raises:
        ReluctantError: An unknown name, or something that is no activation.

    Example:
        >>> reluctant.plot(["relu", "gelu", "leaky_relu(negative_slope=0.1)"])
    """
    from reluctant.activations import check_activation, make
    from reluctant.activations.numerics import sample_curve
    from reluctant.figures.shapes import Shape, shape_panels
    from reluctant.figures.style import WIDE

    names = activation_names(activations, {})
    shapes: dict[str, Shape | None] = {}
    for name in names:
        check_activation(name)
        curve = sample_curve(make(name))
        if curve is None:
            shapes[name] = None
        else:
            f, slope = np.array(curve["f"], float), np.array(curve["slope"], float)
            shapes[name] = (np.linspace(curve["x"][0], curve["x"][1], len(f)), f, slope)
    drawing = shape_panels(
        shapes, arm_labels(names), width=WIDE if width is None else width, absent="no curve: it\nacts on a layer"
    )
    return for_notebooks(drawing)
