"""The final confusion matrix of an activation: errors stand out, what is right stands back."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from reluctant.catalogue.metrics import per_class
from reluctant.figures import sheet as paper
from reluctant.figures.labels import classes, clip, count, data_title, left_out, marks, one_setting, test_part
from reluctant.figures.letters import width_of
from reluctant.figures.style import ERROR, INK, MUTED, RULE, styled
from reluctant.records.study_results import Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Counts = npt.NDArray[np.int64]
WRITTEN = 12  # classes up to which every cell holds its count
NAMED, STEPS = 20, (1, 2, 5, 10, 20, 50)  # names a side may carry, and how they are thinned out
SHADES = (
    0.12,
    0.24,
    0.38,
    0.54,
    0.72,
)  # of the error colour; light enough that the ink on top stays readable


@styled
def confusion(results: Results, activation: str, *, width: float = 4.9) -> "Figure":
    """Final confusion matrix on the test images, summed over seeds; rows true, columns predicted.

    Errors are shaded by the logarithm of their count. Diverged runs are left out.
    """
    one_setting(results)
    label = marks(results)[activation].label
    matrix = results.confusion(activation)
    runs = sum(r.diverged is None for r in results.of(activation))
    said = [data_title(results), f"{test_part(results)} after the last epoch",
            f"sum of {count(runs, 'seed')}" if runs > 1 else "", left_out(results, activation)]  # fmt: skip
    title = f"{label}: what was taken for what"
    if not matrix.size:
        made = paper.sheet(width, 0.6, title, said)
        why = "No matrix was kept." if runs else "No run ended with finite numbers."
        made.write(0.02, 0.1, why)
        return made.figure
    names = [clip(name, 12) for name in classes(results, len(matrix))]
    left = 0.42 + (0.068 if len(matrix) <= WRITTEN else 0.06) * max(map(len, names))
    narrow = width < 4.0  # no room for the columns of recall and precision
    beyond = 0.77 * width_of(names[-1], paper.TEXT) if _slant(names) else 0.0  # what a slanted name needs
    side = width - left - max(0.05 if narrow else 0.76, beyond - 0.1)
    above = 0.34 + _slant(names)
    made = paper.sheet(width, above + side + (0.25 if len(matrix) <= WRITTEN else 0.4), title, said)
    axes = made.panel(left, above, side, side, grid="")
    _cells(axes, matrix)
    if len(matrix) > WRITTEN:
        _thinned(axes, names)
        _legend(made, matrix, left, above + side + 0.14)
    else:
        _write(axes, matrix, names, side, narrow)
    _sides(axes, left, above, side)
    return paper.tell(made, _worst(matrix, names))


def _slant(names: list[str]) -> float:
    longest = max(map(len, names))
    return 0.0 if longest <= 3 else 0.045 * longest


def _levels(matrix: Counts) -> npt.NDArray[np.int64]:
    """The shade of every cell, 0 for none; from the most frequent error, each step is 1.6 times rarer."""
    errors = matrix * (1 - np.eye(len(matrix), dtype=int))
    most = max(int(errors.max()), 1)
    rarer = np.log(most / np.maximum(errors, 1)) / np.log(1.6)
    return np.where(errors > 0, np.maximum(len(SHADES) - np.floor(rarer), 1), 0).astype(int)


def _cells(axes: "Axes", matrix: Counts) -> None:
    """All cells of a shade as one path: a hundred classes stay a small file."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    n, levels = len(matrix), _levels(matrix)
    axes.set_xlim(-0.5, n - 0.5)
    axes.set_ylim(n - 0.5, -0.5)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines["bottom"].set_visible(False)
    inset = 0.03 if n <= WRITTEN else 0.0
    groups = [(ERROR, shade, np.argwhere(levels == i + 1)) for i, shade in enumerate(SHADES)]
    groups.append((RULE, 0.55, np.array([[i, i] for i in range(n)])))
    for colour, shade, cells in groups:
        if len(cells):
            path = Path.make_compound_path(
                *(Path(_square(row, column, 0.5 - inset), closed=True) for row, column in cells)
            )
            axes.add_patch(PathPatch(path, facecolor=colour, alpha=shade, linewidth=0))


