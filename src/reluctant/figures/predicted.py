"""Predicted against true numbers of an arm: the closer to the diagonal, the better."""

from typing import TYPE_CHECKING

import numpy as np

from reluctant.analysis import SettingData
from reluctant.analysis.labels import count
from reluctant.figures.notes import diverged_note
from reluctant.figures.sheet import empty_sheet, name_axes, sheet, value_axis
from reluctant.figures.style import MUTED, limits, marks, styled
from reluctant.scores import Floats

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOTS = 1500  # dots that a panel can carry; of more an even choice is drawn
PANELS = 4  # outputs that are drawn


@styled
def predicted(data: SettingData, arm: str, *, width: float = 4.9) -> "Figure":
    """Predicted over true numbers of the test split after the last epoch, all seeds; one panel per output.

    Diverged runs are left out.
    """
    mark, runs, pairs = marks(data.labels)[arm], data.results(arm), true_and_predicted(data, arm)
    title = f"{mark.label}: predicted against true"
    scores = [
        f"{title} {data.unit(name).value(data.scores.interval(name, arm).mean)}"
        for name, title in (("r2", "R²"), ("rmse", "RMSE"))
        if data.scores.interval(name, arm).n
    ]
    total = len(pairs[0][0]) if pairs else 0
    notes = [data.subject.data, f"{data.subject.test_part} {data.subject.after_last}",
             count(len(runs), "seed") if runs else "", ", ".join(scores),
             f"{DOTS:,} of {total:,} predictions drawn" if total > DOTS else "",
             f"the first {PANELS} of {len(pairs)} outputs" if len(pairs) > PANELS else "",
             diverged_note(data, [arm])]  # fmt: skip
    if not pairs:
        reason = "The true numbers are not in the records." if runs else "No run ended with finite numbers."
        return empty_sheet(width, title, notes, reason)
    panels = pairs[:PANELS]
    columns = min(2, len(panels))
    side = min(4.0, (width - 0.05) / columns - 0.62)
    drawing = sheet(width, (side + 0.85) * -(-len(panels) // columns), title, notes)
    value, sentences = data.unit("mae").value, []
    for i, (true, guessed) in enumerate(panels):
        row, column = divmod(i, columns)
        axes = drawing.panel(0.55 + column * (side + 0.62), 0.38 + row * (side + 0.85), side, side)
        low, high = _bounds(true, guessed)
        axes.grid(visible=True, axis="x")
        value_axis(axes, low, high, most=5)
        value_axis(axes, low, high, which="x", most=5)
        name_axes(axes, "true", "predicted", above=f"Output {i + 1}" if len(pairs) > 1 else "")
        axes.plot([low, high], [low, high], color=MUTED, linewidth=1.0, linestyle=(0, (4, 2)), gid="equal")
        chosen = np.linspace(0, len(true) - 1, min(len(true), DOTS)).astype(int)
        axes.plot(true[chosen], np.clip(guessed[chosen], low, high), "o", color=mark.colour, alpha=0.4,
                  markersize=3.2, markeredgewidth=0)  # fmt: skip
        output = f"Output {i + 1}: " if len(pairs) > 1 else ""
        sentences.append(
            f"{output}true from {value(float(true.min()))} to {value(float(true.max()))}, predicted from "
            f"{value(float(guessed.min()))} to {value(float(guessed.max()))}, mean absolute error "
            f"{value(float(np.abs(guessed - true).mean()))}."
        )
    return drawing.finish(" ".join(sentences))


def true_and_predicted(data: SettingData, arm: str) -> list[tuple[Floats, Floats]]:
    """True and predicted numbers of the test split, all finished seeds, (n,) each, for every output.

    Empty where no run finished or the records do not hold the true numbers.
    """
    both = [(run.truth, run.predictions) for run in data.results(arm) if run.truth is not None]
    if not both:
        return []
    true, guessed = (np.concatenate(each) for each in zip(*both, strict=True))
    return [(true[:, i], guessed[:, i]) for i in range(true.shape[1])]


def _bounds(true: Floats, guessed: Floats) -> tuple[float, float]:
    """The same for both axes: all true numbers, and the predicted as far as they do not double the axis."""
    low, high = float(true.min()), float(true.max())
    reach = 0.5 * ((high - low) or max(abs(high), 1e-6))
    near = guessed[(guessed >= low - reach) & (guessed <= high + reach)]
    return limits([low, high, *near.tolist()], reach=np.inf, pad=0.03)
