"""The gradient's norm by depth: what arrives at every layer, at the start and after the last epoch."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from reluctant.analysis import probe_metrics as inside
from reluctant.figures import sheet as paper
from reluctant.figures.inside_words import depth_said, looked_into, signed
from reluctant.figures.labels import data_title, left_out, marks, one_setting
from reluctant.figures.letters import fitted, width_of
from reluctant.figures.style import ALARM, FEW, INK, MUTED, WIDE, Mark, styled
from reluctant.records.study_results import Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]
LOOKS: tuple[tuple[inside.When, str], ...] = (("start", "At the start"), ("end", "After the last epoch"))
LEFT, LONGEST = 0.52, 0.82  # inches: beside the panels for numbers, and for the slanted name of a layer
_DIGITS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@styled
def gradient_by_depth(results: Results, *, width: float = WIDE) -> "Figure":
    """Norm of the loss's gradient by the parameters of every weight layer, from the first to the last.

    Geometric mean over seeds. Beyond 12 activations a small panel each, the start in grey.
    """
    one_setting(results)
    places, shown = inside.layers(results), inside.seen(results)
    many = len(shown) > FEW
    said = [data_title(results), "weight layers from the first to the last", *looked_into(results),
            left_out(results), "grey: at the start, coloured: after the last epoch" if many else "",
            "number: the index across depth, log₁₀ of first over last" if many else ""]  # fmt: skip
    title = "The gradient’s norm by depth"
    if not places or not shown:
        made = paper.sheet(width, 0.3, title, said)
        made.write(0, 0.02, "No finished run was looked into.")
        return made.figure
    found = {a: {when: _logs(results, a, when) for when, _ in LOOKS} for a in shown}
    draw = _multiples if many else _together
    return paper.tell(draw(results, width, title, said, found, places), depth_said(results))


def _logs(results: Results, activation: str, when: inside.When) -> Floats:
    """log₁₀ of the norms, the mean of the runs, shape (layers,); NaN where no gradient arrives in any."""
    with np.errstate(divide="ignore"):
        logs = np.log10(inside.norms(results, activation, "gradient")[:, :, 0 if when == "start" else -1])
    return inside.over_runs(np.asarray(logs))


Found = Mapping[str, Mapping[inside.When, Floats]]


def _together(
    results: Results, width: float, title: str, said: Sequence[str], found: Found, places: Sequence[str]
) -> paper.Sheet:
    of, narrow = marks(results), width < 5
    names = min(max(width_of(of[a].label, paper.TEXT) for a in found), 0.32 * width) + 0.02
    under = _under(places)
    tall = max(1.9, 0.17 * len(found))
    made = paper.sheet(width, (tall + under + 0.55) * (2 if narrow else 1), title, said)
    room = width - LEFT - 0.5 - names
    wide = room if narrow else (room - 0.3) / 2
    for i, (when, above) in enumerate(LOOKS):
        x, y = (LEFT, i * (tall + under + 0.55)) if narrow else (LEFT + i * (wide + 0.3), 0.0)
        axes = made.panel(x, y + 0.38, wide, tall)
        _axis(axes, _bounds(found), len(places))
        paper.name_axes(axes, y="norm of the gradient" if narrow or not i else " ", above=above)
        for activation in found:
            _line(axes, found[activation][when], of[activation])
        _name_layers(axes, places)
        if i and not narrow:
            paper.hide_values(axes)
        if i or narrow:
            _label(axes, found, when, of, names)
    return made


def _multiples(
    results: Results, width: float, title: str, said: Sequence[str], found: Found, places: Sequence[str]
) -> paper.Sheet:
    of, columns = marks(results), 2 if width < 5 else 5
    tall, step, gap = 0.75, 1.0, 0.12
    wide = (width - 0.4) / columns - gap
    made = paper.sheet(width, 0.35 + step * -(-len(found) // columns) + 0.1, title, said)
    for i, (activation, looks) in enumerate(found.items()):
        row, column = divmod(i, columns)
        axes = made.panel(0.4 + column * (wide + gap), 0.35 + row * step, wide, tall)
        _axis(axes, _bounds(found), len(places), most=3)
        axes.plot(range(len(places)), looks["start"], color=MUTED, linewidth=0.9)
        _line(axes, looks["end"], of[activation])
        number = signed(_mean(inside.depth_index(results, activation, "end")))
        axes.text(
            1,
            1 + 0.04 / tall,
            number,
            transform=axes.transAxes,
            va="bottom",
            ha="right",
            fontsize=8,
            color=MUTED,
        )
        axes.text(0, 1 + 0.04 / tall, fitted(of[activation].label, 8, wide - width_of(number, 8) - 0.06),
                  transform=axes.transAxes, va="bottom", fontsize=8, color=INK)  # fmt: skip
        if column:
            paper.hide_values(axes)
    made.write(
        0,
        0,
        fitted(f"norm of the gradient, from {places[0]} (left) to {places[-1]} (right)", 8, width),
        fontsize=8,
    )
    return made


def _mean(values: Floats) -> float:
    return float(values.mean()) if values.size else float("nan")


def _bounds(found: Found) -> tuple[float, float]:
    """The decades that hold every norm; one more below, where zeros are marked."""
    values = np.concatenate([logs for looks in found.values() for logs in looks.values()])
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (-1.0, 0.0)
    return low - 0.1 - (0.4 if finite.size < values.size else 0), max(high + 0.1, low + 1)


def _axis(axes: "Axes", bounds: tuple[float, float], layers: int, *, most: int = 6) -> None:
    """Powers of ten up the side, the layers by their place along the bottom."""
    low, high = bounds
    axes.set_ylim(low, high)
    axes.set_xlim(-0.15, layers - 0.85)
    axes.set_xticks([])
    axes.set_yticks(*_ticks(low, high, most))


def _ticks(low: float, high: float, most: int) -> tuple[list[float], list[str]]:
    """Powers of ten, and 2 and 5 times them where the axis spans less than two."""
    if high - low < 2 and most > 3:
        values = [
            f * 10.0**power for power in range(int(np.floor(low)), int(np.ceil(high)) + 1) for f in (1, 2, 5)
        ]
        shown = [v for v in values if low <= np.log10(v) <= high]
        return [float(np.log10(v)) for v in shown], [f"{v:g}" for v in shown]
    step = max(1, int(np.ceil((high - low) / most)))
    powers = [t for t in range(int(np.ceil(low)), int(np.floor(high)) + 1) if t % step == 0]
    return [float(t) for t in powers], [_power(t) for t in powers]


def _power(exponent: int) -> str:
    """`0.01`, `1`, `100`; beyond, `10⁻⁵`."""
    return f"{10.0**exponent:g}" if abs(exponent) <= 2 else "10" + str(exponent).translate(_DIGITS)


def _line(axes: "Axes", logs: Floats, mark: Mark) -> None:
    axes.plot(range(len(logs)), logs, marker="o", markersize=3, **mark.line(1.5))
    gone = np.flatnonzero(~np.isfinite(logs))
    if gone.size:
        axes.plot(gone, [axes.get_ylim()[0]] * len(gone), "x", color=ALARM, markersize=5, clip_on=False)


def _label(axes: "Axes", found: Found, when: inside.When, of: Mapping[str, Mark], room: float) -> None:
    ends = [(of[a], len(looks[when]) - 1.0, float(looks[when][-1])) for a, looks in found.items()]
    paper.label_ends(
        axes, [(mark, x, y if np.isfinite(y) else axes.get_ylim()[0]) for mark, x, y in ends], room
    )


def _under(places: Sequence[str]) -> float:
    """The inches that the slanted names of the layers take."""
    return 0.16 + 0.64 * min(max(width_of(place, 8) for place in places), LONGEST)


def _name_layers(axes: "Axes", places: Sequence[str]) -> None:
    wide, tall = paper.inches(axes)
    every = max(1, int(np.ceil(0.17 * len(places) / wide)))
    shown = {*range(0, len(places) - (every > 1) * every, every), len(places) - 1}
    for i in sorted(shown):
        axes.text(i, -0.07 / tall, _end_of(places[i]), transform=axes.get_xaxis_transform(), rotation=40,
                  ha="right", va="top", rotation_mode="anchor", fontsize=8, color=MUTED)  # fmt: skip


def _end_of(name: str) -> str:
    """The name, or as much of its end as has room: the end tells layers apart."""
    if width_of(name, 8) <= LONGEST:
        return name
    return "…" + fitted(name[::-1], 8, LONGEST - width_of("…", 8)).rstrip("…")[::-1]
