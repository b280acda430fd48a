"""Dead units by site and epoch: a heat map per arm."""

import math
from typing import TYPE_CHECKING

import numpy as np

from reluctant.analysis import SettingData
from reluctant.analysis.labels import count
from reluctant.analysis.probe_sentences import dead_units_sentence
from reluctant.analysis.units import percent
from reluctant.figures.heat_map import Classes, draw_cells, name_rows
from reluctant.figures.notes import diverged_note, probe_notes
from reluctant.figures.sheet import ROW, empty_sheet, epoch_axis, legend_rows, name_panel, sheet
from reluctant.figures.style import FEW, WIDE, styled
from reluctant.figures.text_width import width_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHARES = Classes(("under 1 %", "1 to 5 %", "5 to 20 %", "20 to 50 %", "50 % and more"), (0.01, 0.05, 0.2, 0.5), "none")


@styled
def dead_units(data: SettingData, *, width: float = WIDE) -> "Figure":
    """The share of dead units by site and epoch, a panel per arm; epoch 0 is the start. Mean over seeds.

    Beyond 12 arms only those with any are shown.
    """
    probes, subject = data.probes, data.subject
    shares = {arm: probes.share(arm, "dead") for arm in probes.arms}
    panels = {arm: v for arm, v in shares.items() if len(shares) <= FEW or (v > 0).any()}
    hidden = len(shares) - len(panels)
    notes = [subject.data, f"share of the units of a site whose slope is 0 for every {subject.item} probed",
             "epoch 0: the start", *probe_notes(data), diverged_note(data),
             f"not shown: {count(hidden, subject.arm)} without any" if hidden else ""]  # fmt: skip
    title = "Dead units by site and epoch"
    if not probes.sites or not panels:
        return empty_sheet(width, title, notes, "None." if shares and probes.sites else "No run was probed.")
    many, narrow = len(panels) > FEW, width < 5
    columns = min(len(panels), (2 if many else 1) if narrow else 5 if many else 4)
    names = list(probes.site_names.values())
    left = min(max(width_of(name, 8) for name in names), (0.2 if many else 0.3) * width) + 0.08
    right = 0.12 if many else 0.5  # room for the last value
    wide = min((width - left) / columns - right, 3.2)
    tall = min((0.13 if many else 0.21) * len(names), 3.0)
    entries = SHARES.legend()
    top, step = ROW * legend_rows([e[2] for e in entries], width) + 0.3, tall + (0.42 if many else 0.62)
    drawing = sheet(width, top + step * math.ceil(len(panels) / columns) + (0.16 if many else 0), title, notes)
    drawing.legend(entries, width)
    for i, (arm, values) in enumerate(panels.items()):
        row, column = divmod(i, columns)
        axes = drawing.panel(left + column * (wide + right), top + row * step, wide, tall, grid="")
        draw_cells(axes, SHARES.of(values))
        epochs = values.shape[1] - 1
        epoch_axis(axes, epochs, first=0, name=i == len(panels) - 1, most=2 if many else 4)
        axes.set_xlim(-0.5, epochs + 0.5)
        name_panel(axes, data.labels[arm])
        texts = [] if many else [percent(float(v)) if np.isfinite(v) else "–" for v in values[:, -1]]
        name_rows(axes, [] if column else names, left - 0.08, texts)
        axes.tick_params(labelbottom=not many or i + columns >= len(panels))
    return drawing.finish(dead_units_sentence(probes, data.labels))
