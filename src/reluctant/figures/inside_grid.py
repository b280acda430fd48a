"""Heat maps by place and epoch, one panel per activation: where units die, how far weights move."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from reluctant.analysis import probe_metrics as inside
from reluctant.analysis.comparison.inputs import item
from reluctant.figures import sheet as paper
from reluctant.figures.inside_words import looked_into, shares_said, updates_said
from reluctant.figures.labels import count, data_title, left_out, marks, one_setting
from reluctant.figures.letters import fitted, width_of
from reluctant.figures.style import ERROR, FEW, GHOST, INK, MUTED, WIDE, styled
from reluctant.records.study_results import Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]
SHADES = (0.16, 0.34, 0.54, 0.78, 1.0)  # of the colour, from the lowest class to the highest


@dataclass(frozen=True)
class Classes:
    """Five classes of a value: what each is called, and the bounds between them; 0 is none of them."""

    names: tuple[str, ...]
    bounds: tuple[float, ...]
    none: str

    def of(self, values: Floats) -> npt.NDArray[np.int64]:
        """1 to 5, 0 for a value of 0, −1 where there is none."""
        found = 1 + np.digitize(np.nan_to_num(values), self.bounds)
        return np.where(np.isnan(values), -1, np.where(values == 0, 0, found))


SHARE = Classes(
    ("under 1 %", "1 to 5 %", "5 to 20 %", "20 to 50 %", "50 % and more"), (0.01, 0.05, 0.2, 0.5), "none"
)
RATIO = Classes(
    ("under 0.1 %", "0.1 to 1 %", "1 to 10 %", "10 to 100 %", "100 % and more"),
    (0.001, 0.01, 0.1, 1),
    "unmoved",
)


@styled
def shares_by_site(results: Results, what: str = "dead", *, width: float = WIDE) -> "Figure":
    """A share of units or values by site and epoch, a panel per activation; epoch 0 is the start.

    `what` is a key of `inside.SHARES`: dead, nearly, dead_channels, saturated, zero. Mean over seeds. Beyond
    12 activations only those with any are shown.
    """
    one_setting(results)
    chosen = inside.SHARES[what]
    values = {a: inside.over_runs(inside.shares(results, a, what)) for a in inside.seen(results)}
    some = {a: v for a, v in values.items() if len(values) <= FEW or (v > 0).any()}
    clean = len(values) - len(some)
    title = f"{chosen.title.capitalize()} by site and epoch"
    meaning = chosen.meaning.replace("image", item(results))
    said = [data_title(results), f"share of the {chosen.of} of a site: {meaning}",
            "epoch 0: the start", *looked_into(results), left_out(results),
            f"not shown: {count(clean, 'activation')} without any" if clean else ""]  # fmt: skip
    made = _sheet(results, width, title, said, inside.sites(results), some, SHARE, first=0)
    return paper.tell(made, shares_said(results, what))


@styled
def update_ratios(results: Results, *, width: float = WIDE) -> "Figure":
    """How far every weight layer moves in each epoch, in shares of its norm; a panel per activation."""
    one_setting(results)
    values = {a: inside.over_runs(inside.update_ratios(results, a)) for a in inside.seen(results)}
    said = [data_title(results), "norm of an epoch's change over the norm of the weights before it",
            *looked_into(results), left_out(results)]  # fmt: skip
    title = "How far the weights move, by layer and epoch"
    made = _sheet(results, width, title, said, inside.layers(results), values, RATIO, first=1)
    return paper.tell(made, updates_said(results))


def _sheet(
    results: Results, width: float, title: str, said: Sequence[str], places: Sequence[str],
    values: Mapping[str, Floats], classes: Classes, *, first: int,
) -> paper.Sheet:  # fmt: skip
    if not places or not values:
        made = paper.sheet(width, 0.3, title, said)
        made.write(
            0, 0.02, "None." if inside.seen(results) and places else "No finished run was looked into."
        )
        return made
    return _panels(results, width, title, said, places, values, classes, first=first)


def _panels(
    results: Results, width: float, title: str, said: Sequence[str], places: Sequence[str],
    values: Mapping[str, Floats], classes: Classes, *, first: int,
) -> paper.Sheet:  # fmt: skip
    many, narrow, of = len(values) > FEW, width < 5, marks(results)
    columns = min(len(values), (2 if many else 1) if narrow else 5 if many else 4)
    names = [*inside.short_names(places).values()]
    left = min(max(width_of(name, 8) for name in names), (0.2 if many else 0.3) * width) + 0.08
    right = 0.12 if many else 0.5  # room for the last value
    wide = min((width - left) / columns - right, 3.2)
    tall = min((0.13 if many else 0.21) * len(names), 3.0)
    keys = _key_rows(classes, width)
    top, step = 0.22 * keys + 0.3, tall + (0.42 if many else 0.62)
    made = paper.sheet(width, top + step * -(-len(values) // columns) + (0.16 if many else 0), title, said)
    _key(made, classes, width)
    for i, (activation, found) in enumerate(values.items()):
        row, column = divmod(i, columns)
        axes = made.panel(left + column * (wide + right), top + row * step, wide, tall, grid="")
        _cells(axes, classes.of(found), first)
        paper.epoch_axis(
            axes, first + found.shape[1] - 1, first=first, name=i == len(values) - 1, most=2 if many else 4
        )
        axes.set_xlim(first - 0.5, first + found.shape[1] - 0.5)
        axes.text(0, 1 + 0.06 / tall, fitted(of[activation].label, 8.5, wide + right - 0.05),
                  transform=axes.transAxes, va="bottom", fontsize=8.5, color=INK)  # fmt: skip
        _name_rows(axes, [fitted(name, 8, left - 0.08) for name in names] if not column else [], tall)
        if not many:
            _ends(axes, found[:, -1])
        elif i + columns < len(values):
            axes.tick_params(labelbottom=False)
    return made


def _cells(axes: "Axes", levels: npt.NDArray[np.int64], first: int) -> None:
    """All cells of a class as one path, neighbours in a row as one piece: long studies stay small files."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    axes.set_ylim(len(levels) - 0.5, -0.5)
    axes.set_yticks([])
    axes.spines["bottom"].set_visible(False)
    grounds = [(0, GHOST, 0.22), *((i + 1, ERROR, shade) for i, shade in enumerate(SHADES))]
    for level, colour, shade in grounds:
        pieces = [_box(row, start, end, first) for row, start, end in _stretches(levels == level)]
        if pieces:
            path = Path.make_compound_path(*(Path(piece, closed=True) for piece in pieces))
            axes.add_patch(PathPatch(path, facecolor=colour, alpha=shade, linewidth=0))


