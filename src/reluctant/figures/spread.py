"""Where the spread comes from: one bar per activation, parted by source."""

from typing import TYPE_CHECKING

from reluctant.analysis.comparison.units import Unit, unit_of
from reluctant.analysis.variance import WORDS, Spread, spreads
from reluctant.figures import legend
from reluctant.figures import sheet as paper
from reluctant.figures.labels import data_title, marks, metric_title, one_setting, within_sentence
from reluctant.figures.letters import fitted, width_of
from reluctant.figures.style import GHOST, INK, MUTED, PAPER, SERIES, WIDE, styled
from reluctant.records.study_results import Results
from reluctant.statistics import REST

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {**dict(zip(WORDS, SERIES, strict=False)), REST: GHOST}


@styled
def spread_by_source(results: Results, metric: str | None = None, *, width: float = WIDE) -> "Figure":
    """Each source's share of the variance between runs, one bar per activation."""
    one_setting(results)
    asked, found = metric or results.study.compare.metric, spreads(results, metric)
    narrow = width < 5
    step = 0.5 if narrow else 0.34
    present = [s for s in WORDS if any(p.source == s for each in found for p in each.parts)]
    keys = legend.in_rows([(COLOURS[source], WORDS[source]) for source in present], width)
    title = f"Where the spread of {within_sentence(metric_title(asked))} comes from"
    said = [
        data_title(results),
        f"{found[0].runs:,} runs per activation",
        "number: deviation of a single run",
    ]
    made = paper.sheet(width, legend.ROW * len(keys) + step * len(found) + 0.6, title, said)
    legend.write(made, keys, "■")
    labels = marks(results)
    left = 0.05 if narrow else 0.25 + min(max(width_of(labels[e.activation].label, 9) for e in found), 2.2)
    right = 0.75
    axes = made.panel(left, legend.ROW * len(keys) + 0.1, width - left - right, step * len(found), grid="")
    axes.set_ylim(len(found) - 0.5, -0.5 - (0.2 if narrow else 0))
    axes.set_yticks([])
    axes.set_xlim(0, 100)
    axes.set_xlabel("share of the variance (%)", loc="right", labelpad=3)
    for place, each in enumerate(found):
        _bar(axes, place, each, unit_of(results, asked), narrow)
        _name(axes, place, labels[each.activation].label, left, narrow)
    return paper.tell(made, " ".join(f"{labels[e.activation].label}: {_told(e)}." for e in found))


def _told(each: Spread) -> str:
    if not each.parts:
        return f"{each.lost} of {each.runs} runs missing or diverged"
    return ", ".join(f"{WORDS[p.source]} {100 * p.share:.0f} %" for p in each.parts)


def _bar(axes: "Axes", place: int, each: Spread, unit: Unit, narrow: bool) -> None:
    """The parts side by side; their shares within, where there is room."""
    start, height = 0.0, 0.42 if narrow else 0.56
    wide, _ = paper.inches(axes)
    for part in each.parts:
        share = 100 * part.share
        if not share > 0:
            continue
        axes.barh(
            place, share, height, left=start, color=COLOURS[part.source], edgecolor=PAPER, linewidth=0.8
        )
        if share / 100 * wide > 0.3:
            light = part.source == REST
            axes.text(start + share / 2, place, f"{share:.0f}", ha="center", va="center_baseline",
                      fontsize=8, color=INK if light else PAPER)  # fmt: skip
        start += share
    told = unit.value(each.deviation) if each.parts else f"{each.lost} lost"
    axes.text(1 + 0.08 / wide, place, told, transform=axes.get_yaxis_transform(), va="center_baseline",
              fontsize=8.5, color=INK if each.parts else MUTED)  # fmt: skip


def _name(axes: "Axes", place: int, label: str, left: float, narrow: bool) -> None:
    wide, _ = paper.inches(axes)
    across = axes.get_yaxis_transform()
    if narrow:
        axes.text(
            0, place - 0.27, fitted(label, 8.5, wide), transform=across, va="bottom", fontsize=8.5, color=INK
        )
        return
    axes.text(-0.14 / wide, place, fitted(label, 9, left - 0.14), transform=across, ha="right",
              va="center_baseline", fontsize=9)  # fmt: skip
