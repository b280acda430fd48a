"""Dead units by site and epoch: a heat map per arm, each class of a value one path, so that files stay small."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from reluctant.analysis import SettingData
from reluctant.analysis.labels import count
from reluctant.analysis.probe_sentences import dead_units_sentence
from reluctant.analysis.units import percent
from reluctant.figures.notes import diverged_note, probe_notes
from reluctant.figures.sheet import ROW, empty_sheet, epoch_axis, inches, legend_rows, name_panel, sheet
from reluctant.figures.style import ERROR, FEW, GHOST, INK, MUTED, SHADES, WIDE, styled
from reluctant.figures.text_width import fitted, width_of
from reluctant.scores import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

EMPTY = 0.22  # opacity of a cell without any


@dataclass(frozen=True)
class Classes:
    """Five classes of a value: what each is called, and the bounds between them; 0 is none of them."""

    names: tuple[str, ...]
    bounds: tuple[float, ...]
    none: str

    def of(self, values: Floats) -> npt.NDArray[np.int64]:
        """1 to 5, 0 for a value of 0, −1 where there is none."""
        levels = 1 + np.digitize(np.nan_to_num(values), self.bounds)
        return np.where(np.isnan(values), -1, np.where(values == 0, 0, levels))

    def legend(self) -> list[tuple[str, float, str]]:
        """The entries of the legend: colour, opacity, words."""
        return [(GHOST, 0.5, self.none), *((ERROR, s, n) for s, n in zip(SHADES, self.names, strict=True))]


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
    notes = [subject.data, f"share of the units of a site whose slope is 0 for every {subject.probed} probed",
             f"{data.subject.period.word} 0: the start", *probe_notes(data), diverged_note(data),
             f"not shown: {count(hidden, subject.arm)} without any" if hidden else ""]  # fmt: skip
    title = f"Dead units by site and {data.subject.period.word}"
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
        epoch_axis(axes, epochs, period=data.subject.period, first=0, name=i == len(panels) - 1, most=2 if many else 4)
        axes.set_xlim(-0.5, epochs + 0.5)
        name_panel(axes, data.labels[arm])
        texts = [] if many else [percent(float(v)) if np.isfinite(v) else "–" for v in values[:, -1]]
        _name_rows(axes, [] if column else names, left - 0.08, texts)
        axes.tick_params(labelbottom=not many or i + columns >= len(panels))
    return drawing.finish(dead_units_sentence(probes, data.labels))


def draw_cells(
    axes: "Axes", levels: npt.NDArray[np.int64], *, first: int = 0, colour: str = ERROR,
    shades: Sequence[float] = SHADES, gap: float = 0.04,
) -> None:  # fmt: skip
    """Cells of `levels`, shape (rows, columns): 0 pale, 1 to 5 in the shades, −1 left free.

    Neighbours in a row are one piece. `first` is the x of the first column, `gap` what stays free between rows.
    """
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    axes.set_ylim(len(levels) - 0.5, -0.5)
    axes.set_yticks([])
    axes.spines["bottom"].set_visible(False)
    grounds = [(0, GHOST, EMPTY), *((i + 1, colour, shade) for i, shade in enumerate(shades))]
    for level, face, alpha in grounds:
        change = np.diff(np.pad((levels == level).astype(int), ((0, 0), (1, 1))), axis=1)
        starts, ends = np.argwhere(change == 1), np.argwhere(change == -1)
        boxes = []
        for (row, start), (_, end) in zip(starts, ends, strict=True):
            left, right = start + first - 0.5, end + first - 0.5
            top, bottom = row - 0.5 + gap, row + 0.5 - gap
            boxes.append([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)])
        if boxes:
            path = Path.make_compound_path(*(Path(np.array(box, float), closed=True) for box in boxes))
            axes.add_patch(PathPatch(path, facecolor=face, alpha=alpha, linewidth=0))


def _name_rows(axes: "Axes", names: Sequence[str], room: float, texts: Sequence[str] = ()) -> None:
    """Names left of the rows and texts right of them; where rows are too thin only some of them."""
    wide, tall = inches(axes)
    rows = max(len(names), len(texts))
    every = max(1, int(np.ceil(0.125 * rows / tall)))
    across = axes.get_yaxis_transform()
    for i in range(0, rows, every):
        if names:
            axes.text(-0.06 / wide, i, fitted(names[i], 8, room), transform=across, ha="right",
                      va="center_baseline", fontsize=8, color=MUTED)  # fmt: skip
        if texts:
            axes.text(1 + 0.05 / wide, i, texts[i], transform=across, va="center_baseline", fontsize=8,
                      color=MUTED if texts[i] == "none" else INK)  # fmt: skip