def _stretches(where: npt.NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """Row, first and last column of every unbroken piece."""
    padded = np.pad(where.astype(int), ((0, 0), (1, 1)))
    change = np.diff(padded, axis=1)
    starts, ends = np.argwhere(change == 1), np.argwhere(change == -1)
    return [(int(r), int(s), int(e) - 1) for (r, s), (_, e) in zip(starts, ends, strict=True)]


def _box(row: int, start: int, end: int, first: int) -> Floats:
    """The corners of a piece, closed, shape (5, 2); a hairline stays free below every row."""
    left, right, top, bottom = start + first - 0.5, end + first + 0.5, row - 0.46, row + 0.46
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)])


def _name_rows(axes: "Axes", names: Sequence[str], tall: float) -> None:
    """The places at the left of the first panel; where rows are too thin only some of them."""
    wide, _ = paper.inches(axes)
    every = max(1, int(np.ceil(0.125 * len(names) / tall)))
    for i in range(0, len(names), every):
        axes.text(-0.06 / wide, i, names[i], transform=axes.get_yaxis_transform(), ha="right",
                  va="center_baseline", fontsize=8, color=MUTED)  # fmt: skip


def _ends(axes: "Axes", last: Floats) -> None:
    """The value after the last epoch beside every row."""
    wide, tall = paper.inches(axes)
    every = max(1, int(np.ceil(0.125 * len(last) / tall)))
    for i in range(0, len(last), every):
        axes.text(1 + 0.05 / wide, i, inside.percent(float(last[i])), transform=axes.get_yaxis_transform(),
                  va="center_baseline", fontsize=8, color=INK if last[i] > 0 else MUTED)  # fmt: skip


def _key_rows(classes: Classes, width: float) -> int:
    return max(row for row, _, _ in _key_places(classes, width)) + 1


def _key_places(classes: Classes, width: float) -> list[tuple[int, float, str]]:
    """Row, place from the left and name of every square of the key."""
    places, x, row = [], 0.0, 0
    for name in (classes.none, *classes.names):
        needs = 0.2 + width_of(name, 8) + 0.16
        if x and x + needs > width:
            x, row = 0.0, row + 1
        places.append((row, x, name))
        x += needs
    return places


def _key(made: paper.Sheet, classes: Classes, width: float) -> None:
    """What the shades mean, above the panels."""
    rows = _key_rows(classes, width)
    axes = made.panel(0, 0, width, 0.22 * rows, grid="")
    axes.set_xlim(0, width)
    axes.set_ylim(0.22 * rows, 0)
    axes.set_axis_off()
    grounds = [(GHOST, 0.22), *((ERROR, shade) for shade in SHADES)]
    for (row, x, name), (colour, shade) in zip(_key_places(classes, width), grounds, strict=True):
        y = 0.22 * row + np.array([0.02, 0.02, 0.15, 0.15])
        axes.fill([x, x + 0.14, x + 0.14, x], y, facecolor=colour, alpha=shade, linewidth=0)
        axes.text(x + 0.2, 0.22 * row + 0.085, name, va="center_baseline", fontsize=8, color=MUTED)
