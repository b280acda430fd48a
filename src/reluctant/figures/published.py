"""Published numbers beside ours: each as a mark on the bounds within which it agrees with our runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from reluctant.analysis.comparison.units import unit_of
from reluctant.analysis.published import Agreement, Beside, confidence, held_beside
from reluctant.figures import sheet as paper
from reluctant.figures.labels import (
    count,
    data_title,
    marks,
    metric_title,
    one_setting,
    shortened,
    within_sentence,
)
from reluctant.figures.letters import fitted, width_of
from reluctant.figures.style import ALARM, INK, MUTED, PAPER, RULE, WIDE, Mark, styled
from reluctant.records.study_results import Results
from reluctant.study import Published

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SPLITS = {"train": "training", "valid": "validation", "test": "test"}

# The sign of a published number: its form and its colour, so that neither has to be seen alone.
SIGNS = {
    Agreement.AGREES: ("D", INK, INK),
    Agreement.HIGHER: (">", ALARM, ALARM),
    Agreement.LOWER: ("<", ALARM, ALARM),
    Agreement.UNDECIDED: ("D", PAPER, INK),
}


@dataclass(frozen=True)
class Panel:
    """One score after one epoch: a row for every published number, with the mark of its activation."""

    title: str
    rows: tuple[tuple[Mark, Beside], ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """What the rows are called."""
        return tuple(mark.label for mark, _ in self.rows)


@dataclass(frozen=True)
class Grid:
    """Where panels stand, in inches: `columns` side by side, `left` for names in the first, rows `step` high.

    Names stand beside their rows, and the second column does without where it has the same; else above them.
    """

    width: float
    columns: int
    left: float
    step: float
    above: bool
    shared: bool

    @classmethod
    def of(cls, panels: Sequence[Panel], width: float) -> "Grid":
        """The grid for these panels on a sheet of this width."""
        longest = max(width_of(label, 9) for panel in panels for label in panel.labels)
        narrow, shared = width < 5, len({panel.labels for panel in panels}) == 1
        if narrow:
            return cls(width, 1, 0.08, 0.42, True, shared)
        return cls(width, min(len(panels), 2), 0.25 + min(longest, 0.2 * width), 0.3, False, shared)

    def height(self, panel: Panel) -> float:
        """A panel with its title and the numbers of its axis."""
        return self.step * len(panel.rows) + 0.68

    def across(self, column: int) -> tuple[float, float, float]:
        """Left edge and width of the panels in a column, and the room for names left of them."""
        names = [self.left, *[0.3 if self.shared and not self.above else self.left] * (self.columns - 1)]
        each = (self.width - sum(names) - 0.12 * self.columns) / self.columns
        return sum(names[: column + 1]) + column * (each + 0.12), each, names[column]


@styled
def published(results: Results, *, width: float = WIDE) -> "Figure":
    """Published numbers and ours: a panel for every score and epoch, a row for every number.

    The line reaches as far as a published number agrees, the dot is the mean of our runs.
    """
    one_setting(results)
    panels = panels_of(results)
    title = "Where published numbers lie among ours"
    if not panels:
        made = paper.sheet(width, 0.4, title, [data_title(results)])
        made.write(0, 0.05, "The study names no published numbers.")
        return made.figure
    grid = Grid.of(panels, width)
    lines = [panels[i : i + grid.columns] for i in range(0, len(panels), grid.columns)]
    tall = [max(map(grid.height, line)) for line in lines]
    made = paper.sheet(width, sum(tall), title, _said(results, panels))
    for number, line in enumerate(lines):
        for column, panel in enumerate(line):
            _panel(made, grid, column, sum(tall[:number]), panel)
    return paper.tell(made, " ".join(_told(results, panel, *row) for panel in panels for row in panel.rows))


def panels_of(results: Results) -> tuple[Panel, ...]:
    """The published numbers by score and epoch, in the order in which the study names them."""
    found: dict[str, list[tuple[Mark, Beside]]] = {}
    known = marks(results)
    for each in held_beside(results):
        name = each.published.activation
        row = known.get(name) or Mark(MUTED, (), shortened(name)), each
        found.setdefault(heading(each.published), []).append(row)
    return tuple(Panel(title, tuple(rows)) for title, rows in found.items())


def heading(published: Published) -> str:
    """`Test accuracy after epoch 5`."""
    words = f"{score_words(published)} {epoch_words(published)}"
    return words[0].upper() + words[1:]


def score_words(published: Published) -> str:
    """`test accuracy`, `validation loss`, `training macro F1`."""
    loss = published.metric == "loss"
    return f"{SPLITS[published.split]} {'loss' if loss else within_sentence(metric_title(published.metric))}"


def epoch_words(published: Published) -> str:
    """`after epoch 5`, `after the last epoch`."""
    return f"after epoch {published.epoch:,}" if published.epoch else "after the last epoch"


def _said(results: Results, panels: Sequence[Panel]) -> list[str]:
    rows = [row for panel in panels for _, row in panel.rows]
    kept, verdicts = [row.n for row in rows if row.n], {row.verdict for row in rows}
    least, most = min(kept, default=0), max(kept, default=0)
    number = count(most, "run") if least == most else f"{least} to {most} runs"
    single = all(row.published.runs == 1 for row in rows)
    line = "where one further run would lie" if single else "what agrees with them"
    beyond = {Agreement.HIGHER, Agreement.LOWER} & verdicts
    return [
        data_title(results),
        f"dot: mean of our {number}" if most else "no finished run of ours",
        f"line: {line} ({100 * confidence(results):g} %)" if most > 1 else "",
        "diamond: published" if {Agreement.AGREES, Agreement.UNDECIDED} & verdicts else "",
        "triangle: published, and beyond ours" if beyond else "",
        "hollow: undecided" if Agreement.UNDECIDED in verdicts else "",
        "under five runs: wide and uncertain" if 1 < least < 5 else "",
    ]


def _told(results: Results, panel: Panel, mark: Mark, row: Beside) -> str:
    value = unit_of(results, row.published.metric).value
    ours = f"ours {value(row.mean)}" if row.n else "none of ours"
    where = panel.title[0].lower() + panel.title[1:]
    return f"{mark.label}, {where}: published {value(row.published.value)}, {ours}, {row.verdict}."


def _panel(made: paper.Sheet, grid: Grid, column: int, top: float, panel: Panel) -> None:
    left, width, names = grid.across(column)
    axes = made.panel(left, top + 0.24, width, grid.step * len(panel.rows) + 0.04, grid="x")
    axes.set_ylim(len(panel.rows) - 0.5 + (0.1 if grid.above else 0), -0.5 - (0.25 if grid.above else 0))
    axes.set_yticks([])
    low, high = _limits([row for _, row in panel.rows])
    paper.value_axis(axes, low, high, which="x", most=max(2, int(width / 0.62)))
    _title(axes, panel.title)
    for place, (mark, row) in enumerate(panel.rows):
        _draw(axes, place, mark, row)
        if grid.above or column == 0 or not grid.shared:
            _name(axes, place, mark.label, names, grid)


def _title(axes: "Axes", title: str) -> None:
    wide, tall = paper.inches(axes)
    axes.text(0, 1 + 0.07 / tall, fitted(title, 9, wide, bold=True), transform=axes.transAxes, va="bottom",
              fontsize=9, fontweight="bold", color=INK)  # fmt: skip


def _limits(rows: Sequence[Beside]) -> tuple[float, float]:
    """Both numbers of every row are inside; bounds count as far as they do not triple the axis."""
    values = [v for row in rows for v in (row.mean, row.published.value) if np.isfinite(v)]
    low, high = min(values), max(values)
    ends = [end for row in rows for end in (row.low, row.high) if end is not None]
    span = high - low or max(ends, default=0.0) - min(ends, default=0.0) or max(abs(high), 1e-6) * 0.02
    near = [end for end in ends if low - span <= end <= high + span]
    low, high = min([low, *near]), max([high, *near])
    room = 0.06 * (high - low) or 0.5 * span
    return low - room, high + room


def _draw(axes: "Axes", place: int, mark: Mark, row: Beside) -> None:
    low, high = axes.get_xlim()
    axes.axhline(place, color=RULE, linewidth=0.6, zorder=0)
    if row.low is not None and row.high is not None:
        axes.plot(np.clip([row.low, row.high], low, high), [place, place], color=mark.colour, linewidth=5,
                  alpha=0.45, solid_capstyle="butt")  # fmt: skip
    if row.n:
        axes.plot([row.mean], [place], "o", color=mark.colour, markersize=5.5, markeredgecolor=PAPER,
                  markeredgewidth=0.9)  # fmt: skip
    form, face, edge = SIGNS[row.verdict]
    axes.plot([row.published.value], [place], form, color=face, markersize=5.2, markeredgecolor=edge,
              markeredgewidth=1.1)  # fmt: skip


def _name(axes: "Axes", place: int, label: str, room: float, grid: Grid) -> None:
    """The activation's name: beside its row, or above it on narrow sheets."""
    across, (wide, _) = axes.get_yaxis_transform(), paper.inches(axes)
    given: dict[str, Any] = {"transform": across, "color": INK}
    if grid.above:
        at = place - 0.15 / grid.step
        axes.text(0, at, fitted(label, 8.5, wide), fontsize=8.5, va="bottom", **given)
        return
    axes.text(-0.14 / wide, place, fitted(label, 9, room - 0.14), fontsize=9, ha="right",
              va="center_baseline", **given)  # fmt: skip
