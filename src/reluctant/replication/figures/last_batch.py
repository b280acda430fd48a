"""The last batch of test images, on which the published score rests, and in how many seeds each is missed."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from reluctant.analysis import ReportData
from reluctant.analysis.labels import count
from reluctant.figures.dead_units import draw_cells
from reluctant.figures.sheet import Sheet, sheet
from reluctant.figures.style import ALARM, INK, MUTED, WIDE, marks, styled
from reluctant.figures.text_width import fitted, width_of
from reluctant.replication.reading import LastBatch

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Images = npt.NDArray[np.uint8]
LINE = 0.17  # inches for one activation's line under an image
SHADES = (0.25, 0.5, 0.75, 1.0)  # of ink: a dark page shows an image light on dark


@styled
def last_batch(data: ReportData, batch: LastBatch, images: Images | None, *, width: float = WIDE) -> "Figure":
    """The last test images, and below each in how many seeds it was missed, by activation.

    `images`, shape (n, height, width), are drawn where they are known; the true class stands above each.
    """
    of, narrow, n = marks(data.labels), width < 5, len(batch.labels)
    per_row = 8 if narrow else 16
    left = 0.05 if narrow else min(max(width_of(mark.label, 8) for mark in of.values()), 1.2) + 0.15
    side = (width - left) / per_row
    height = 0.22 + side + LINE * len(of) + (0.1 if narrow else 0)
    key = 0.2 * len(of) if narrow else 0.0
    notes = [
        f"the last {n} of {batch.test_images:,} test images",
        f"{count(batch.seeds, 'seed')} each",
        "below: in how many an image was not counted right, and as what it counted",
        "–: in none",
    ]
    rows = -(-n // per_row)
    drawing = sheet(width, key + height * rows + 0.1, "The images behind every published score", notes)
    for line, mark in enumerate(of.values()):
        if narrow:
            drawing.write(0, 0.2 * line, f"row {line + 1}: {mark.label}", color=mark.colour, fontsize=8)
            continue
        for row in range(rows):
            top = height * row + 0.24 + side + LINE * line
            drawing.write(0, top, fitted(mark.label, 8, left - 0.1), color=INK, fontsize=8)
    for image, label in enumerate(batch.labels):
        row, column = divmod(image, per_row)
        top, middle = key + height * row, left + side * (column + 0.5)
        drawing.write(middle, top, str(label), ha="center", fontsize=8)
        if images is not None:
            _draw_image(drawing, images[image], middle - side / 2 + 0.02, top + 0.18, side - 0.04)
        for line, arm in enumerate(of):
            text = batch.misses(arm, image)
            drawing.write(middle, top + 0.24 + side + LINE * line, text, ha="center", fontsize=8,
                          color=MUTED if text == "–" else ALARM)  # fmt: skip
    lost = {arm: sum(batch.seeds - right for right in batch.right[arm]) for arm in of}
    parts = [f"{of[arm].label}: {lost[arm]} of {batch.seeds * n:,} not counted right" for arm in of]
    return drawing.finish(f"True classes {', '.join(map(str, batch.labels))}. {'; '.join(parts)}.")


def _draw_image(drawing: Sheet, image: Images, left: float, top: float, side: float) -> None:
    """An image in four shades of ink, as rectangles."""
    axes = drawing.panel(left, top, side, side, grid="")
    shades = (image.astype(int) + 32) // 64  # 0 to 4
    draw_cells(axes, np.where(shades > 0, shades, -1), colour=INK, shades=SHADES, gap=0)
    axes.set_xlim(-0.5, image.shape[1] - 0.5)
    axes.set_axis_off()
