"""Predicted against true numbers of an activation: the closer to the diagonal, the better."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from reluctant.analysis.comparison.units import unit_of
from reluctant.figures import sheet as paper
from reluctant.figures.labels import count, data_title, left_out, marks, one_setting, test_part
from reluctant.figures.style import MUTED, Mark, limits, styled
from reluctant.records.study_results import Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]
Pairs = list[tuple[Floats, Floats]]

DOTS = 1500  # dots that a panel can carry; more are counted in squares
SQUARES = 40  # a side
SHADES = (0.16, 0.32, 0.5, 0.7, 0.92)  # from few in a square to many, in steps of equal ratio
PANELS = 4  # outputs that are drawn


@styled
def predicted(results: Results, activation: str, *, width: float = 4.9) -> "Figure":
    """Predicted over true numbers of the test part after the last epoch, all seeds; one panel per output.

    Many are drawn as squares, the darker the more of them. Diverged runs are left out.
    """
    one_setting(results)
    mark, pairs = marks(results)[activation], of_test(results, activation)
    runs = sum(r.diverged is None for r in results.of(activation))
    title = f"{mark.label}: predicted against true"
    most = f"the first {PANELS} of {len(pairs)} outputs" if len(pairs) > PANELS else ""
    said = [data_title(results), f"{test_part(results)} after the last epoch",
            count(runs, "seed") if runs else "", _scores(results, activation), most,
            left_out(results, activation)]  # fmt: skip
    if not pairs:
        made = paper.sheet(width, 0.6, title, said)
        why = "No run ended with finite numbers." if not runs else "The true numbers were not kept."
        made.write(0.02, 0.1, why)
        return made.figure
    shown = pairs[:PANELS]
    columns = min(2, len(shown))
    side = min(4.0, (width - 0.05) / columns - 0.62)
    made = paper.sheet(width, (side + 0.85) * -(-len(shown) // columns), title, said)
    for place, (true, guessed) in enumerate(shown):
        row, column = divmod(place, columns)
        axes = made.panel(0.55 + column * (side + 0.62), 0.38 + row * (side + 0.85), side, side)
        above = f"Output {place + 1}" if len(pairs) > 1 else ""
        _panel(axes, true, guessed, mark, above)
    return paper.tell(made, _told(results, pairs))


def of_test(results: Results, activation: str) -> Pairs:
    """True and predicted numbers of the test part, all finished seeds, (n,) each, for every output.

    Empty where no run finished or the true numbers were not kept.
    """
    kept = [(results.labels(r), r) for r in results.of(activation) if r.diverged is None and r.epochs]
    both = [(true, r.predictions) for true, r in kept if true is not None]
    if not both:
        return []
    true, guessed = (np.concatenate(each) for each in zip(*both, strict=True))
    return [(true[:, i], guessed[:, i]) for i in range(true.shape[1])]


def _scores(results: Results, activation: str) -> str:
    """`R² 0.4312, RMSE 57.31`, means over seeds."""
    told = []
    for name, title in (("r2", "R²"), ("rmse", "RMSE")):
        interval = results.interval(name, activation)
        if interval.n:
            value = unit_of(results, name).value(interval.mean).replace("-", "−")
            told.append(f"{title} {value}")
    return ", ".join(told)


def _panel(axes: "Axes", true: Floats, guessed: Floats, mark: Mark, above: str) -> None:
    low, high = _bounds(true, guessed)
    axes.grid(visible=True, axis="x")
    paper.value_axis(axes, low, high, most=5)
    paper.value_axis(axes, low, high, which="x", most=5)
    paper.name_axes(axes, "true", "predicted", above=above)
    axes.plot([low, high], [low, high], color=MUTED, linewidth=1.0, linestyle=(0, (4, 2)), gid="equal")
    x, y = true, np.clip(guessed, low, high)
    if len(x) <= DOTS:
        axes.plot(x, y, "o", color=mark.colour, alpha=0.4, markersize=3.2, markeredgewidth=0)
        return
    _squares(axes, x, y, mark, (low, high))


def _bounds(true: Floats, guessed: Floats) -> tuple[float, float]:
    """The same for both axes: all true numbers, and the predicted as far as they do not double the axis."""
    low, high = float(true.min()), float(true.max())
    reach = 0.5 * ((high - low) or max(abs(high), 1e-6))
    near = guessed[(guessed >= low - reach) & (guessed <= high + reach)]
    return limits([low, high, *near.tolist()], reach=np.inf, pad=0.03)


def _squares(axes: "Axes", x: Floats, y: Floats, mark: Mark, ends: tuple[float, float]) -> None:
    """How many lie in each square, in five shades; all squares of a shade are one path."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    counts, edges, _ = np.histogram2d(x, y, bins=SQUARES, range=[ends, ends])
    step = edges[1] - edges[0]
    share = np.log(np.maximum(counts, 1)) / max(float(np.log(counts.max())), 1e-9)
    levels = np.where(counts > 0, np.minimum((share * len(SHADES)).astype(int), len(SHADES) - 1), -1)
    for level, shade in enumerate(SHADES):
        places = np.argwhere(levels == level)
        if len(places):
            corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)])
            paths = [Path(ends[0] + step * (place + corners), closed=True) for place in places]
            whole = Path.make_compound_path(*paths)
            axes.add_patch(PathPatch(whole, facecolor=mark.colour, alpha=shade, linewidth=0))


def _told(results: Results, pairs: Pairs) -> str:
    """How far predictions are off on the mean, and in which direction."""
    value = unit_of(results, "mae").value
    parts = []
    for place, (true, guessed) in enumerate(pairs[:PANELS]):
        which = f"Output {place + 1}: " if len(pairs) > 1 else ""
        spread = f"true from {value(float(true.min()))} to {value(float(true.max()))}"
        reach = f"predicted from {value(float(guessed.min()))} to {value(float(guessed.max()))}"
        off = f"on the mean {value(float(np.abs(guessed - true).mean()))} off"
        parts.append(f"{which}{spread}, {reach}, {off}.")
    return " ".join(parts)
