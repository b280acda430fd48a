"""Scores in bands below one another: of the steps of an ablation, and how often published scores occur."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from reluctant.analysis import ReportData
from reluctant.analysis.labels import count
from reluctant.figures.sheet import ROW, Sheet, inches, legend_rows, sheet, value_axis
from reluctant.figures.style import GHOST, INK, MUTED, PAPER, RULE, WIDE, marks, styled
from reluctant.figures.text_width import fitted, width_of
from reluctant.replication.reading import StepScores

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINE = 0.155  # inches for one activation's dots
CLAIMED = (0.84, 0.85)  # where the article has the F1 of ReLU, leaky ReLU and GELU end


@styled
def ablation_scores(data: ReportData, steps: Sequence[StepScores], title: str, *, width: float = WIDE) -> "Figure":
    """The reported score of every seed, step by step; the diamond is the mean over seeds."""
    of, narrow = marks(data.labels), width < 5
    above = 0.26 if narrow else 0.08
    height = LINE * len(of) + above + 0.08
    head = ROW * legend_rows([mark.label for mark in of.values()], width) + 0.08
    seeds = max(len(step.seeds) for step in steps)
    notes = [data.subject.data, f"dots: {count(seeds, 'seed')}", "diamond: their mean"]
    drawing = sheet(width, head + height * len(steps) + 0.45, title, notes)
    drawing.legend([(mark.colour, 1.0, mark.label) for mark in of.values()], width)
    titles, lowest = [each.step.title for each in steps], min(each.lowest for each in steps)
    bands = _Bands.on(
        drawing, head, width, height, titles, lowest=lowest, axis="reported F1 after the last epoch", text=1.15,
        grid="x",
    )  # fmt: skip
    descriptions = []
    for i, each in enumerate(steps):
        top, means = i * height, []
        bands.axes.axhline(top, color=RULE, linewidth=0.6)
        for line, (arm, values) in enumerate(each.scores.items()):
            y, colour = top + above + LINE * (line + 0.5), of[arm].colour
            bands.axes.plot(values, np.full(len(values), y), "o", color=colour, alpha=0.45, markersize=3.6,
                            markeredgewidth=0, clip_on=False)  # fmt: skip
            if len(values):
                bands.axes.plot([values.mean()], [y], "D", color=colour, markersize=4.6, markeredgecolor=PAPER,
                                markeredgewidth=0.7, clip_on=False)  # fmt: skip
                means.append(f"{of[arm].label} {values.mean():.3f} ± {each.stds[arm]:.3f}")
        text = f"± {np.mean(list(each.stds.values())):.4f}" if len(each.seeds) > 1 else "one seed"
        if len(each.seeds) > 1 and not narrow:
            text += "\nbetween seeds"
        bands.name(i, top + above + LINE * len(of) / 2, each.step.title, text)
        descriptions.append(f"{each.step.title}: {', '.join(means)}.")
    return drawing.finish(" ".join(descriptions))


@styled
def published_scores(data: ReportData, published: StepScores, *, width: float = WIDE) -> "Figure":
    """A bar per value of the published score after the last epoch, as high as the seeds that report it."""
    of, wins = marks(data.labels), published.win_counts()
    height, tallest = (0.72, 0.38) if width < 5 else (0.5, 0.36)
    seeds = count(len(published.seeds), "seed")
    notes = [data.subject.data, f"{seeds} each", "grey: 0.84 to 0.85, as published"]
    drawing = sheet(width, height * len(of) + 0.45, "What the published procedure reports", notes)
    bands = _Bands.on(
        drawing, 0.04, width, height, list(data.labels.values()), lowest=min(published.lowest, CLAIMED[0]),
        axis="published “F1” after the last epoch", text=1.55,
    )  # fmt: skip
    bands.axes.axvspan(*CLAIMED, color=GHOST, alpha=0.5, linewidth=0)
    frequencies = {arm: Counter(values.tolist()) for arm, values in published.scores.items()}
    most = max(n for each in frequencies.values() for n in each.values())
    for i, (arm, mark) in enumerate(of.items()):
        base = height * (i + 1) - 0.06
        bands.axes.axhline(base, color=RULE, linewidth=0.6)
        for value, n in sorted(frequencies[arm].items()):
            bands.axes.plot([value, value], [base, base - tallest * n / most], color=mark.colour, linewidth=3,
                            solid_capstyle="butt", clip_on=False)  # fmt: skip
        text = f"alone first in {wins[arm]},\nat 1.0 in {frequencies[arm][1.0]}"
        bands.name(i, base - 0.04, mark.label, text, va="baseline")
    return drawing.finish(f"{wins['']} of {seeds} end in a tie.")


@dataclass(frozen=True)
class _Bands:
    """Bands of one height on an axis of scores, measured in inches from the top of their panel."""

    axes: "Axes"
    height: float
    left: float
    narrow: bool

    @classmethod
    def on(
        cls, drawing: Sheet, top: float, width: float, height: float, names: Sequence[str],
        *, lowest: float, axis: str, text: float, grid: str = "",
    ) -> Self:  # fmt: skip
        """Bands with these names; `lowest` is the lowest score, `text` the inches for texts at the right."""
        narrow = width < 5
        left = 0.05 if narrow else 0.2 + max(width_of(name, 8.5) for name in names)
        right = 0.1 if narrow else text
        axes = drawing.panel(left, top, width - left - right, height * len(names), grid=grid)
        axes.set_ylim(height * len(names), 0)
        axes.set_yticks([])
        value_axis(axes, max(0.0, lowest - 0.02), 1.012, which="x", most=4 if narrow else 6)
        axes.set_xlabel(axis, loc="right", labelpad=3)
        return cls(axes, height, left, narrow)

    def name(self, band: int, y: float, name: str, text: str, *, va: str = "center") -> None:
        """Write the name left and the text right of a band, at `y`; on a narrow sheet both above it."""
        across, (wide, _) = self.axes.get_yaxis_transform(), inches(self.axes)
        at: dict[str, Any] = {"y": y, "va": va, "transform": across}
        name_x, name_side, text_x, text_side = -0.12 / wide, "right", 1 + 0.12 / wide, "left"
        if self.narrow:
            at |= {"y": band * self.height + 0.05, "va": "top"}
            name_x, name_side, text_x, text_side = 0, "left", 1, "right"
            text = text.replace("\n", " ")
        name = name if self.narrow else fitted(name, 8.5, self.left - 0.12)
        self.axes.text(name_x, s=name, fontsize=8.5, color=INK, ha=name_side, **at)
        self.axes.text(text_x, s=text, fontsize=8, color=MUTED, ha=text_side, **at)
