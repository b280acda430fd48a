"""The sixteen images that the published procedure scores, and what the networks made of each."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from reluctant.figures import sheet as paper
from reluctant.figures.labels import count, marks
from reluctant.figures.letters import fitted, width_of
from reluctant.figures.style import ALARM, INK, MUTED, WIDE, Mark, styled
from reluctant.records.study_results import Results
from reluctant.replication.reading import Sixteen, sixteen

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Images = npt.NDArray[np.uint8]
ROW = 0.17  # inches for one activation's line under an image


@styled
def last_sixteen(results: Results, images: Images | None, *, width: float = WIDE) -> "Figure":
    """The last test images, and below each in how many seeds it was missed, by activation.

    `images` (n, height, width) are drawn where they are at hand; the true class stands above each.
    """
    found = sixteen(results)
    assert found is not None
    narrow = width < 5
    per_row, of = (8 if narrow else 16), marks(results)
    labels = max(width_of(mark.label, 8) for mark in of.values())
    left = 0.05 if narrow else min(labels, 1.2) + 0.15
    side = (width - left) / per_row
    band = 0.22 + side + ROW * len(of) + (0.1 if narrow else 0)
    rows = -(-len(found.labels) // per_row)
    said = [
        f"the last {len(found.labels)} of {results.results[0].counts['test'][-1].sum():,} test images",
        f"{count(found.seeds, 'seed')} each",
        "below: in how many an image was not counted right, and as what it counted",
        "–: in none",
    ]
    key = 0.2 * len(of) if narrow else 0.0
    made = paper.sheet(width, key + band * rows + 0.1, "The images behind every published score", said)
    if narrow:
        for number, mark in enumerate(of.values()):
            made.write(0, 0.2 * number, f"row {number + 1}: {mark.label}", color=mark.colour, fontsize=8)
    for row in range(rows):
        top = key + band * row
        if not narrow:
            for number, mark in enumerate(of.values()):
                made.write(0, top + 0.24 + side + ROW * number, fitted(mark.label, 8, left - 0.1), color=INK,
                           fontsize=8)  # fmt: skip
        for column in range(per_row):
            place = row * per_row + column
            if place < len(found.labels):
                _one(made, found, place, images, (left + side * column, top, side), list(of.items()))
    return paper.tell(made, _told(found, of))


def _one(
    made: paper.Sheet,
    found: Sixteen,
    place: int,
    images: Images | None,
    at: tuple[float, float, float],
    of: list[tuple[str, Mark]],
) -> None:
    """One image, its class above it, the seeds that missed it below."""
    x, top, side = at
    made.write(x + side / 2, top, str(found.labels[place]), ha="center", color=MUTED, fontsize=8)
    if images is not None:
        _drawn(made.panel(x + 0.02, top + 0.18, side - 0.04, side - 0.04, grid=""), images[place])
    for number, (activation, _) in enumerate(of):
        missed = found.seeds - found.right[activation][place]
        taken = found.taken[activation][place]
        told = "–" if missed <= 0 else f"{missed}" + (f"→{taken}" if taken is not None else "")
        made.write(x + side / 2, top + 0.24 + side + ROW * number, told, ha="center", fontsize=8,
                   color=ALARM if missed > 0 else MUTED)  # fmt: skip


def _drawn(axes: "Axes", image: Images) -> None:
    """An image in four shades of ink, as rectangles: a dark page shows it light on dark."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    tall, wide = image.shape
    shade = (image.astype(int) + 32) // 64  # 0 to 4
    for level in range(1, 5):
        boxes = [Path([(a, y), (b, y), (b, y + 1), (a, y + 1), (a, y)], closed=True)
                 for y in range(tall) for a, b in _stretches(shade[y] == level)]  # fmt: skip
        if boxes:
            whole = Path.make_compound_path(*boxes)
            axes.add_patch(PathPatch(whole, facecolor=INK, alpha=level / 4, linewidth=0))
    axes.set_xlim(0, wide)
    axes.set_ylim(tall, 0)
    axes.set_axis_off()


def _stretches(row: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """From where to where a row is true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], row, [False]]).astype(int)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _told(found: Sixteen, of: dict[str, Mark]) -> str:
    parts = []
    for activation, mark in of.items():
        lost = sum(found.seeds - right for right in found.right[activation])
        parts.append(f"{mark.label}: {lost} of {found.seeds * len(found.labels):,} not counted right")
    return f"True classes {', '.join(map(str, found.labels))}. {'; '.join(parts)}."
