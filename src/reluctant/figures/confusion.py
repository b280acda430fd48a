"""The final confusion matrix of an arm: errors stand out, what is right stays pale."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from reluctant.analysis import SettingData
from reluctant.analysis.labels import clip, count
from reluctant.analysis.summary import confusion_matrix
from reluctant.catalogue.metrics import per_class
from reluctant.figures.dead_units import draw_cells
from reluctant.figures.notes import diverged_note
from reluctant.figures.sheet import TEXT, empty_sheet, sheet
from reluctant.figures.style import INK, MUTED, styled
from reluctant.figures.text_width import width_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Counts = npt.NDArray[np.int64]
WRITTEN = 12  # classes up to which every cell holds its count
NAMED, STEPS = 20, (1, 2, 5, 10, 20, 50)  # names a side may carry, and how they are thinned out
SHADES = (0.12, 0.24, 0.38, 0.54, 0.72)  # light enough that the ink on top stays readable


@styled
def confusion(data: SettingData, arm: str, *, width: float = 4.9) -> "Figure":
    """Final confusion matrix on the test split, summed over seeds; rows true, columns predicted.

    Errors are shaded by the logarithm of their count. Diverged runs are left out.
    """
    runs = data.results(arm)
    matrix = confusion_matrix(runs)
    notes = [data.subject.data, f"{data.subject.test_part} {data.subject.after_last}",
             f"sum of {count(len(runs), 'seed')}" if len(runs) > 1 else "", diverged_note(data, [arm])]  # fmt: skip
    title = f"{data.labels[arm]}: confusion matrix"
    if not matrix.size:
        reason = "No matrix is in the records." if runs else "No run ended with finite numbers."
        return empty_sheet(width, title, notes, reason)
    names = [clip(name, 12) for name in data.class_names(len(matrix))]
    longest, few = max(map(len, names)), len(matrix) <= WRITTEN
    slanted = longest > 3
    narrow = width < 4.0  # no room for the columns of recall and precision
    left = 0.42 + (0.068 if few else 0.06) * longest
    beyond = 0.77 * width_of(names[-1], TEXT) if slanted else 0.0  # what a slanted name needs
    side = width - left - max(0.05 if narrow else 0.76, beyond - 0.1)
    above = 0.34 + (0.045 * longest if slanted else 0)
    drawing = sheet(width, above + side + (0.25 if few else 0.4), title, notes)
    axes = drawing.panel(left, above, side, side, grid="")
    axes.set_xlim(-0.5, len(matrix) - 0.5)
    axes.set_xticks([])
    levels = _levels(matrix)
    draw_cells(axes, levels, shades=SHADES, gap=0.03 if few else 0.0)
    _name_classes(axes, names, slanted=slanted)
    if few:
        _write_counts(axes, matrix, side, narrow=narrow)
    else:
        ranges = [matrix[levels == i] for i in range(1, len(SHADES) + 1)]
        words = [f"{r.min():,}" if r.min() == r.max() else f"{r.min():,}–{r.max():,}" for r in ranges if r.size]
        drawing.write(left, above + side + 0.14, "errors, light to dark: " + " · ".join(words))
    across = axes.transAxes
    axes.text(0, 1 + (above - 0.06) / side, "predicted class →", transform=across, va="top", color=MUTED)
    axes.text((0.1 - left) / side, 1, "true class →", transform=across, color=MUTED, rotation=270, va="top",
              ha="center")  # fmt: skip
    total, wrong = int(matrix.sum()), int(matrix.sum() - np.trace(matrix))
    most = [f"{names[t]} predicted as {names[p]} ({n:,})" for t, p, n in most_frequent_errors(matrix, 3)]
    return drawing.finish(f"{wrong:,} of {total:,} wrong." + (f" Most often: {', '.join(most)}." if most else ""))


def _levels(matrix: Counts) -> npt.NDArray[np.int64]:
    """0 for the diagonal, 1 to 5 for errors, −1 for none; each step is 1.6 times rarer."""
    errors = matrix * (1 - np.eye(len(matrix), dtype=int))
    most = max(int(errors.max()), 1)
    rarer = np.log(most / np.maximum(errors, 1)) / np.log(1.6)
    levels = np.where(errors > 0, np.maximum(len(SHADES) - np.floor(rarer), 1), -1).astype(int)
    np.fill_diagonal(levels, 0)
    return levels


def _write_counts(axes: "Axes", matrix: Counts, side: float, *, narrow: bool) -> None:
    """The count of every cell, and recall and precision of every class beside it."""
    n = len(matrix)
    for row, column in np.argwhere(matrix > 0):
        text = f"{matrix[row, column]}"
        axes.text(column, row, text, ha="center", va="center_baseline",
                  color=MUTED if row == column else INK,
                  fontsize=min(8.5, 0.86 * side / n * 72 / (0.56 * len(text))))  # fmt: skip
    if narrow:
        return
    precision, recall, _ = per_class(matrix)
    for i in range(n):
        axes.text(n - 0.38, i, f"{100 * recall[i]:.1f}", va="center_baseline", fontsize=8, color=MUTED)
        axes.text(i, n - 0.4, f"{100 * precision[i]:.1f}", ha="center", va="top",
                  fontsize=min(8, side / n * 72 / 2.4), color=MUTED)  # fmt: skip
    axes.text(n - 0.38, -0.62, "recall, %", va="bottom", fontsize=8, color=MUTED)
    axes.text(n - 0.38, n - 0.4, "precision, %", va="top", fontsize=8, color=MUTED)


def _name_classes(axes: "Axes", names: Sequence[str], *, slanted: bool) -> None:
    """The classes at both sides; where cells are too small only every second, fifth, …"""
    n = len(names)
    size, away = (8.5, 0.62) if n <= WRITTEN else (7, 0.5 + 0.012 * n)
    step = next(s for s in STEPS if n <= NAMED * s)
    for i in range(0, n, step):
        axes.text(-away, i, names[i], ha="right", va="center_baseline", fontsize=size, color=INK)
        axes.text(i, -away, names[i], ha="left" if slanted else "center", va="bottom", fontsize=size,
                  rotation=40 if slanted else 0, rotation_mode="anchor", color=INK)  # fmt: skip


def most_frequent_errors(matrix: Counts, most: int) -> list[tuple[int, int, int]]:
    """(true, predicted, count) of the most frequent errors, the most frequent first."""
    errors = matrix * (1 - np.eye(len(matrix), dtype=int))
    order = np.argsort(errors, axis=None, kind="stable")[::-1][:most]
    pairs = [divmod(int(i), len(matrix)) for i in order if errors.flat[i] > 0]
    return [(true, predicted, int(errors[true, predicted])) for true, predicted in pairs]
