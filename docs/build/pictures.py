"""The pictures of the explanations, from the records of the article's study: `python -m docs.build.pictures`."""

from collections.abc import Sequence
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from reluctant.figures import save
from reluctant.figures.sheet import name_axes, sheet
from reluctant.figures.style import INK, MUTED, RULE, SERIES, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from reluctant.api.results import Results

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs/img"
POINTS = 100  # one point is 0.01 of a score
Numbers = npt.NDArray[np.float64]


def paired_scores(results: "Results", arms: Sequence[str] = ("relu", "elu")) -> Numbers:
    """The scores of two arms with the seeds that they share: one row per seed, in points."""
    return np.asarray(results.scores("f1").loc[list(arms)].T.dropna(), float) * POINTS


@styled
def pairing(results: "Results") -> "Figure":
    """The scores of two activations seed by seed, and the interval of their difference with and without pairs."""
    from scipy import stats

    scores = paired_scores(results)
    n, r = len(scores), float(np.corrcoef(scores[:, 0], scores[:, 1]).item(1))
    difference = scores[:, 1] - scores[:, 0]
    drawing = sheet(
        7.3, 2.6, "Pairs take away what a seed does to both activations",
        (f"test F1 on MNIST after ten epochs, {n} seeds", f"correlation over seeds {r:.2f}".replace("-", "−"))
    )  # fmt: skip
    left = drawing.panel(0.45, 0.35, 3.1, 1.95)
    for each in scores:
        left.plot([0, 1], each, color=MUTED, linewidth=0.8, alpha=0.7)
    for i in (0, 1):
        left.plot(np.full(n, i), scores[:, i], "o", color=SERIES[i], markersize=3.5)
    left.set_xticks([0, 1], ["ReLU", "ELU"])
    left.set_xlim(-0.25, 1.25)
    name_axes(left, y="F1 in points")
    right = drawing.panel(4.75, 0.35, 2.5, 1.95)
    widths = {
        "paired": stats.t.ppf(0.975, n - 1) * difference.std(ddof=1) / sqrt(n),
        "unpaired": stats.t.ppf(0.975, 2 * n - 2) * sqrt(scores.var(axis=0, ddof=1).sum() / n),
    }
    for row, (name, half) in enumerate(widths.items()):
        colour = SERIES[1] if name == "paired" else MUTED
        right.errorbar(difference.mean(), row, xerr=half, fmt="o", color=colour, capsize=3)
        right.text(difference.mean(), row - 0.18, f"± {half:.3f}", ha="center", va="bottom", fontsize=8, color=INK)
    right.set_xlim(-0.31, 0.02)
    right.axvline(0, color=RULE, linewidth=1)
    right.set_yticks([0, 1], list(widths))
    right.set_ylim(1.6, -0.6)
    name_axes(right, x="ELU − ReLU in points")
    return drawing.figure


@styled
def looks(results: "Results") -> "Figure":
    """The interval that decides at every look, for each activation against the baseline."""
    from docs.build.report_pages import final_scores

    import reluctant

    table = final_scores(results.frame())
    arms = {"elu": "ELU", "gelu": "GELU"}
    drawing = sheet(
        7.3, 2.5, "The interval that decides narrows with every seed, until it lies inside or outside",
        ("difference of F1 from ReLU after each look", "band: the margin of 0.2 points"),
    )  # fmt: skip
    for i, (arm, label) in enumerate(arms.items()):
        panel = drawing.panel(0.5 + 3.7 * i, 0.35, 3.05, 1.85)
        panel.axhspan(-0.2, 0.2, color=RULE, alpha=0.5, linewidth=0)
        panel.axhline(0, color=MUTED, linewidth=0.8)
        pairs = table[table["activation"].isin(["relu", arm])]
        last = int(pairs[pairs["activation"] == arm]["seed"].max()) + 1
        low, high, mean = [], [], []
        seeds = range(3, last + 1)
        for n in seeds:
            row = reluctant.judge(pairs[pairs["seed"] < n], margin=0.002, metric="f1").verdicts().loc[arm]
            low.append(row["low"] * POINTS)
            high.append(row["high"] * POINTS)
            mean.append(row["difference"] * POINTS)
        panel.fill_between(seeds, low, high, color=SERIES[i + 1], alpha=0.25, linewidth=0)
        panel.plot(seeds, mean, color=SERIES[i + 1])
        panel.set_ylim(-0.75, 0.75)
        name_axes(panel, x="seeds", y="points", above=f"{label}: {row['verdict']} at {last} seeds")
    return drawing.figure


def main() -> None:
    """Write both pictures as PNG files into docs/img."""
    import reluctant

    results = reluctant.judge(str(ROOT / "results/article"))
    for draw in (pairing, looks):
        for path in save(draw(results), IMAGES / draw.__name__):
            if path.suffix == ".svg":
                path.unlink()


if __name__ == "__main__":
    main()
