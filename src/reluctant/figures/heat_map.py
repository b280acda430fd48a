"""The heat map: cells in five shades, each class of a value drawn as one path, so that files stay small."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from reluctant.figures.sheet import inches
from reluctant.figures.style import ERROR, GHOST, INK, MUTED, SHADES
from reluctant.figures.text_width import fitted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = npt.NDArray[np.float64]
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


def draw_cells(
    axes: "Axes", levels: npt.NDArray[np.int64], *, first: int = 0, colour: str = ERROR,
    shades: Sequence[float] = SHADES, gap: float = 0.04,
) -> None:  # fmt: skip
    """Cells of `levels`, shape (rows, columns): 0 pale, 1 to 5 in the shades, −1 left free.

    Neighbours in a row are one piece. `first` is the x of the first column, `gap` what stays free between
    rows.
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


def name_rows(axes: "Axes", names: Sequence[str], room: float, texts: Sequence[str] = ()) -> None:
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
