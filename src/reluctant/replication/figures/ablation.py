"""What each deviation of the published procedure does: a row per rung, a dot per seed and activation."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from reluctant.figures import legend
from reluctant.figures import sheet as paper
from reluctant.figures.labels import count, data_title, marks
from reluctant.figures.letters import width_of
from reluctant.figures.style import INK, MUTED, PAPER, RULE, WIDE, Mark, styled
from reluctant.records.study_results import Results
from reluctant.replication.ablation import SEQUENCE, Rung, rungs
from reluctant.replication.reading import Scored, scored

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINE = 0.155  # inches for one activation's dots


@styled
def ladder(
    results: Results, steps: tuple[Rung, ...] = SEQUENCE, title: str = "", *, width: float = WIDE
) -> "Figure":
    """The reported score of every seed, rung by rung; the diamond is the mean over seeds."""
    shown = rungs(steps, results.study.procedure)
    found = [scored(results, rung) for rung in shown]
    names, of = results.activations, marks(results)
    narrow = width < 5
    height = LINE * len(names) + (0.34 if narrow else 0.16)
    keys = legend.in_rows([(mark.colour, mark.label) for mark in of.values()], width)
    head = legend.ROW * len(keys) + 0.08
    seeds = {len(each.seeds) for each in found}
    said = [data_title(results), f"dots: {count(max(seeds, default=0), 'seed')}", "diamond: their mean"]
    made = paper.sheet(
        width, head + height * len(found) + 0.45, title or "From the published F1 to a proper one", said
    )
    legend.write(made, keys, "●")
    left = 0.05 if narrow else 0.2 + max(width_of(rung.title, 8.5) for rung in shown)
    right = 0.1 if narrow else 1.15
    axes = made.panel(left, head, width - left - right, height * len(found), grid="x")
    axes.set_ylim(len(found) * height, 0)
    axes.set_yticks([])
    low = min((float(v.min()) for each in found for v in each.scores.values() if len(v)), default=0.0)
    paper.value_axis(axes, max(0.0, low - 0.02), 1.012, which="x", most=4 if narrow else 6)
    axes.set_xlabel("reported F1 after the last epoch", loc="right", labelpad=3)
    for place, each in enumerate(found):
        _row(axes, place * height, height, each, [of[a] for a in names], narrow)
        _name(axes, place * height, each, left, narrow)
    return paper.tell(made, " ".join(_told(each, of) for each in found))


def _told(each: Scored, of: dict[str, Mark]) -> str:
    parts = [f"{of[a].label} {v.mean():.3f} ± {_deviation(v):.3f}" for a, v in each.scores.items() if len(v)]
    return f"{each.rung.title}: {', '.join(parts)}."


def _deviation(values: "np.typing.NDArray[np.float64]") -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else 0.0


def _row(axes: "Axes", top: float, height: float, each: Scored, of: Sequence[Mark], narrow: bool) -> None:
    """One line of dots per activation, from the top of the rung's band."""
    axes.axhline(top, color=RULE, linewidth=0.6)
    first = top + (0.26 if narrow else 0.08) + LINE / 2
    for number, (values, mark) in enumerate(zip(each.scores.values(), of, strict=True)):
        y = first + number * LINE
        axes.plot(values, np.full(len(values), y), "o", color=mark.colour, alpha=0.45, markersize=3.6,
                  markeredgewidth=0, clip_on=False)  # fmt: skip
        if len(values):
            axes.plot([values.mean()], [y], "D", color=mark.colour, markersize=4.6, markeredgecolor=PAPER,
                      markeredgewidth=0.7, clip_on=False)  # fmt: skip


def _name(axes: "Axes", top: float, each: Scored, left: float, narrow: bool) -> None:
    """The rung's title, and the spread between seeds, the mean over activations of the deviation."""
    wide, _ = paper.inches(axes)
    across = axes.get_yaxis_transform()
    spread = float(np.mean([_deviation(v) for v in each.scores.values()])) if each.scores else 0.0
    told = f"± {spread:.4f}" if len(each.seeds) > 1 else "one seed"
    if narrow:
        axes.text(0, top + 0.05, each.rung.title, transform=across, va="top", fontsize=8.5, color=INK)
        axes.text(1, top + 0.05, told, transform=across, va="top", ha="right", fontsize=8, color=MUTED)
        return
    middle = top + 0.08 + LINE * len(each.scores) / 2
    axes.text(-0.12 / wide, middle, each.rung.title, transform=across, ha="right", va="center", fontsize=8.5,
              color=INK)  # fmt: skip
    below = f"{told}\nbetween seeds" if len(each.seeds) > 1 else told
    axes.text(1 + 0.12 / wide, middle, below, transform=across, va="center", fontsize=8, color=MUTED,
              linespacing=1.3)  # fmt: skip
