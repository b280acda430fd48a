"""What the published procedure reports, seed by seed: how often each score comes out."""

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from reluctant.figures import sheet as paper
from reluctant.figures.labels import count, data_title, marks
from reluctant.figures.letters import fitted, width_of
from reluctant.figures.style import GHOST, INK, MUTED, RULE, WIDE, styled
from reluctant.records.study_results import Results
from reluctant.replication.ablation import SEQUENCE
from reluctant.replication.reading import crowned, scored

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]

CLAIMED = (0.84, 0.85)  # where the article has the F1 of ReLU, leaky ReLU and GELU end


@styled
def published_scores(results: Results, *, width: float = WIDE) -> "Figure":
    """A bar per value of the published score after the last epoch, as high as the seeds that report it."""
    found = scored(results, SEQUENCE[0])
    of, wins = marks(results), crowned(found)
    narrow = width < 5
    step = 0.72 if narrow else 0.5
    said = [
        data_title(results),
        f"{count(len(found.seeds), 'seed')} each",
        "grey: 0.84 to 0.85, as published",
    ]
    made = paper.sheet(width, step * len(of) + 0.45, "What the published procedure reports", said)
    left = 0.05 if narrow else 0.2 + max(width_of(mark.label, 9) for mark in of.values())
    right = 0.15 if narrow else 1.55
    axes = made.panel(left, 0.04, width - left - right, step * len(of), grid="")
    axes.set_ylim(0, step * len(of))
    axes.set_yticks([])
    low = min((float(v.min()) for v in found.scores.values() if len(v)), default=CLAIMED[0])
    paper.value_axis(axes, max(0.0, min(low, CLAIMED[0]) - 0.02), 1.012, which="x", most=4 if narrow else 6)
    axes.set_xlabel("published “F1” after the last epoch", loc="right", labelpad=3)
    axes.axvspan(*CLAIMED, color=GHOST, alpha=0.5, linewidth=0)
    most = max((n for v in found.scores.values() for n in Counter(v.tolist()).values()), default=1)
    for number, (activation, mark) in enumerate(of.items()):
        base = step * (len(of) - 1 - number) + 0.06
        _bars(axes, base, step - (0.34 if narrow else 0.14), found.scores[activation], mark.colour, most)
        perfect = int((found.scores[activation] == 1).sum())
        told = f"alone first in {wins[activation]}, at 1.0 in {perfect}"
        _name(axes, (base, step, left), mark.label, told, narrow)
    return paper.tell(made, f"{wins['']} of {len(found.seeds)} seeds end in a tie.")


def _bars(axes: "Axes", base: float, tall: float, values: Floats, colour: str, most: int) -> None:
    """A bar per value, as high as its share of the most frequent one's seeds."""
    axes.axhline(base, color=RULE, linewidth=0.6)
    for value, n in sorted(Counter(values.tolist()).items()):
        axes.plot([value, value], [base, base + tall * n / most], color=colour, linewidth=3,
                  solid_capstyle="butt", clip_on=False)  # fmt: skip


def _name(axes: "Axes", at: tuple[float, float, float], label: str, told: str, narrow: bool) -> None:
    """An activation's name and what is told of it, beside its bars or above them."""
    base, step, left = at
    wide, _ = paper.inches(axes)
    across = axes.get_yaxis_transform()
    if narrow:
        above: dict[str, Any] = {"y": base + step - 0.1, "transform": across, "va": "top"}
        axes.text(0, s=label, fontsize=8.5, color=INK, **above)
        axes.text(1, s=told, fontsize=8, color=MUTED, ha="right", **above)
        return
    beside: dict[str, Any] = {"y": base + 0.04, "transform": across}
    axes.text(-0.12 / wide, s=fitted(label, 9, left - 0.12), fontsize=9, color=INK, ha="right", **beside)
    axes.text(1 + 0.1 / wide, s=told.replace(", ", ",\n"), fontsize=8, color=MUTED, linespacing=1.2, **beside)
