"""The gradient's norm by depth: what arrives at every layer, at the start and after the last epoch."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from reluctant.analysis import SettingData
from reluctant.analysis.probe_sentences import depth_sentence
from reluctant.analysis.probes import END, START, signed_index
from reluctant.figures.notes import diverged_note, probe_notes
from reluctant.figures.sheet import Sheet, empty_sheet, inches, label_ends, name_axes, name_panel, sheet
from reluctant.figures.style import ALARM, FEW, MUTED, WIDE, Mark, marks, styled
from reluctant.figures.text_width import fitted, width_of
from reluctant.scores import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SNAPSHOTS = ((START, "At the start"), (END, "At the end"))
LEFT, LONGEST = 0.52, 0.82  # inches: beside the panels for numbers, and for the slanted name of a layer
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

Logs = Mapping[str, Mapping[int, Floats]]  # log₁₀ of the norms by arm and snapshot, shape (layers,)


@styled
def gradient_by_depth(data: SettingData, *, width: float = WIDE) -> "Figure":
    """Norm of the loss's gradient by the parameters of every weight layer, from the first to the last.

    Geometric mean over seeds. Beyond 12 arms a small panel each, the start in grey.
    """
    probes, many = data.probes, len(data.probes.arms) > FEW
    notes = [data.subject.data, "weight layers from the first to the last", *probe_notes(data),
             diverged_note(data), f"grey: at the start, coloured: {data.subject.after_last}" if many else "",
             "number: the depth index, log₁₀ of first over last" if many else ""]  # fmt: skip
    title = "The gradient’s norm by depth"
    if not probes.layers or not probes.arms:
        return empty_sheet(width, title, notes, "No finished run was probed.")
    logs = {arm: {when: probes.log_gradient(arm, when) for when, _ in SNAPSHOTS} for arm in probes.arms}
    drawing = (_multiples if many else _two_panels)(data, logs, width, title, notes)
    return drawing.finish(depth_sentence(probes, data.labels))


def _two_panels(data: SettingData, logs: Logs, width: float, title: str, notes: Sequence[str]) -> Sheet:
    of, narrow, layers = marks(data.labels), width < 5, data.probes.layers
    names = min(max(width_of(of[arm].label, 8.5) for arm in logs), 0.32 * width) + 0.02
    under = 0.16 + 0.64 * min(max(width_of(layer, 8) for layer in layers), LONGEST)  # slanted names
    tall = max(1.9, 0.17 * len(logs))
    drawing = sheet(width, (tall + under + 0.55) * (2 if narrow else 1), title, notes)
    room = width - LEFT - 0.5 - names
    wide = room if narrow else (room - 0.3) / 2
    for i, (when, above) in enumerate(SNAPSHOTS):
        x, y = (LEFT, i * (tall + under + 0.55)) if narrow else (LEFT + i * (wide + 0.3), 0.0)
        axes = drawing.panel(x, y + 0.38, wide, tall)
        _log_axis(axes, _bounds(logs), len(layers))
        name_axes(axes, y="norm of the gradient" if narrow or not i else " ", above=above)
        for arm in logs:
            _draw_line(axes, logs[arm][when], of[arm])
        _name_layers(axes, layers)
        axes.tick_params(labelleft=narrow or not i)
        if i or narrow:
            ends = [(of[arm], len(layers) - 1.0, float(each[when][-1])) for arm, each in logs.items()]
            low = axes.get_ylim()[0]
            label_ends(axes, [(mark, x, y if np.isfinite(y) else low) for mark, x, y in ends], names)
    return drawing


def _multiples(data: SettingData, logs: Logs, width: float, title: str, notes: Sequence[str]) -> Sheet:
    of, columns, layers = marks(data.labels), 2 if width < 5 else 5, data.probes.layers
    tall, step, gap = 0.75, 1.0, 0.12
    wide = (width - 0.4) / columns - gap
    drawing = sheet(width, 0.45 + step * math.ceil(len(logs) / columns), title, notes)
    for i, (arm, each) in enumerate(logs.items()):
        row, column = divmod(i, columns)
        axes = drawing.panel(0.4 + column * (wide + gap), 0.35 + row * step, wide, tall)
        _log_axis(axes, _bounds(logs), len(layers), most=3)
        axes.plot(range(len(layers)), each[START], color=MUTED, linewidth=0.9)
        _draw_line(axes, each[END], of[arm])
        index = data.probes.depth_index(arm)
        name_panel(axes, of[arm].label, signed_index(float(index.mean()) if index.size else float("nan")))
        axes.tick_params(labelleft=not column)
    along = f"norm of the gradient, from {layers[0]} (left) to {layers[-1]} (right)"
    drawing.write(0, 0, fitted(along, 8, width), fontsize=8)
    return drawing


def _bounds(logs: Logs) -> tuple[float, float]:
    """The decades that hold every norm; one more below, where zeros are marked."""
    values = np.concatenate([norms for each in logs.values() for norms in each.values()])
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (-1.0, 0.0)
    return low - 0.1 - (0.4 if finite.size < values.size else 0), max(high + 0.1, low + 1)


def _log_axis(axes: "Axes", bounds: tuple[float, float], layers: int, *, most: int = 6) -> None:
    """Powers of ten up the side, and 2 and 5 times them where the axis spans less than two."""
    low, high = bounds
    axes.set_ylim(low, high)
    axes.set_xlim(-0.15, layers - 0.85)
    axes.set_xticks([])
    powers = range(math.floor(low), math.ceil(high) + 1)
    if high - low < 2 and most > 3:
        values = [f * 10.0**power for power in powers for f in (1, 2, 5)]
        ticks = {math.log10(v): f"{v:g}" for v in values if low <= math.log10(v) <= high}
    else:
        step = max(1, math.ceil((high - low) / most))
        chosen = [p for p in powers if low <= p <= high and p % step == 0]
        ticks = {float(p): f"{10.0**p:g}" if abs(p) <= 2 else "10" + str(p).translate(_SUPERSCRIPT) for p in chosen}
    axes.set_yticks(list(ticks), list(ticks.values()))


def _draw_line(axes: "Axes", logs: Floats, mark: Mark) -> None:
    axes.plot(range(len(logs)), logs, marker="o", markersize=3, **mark.line(1.5))
    none = np.flatnonzero(~np.isfinite(logs))
    if none.size:
        axes.plot(none, [axes.get_ylim()[0]] * len(none), "x", color=ALARM, markersize=5, clip_on=False)


def _name_layers(axes: "Axes", layers: Sequence[str]) -> None:
    """Slanted names below; of many layers only some, of long names the end, which tells them apart."""
    wide, tall = inches(axes)
    every = max(1, math.ceil(0.17 * len(layers) / wide))
    named = {*range(0, len(layers) - (every > 1) * every, every), len(layers) - 1}
    for i in sorted(named):
        name = layers[i]
        if width_of(name, 8) > LONGEST:
            name = "…" + fitted(name[::-1], 8, LONGEST - width_of("…", 8)).rstrip("…")[::-1]
        axes.text(i, -0.07 / tall, name, transform=axes.get_xaxis_transform(), rotation=40, ha="right",
                  va="top", rotation_mode="anchor", fontsize=8, color=MUTED)  # fmt: skip
