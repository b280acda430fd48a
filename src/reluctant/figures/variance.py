"""Where the variance between runs comes from: one bar per arm, divided by source."""

from typing import TYPE_CHECKING

from reluctant.analysis import SettingData
from reluctant.analysis.labels import metric_title, within_sentence
from reluctant.analysis.variance import SOURCE_WORDS
from reluctant.figures.interval_plot import Row, RowLayout, draw_rows
from reluctant.figures.sheet import ROW, inches, legend_rows, sheet
from reluctant.figures.style import GHOST, INK, PAPER, SERIES, WIDE, marks, styled
from reluctant.statistics import REST

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = {**dict(zip(SOURCE_WORDS, SERIES, strict=False)), REST: GHOST}


@styled
def variance_by_source(data: SettingData, *, width: float = WIDE) -> "Figure":
    """Each source's share of the variance between runs, one bar per arm."""
    metric, variances, of = data.question.metric, data.variances, marks(data.labels)
    present = [s for s in SOURCE_WORDS if any(p.source == s for each in variances for p in each.parts)]
    unit = data.unit(metric.name)
    rows = [
        Row(
            of[each.arm],
            float("nan"),
            text=unit.value(each.std) if each.parts else f"{each.missing} missing or diverged",
        )
        for each in variances
    ]
    layout, top = (RowLayout.of(rows, width), ROW * legend_rows([SOURCE_WORDS[s] for s in present], width) + 0.1)
    drawing = sheet(
        width,
        top + layout.height(rows) + 0.5,
        f"Where the variance of {within_sentence(metric_title(metric))} comes from",
        [
            data.subject.data,
            f"{variances[0].runs:,} runs per {data.subject.arm}",
            "number: standard deviation of a single run",
        ],
    )
    drawing.legend([(COLOURS[source], 1.0, SOURCE_WORDS[source]) for source in present], width)
    axes = drawing.panel(layout.left, top, width - layout.left - layout.right, layout.height(rows) + 0.08, grid="")
    axes.set_xlim(0, 100)
    axes.set_xlabel("share of the variance (%)", loc="right", labelpad=3)
    draw_rows(axes, rows, layout)
    wide, _ = inches(axes)
    for at, each in enumerate(variances):
        start = 0.0
        for part in each.parts:
            share = 100 * part.share
            if not share > 0:
                continue
            axes.barh(at, share, 0.5, left=start, color=COLOURS[part.source], edgecolor=PAPER, linewidth=0.8,
                      zorder=2)  # fmt: skip
            if share / 100 * wide > 0.3:
                axes.text(start + share / 2, at, f"{share:.0f}", ha="center", va="center_baseline",
                          fontsize=8, color=INK if part.source == REST else PAPER, zorder=3)  # fmt: skip
            start += share
    shares = [
        f"{data.labels[each.arm]}: "
        + (", ".join(f"{SOURCE_WORDS[p.source]} {100 * p.share:.0f} %" for p in each.parts) or "not known")
        for each in variances
    ]
    return drawing.finish(f"{'. '.join(shares)}.")