def _square(row: int, column: int, half: float) -> npt.NDArray[np.float64]:
    """The corners of a cell, closed, shape (5, 2)."""
    return np.array([column, row]) + half * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)])


def _write(axes: "Axes", matrix: Counts, names: list[str], side: float, narrow: bool) -> None:
    n = len(matrix)
    for row, column in np.argwhere(matrix > 0):
        on = row == column
        text = f"{matrix[row, column]}"
        axes.text(column, row, text, ha="center", va="center_baseline", color=MUTED if on else INK,
                  fontsize=min(8.5, 0.86 * side / n * 72 / (0.56 * len(text))))  # fmt: skip
    precision, recall, _ = per_class(matrix)
    slanted = _slant(names) > 0
    for i, name in enumerate(names):
        axes.text(-0.62, i, name, ha="right", va="center_baseline", color=INK)
        axes.text(i, -0.62, name, ha="left" if slanted else "center", va="bottom", color=INK,
                  rotation=40 if slanted else 0, rotation_mode="anchor")  # fmt: skip
        if narrow:
            continue
        axes.text(n - 0.38, i, f"{100 * recall[i]:.1f}", va="center_baseline", fontsize=8, color=MUTED)
        axes.text(i, n - 0.4, f"{100 * precision[i]:.1f}", ha="center", va="top",
                  fontsize=min(8, side / n * 72 / 2.4), color=MUTED)  # fmt: skip
    if narrow:
        return
    axes.text(n - 0.38, -0.62, "recall, %", va="bottom", fontsize=8, color=MUTED)
    axes.text(n - 0.38, n - 0.4, "precision, %", va="top", fontsize=8, color=MUTED)


def _thinned(axes: "Axes", names: list[str]) -> None:
    """Every second, fifth, … class by name, where the cells are too small for all."""
    n, slanted = len(names), _slant(names) > 0
    step = next(s for s in STEPS if n <= NAMED * s)
    for i in range(0, n, step):
        axes.text(-0.5 - 0.012 * n, i, names[i], ha="right", va="center_baseline", fontsize=7, color=INK)
        axes.text(i, -0.5 - 0.012 * n, names[i], ha="left" if slanted else "center", va="bottom", fontsize=7,
                  rotation=40 if slanted else 0, rotation_mode="anchor", color=INK)  # fmt: skip


def _sides(axes: "Axes", left: float, above: float, side: float) -> None:
    axes.text(
        0, 1 + (above - 0.06) / side, "predicted class →", transform=axes.transAxes, va="top", color=MUTED
    )
    axes.text((0.1 - left) / side, 1, "true class →", transform=axes.transAxes, color=MUTED, rotation=270,
              va="top", ha="center")  # fmt: skip


def _legend(made: paper.Sheet, matrix: Counts, left: float, top: float) -> None:
    """What the shades count, where the cells are too small to say so."""
    levels = _levels(matrix)
    parts = []
    for i in range(1, len(SHADES) + 1):
        held = matrix[(levels == i)]
        if held.size:
            parts.append(f"{held.min():,}" if held.min() == held.max() else f"{held.min():,}–{held.max():,}")
    made.write(left, top, "errors, light to dark: " + " · ".join(parts))


def _worst(matrix: Counts, names: list[str]) -> str:
    """The most frequent confusions in words."""
    errors = matrix * (1 - np.eye(len(matrix), dtype=int))
    order = np.argsort(errors, axis=None, kind="stable")[::-1][:3]
    pairs = [divmod(int(i), len(matrix)) for i in order if errors.flat[i] > 0]
    total, wrong = int(matrix.sum()), int(errors.sum())
    most = [f"{names[t]} taken for {names[p]} ({errors[t, p]:,})" for t, p in pairs]
    return f"{wrong:,} of {total:,} wrong." + (f" Most often: {', '.join(most)}." if most else "")
