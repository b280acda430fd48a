"""Inside the network: the pictures of the probes with a sentence each, and the tables of their numbers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from reluctant import figures
from reluctant.analysis import probe_metrics as inside
from reluctant.analysis.comparison.inputs import item, items
from reluctant.figures import inside_words
from reluctant.figures.labels import marks, setting_words, slug, test_part
from reluctant.figures.style import FEW
from reluctant.records.study_results import Results
from reluctant.report.beside import beside
from reluctant.report.pictures import Picture, Studio
from reluctant.report.tables import DASH, Table, number
from reluctant.statistics import Interval, mean_interval

if TYPE_CHECKING:
    from reluctant.analysis.comparison import Comparison

Floats = npt.NDArray[np.float64]
Rows = tuple[tuple[str, ...], ...]

UNCERTAIN = "Under five seeds: wide and uncertain. "
MEANT = (
    "Dead: units whose slope is 0 for every image looked at; nearly dead: below 10⁻³, the dead among them; "
    "dead maps: channels, or units of a flat layer, dead at every place; saturated: values where the slope "
    "is below 0.05; zero: outputs nearer to 0 than 10⁻³. Deaths and revivals: units, counted from look to "
    "look over the run. Depth index: log₁₀ of the first weight layer’s gradient norm over the last’s."
)
TRUSTED = (
    "Calibration error: the mean distance between confidence and accuracy over 15 bins of confidence, each "
    "weighted by its images; 0 is perfect. Brier score: mean squared distance of the probabilities from the "
    "truth, summed over classes; 0 is perfect, 2 the worst. Churn: share of images on which two seeds "
    "disagree, mean over pairs. ±: half of the 95 % interval over seeds."
)
WORSENED = (
    "The same noise, blur, shift and turn for every activation. Noise: its deviation, in deviations of the "
    "training pixels; blur: the deviation of the Gaussian, in pixels. ±: half of the 95 % interval over "
    "seeds."
)


@dataclass(frozen=True)
class Seen:
    """A picture, and the sentence that says what to see."""

    says: str
    picture: Picture


@dataclass(frozen=True)
class Inside:
    """The inside at one setting: `title` is empty where the study has only one; `beside` names verdicts."""

    title: str
    beside: tuple[str, ...]
    pictures: tuple[Seen, ...]
    units: Table | None
    trust: Table | None
    robust: Table | None
    folded: bool  # whether the tables are folded away: they are long


def insides(
    results: Results, comparisons: "Sequence[Comparison]", studio: Studio, *, every: bool
) -> tuple[Inside, ...]:
    """The inside at every setting that was looked into; pictures only where `every` setting gets them."""
    # The comparisons of picks follow those of settings; a table of seeds has none.
    held = zip(results.settings, comparisons or (None,) * len(results.settings), strict=False)
    made = [_inside(results.at(s), comparison, s, studio, every=every) for s, comparison in held]
    return tuple(each for each in made if each.units or each.trust or each.robust)


def _inside(
    part: Results, comparison: "Comparison | None", setting: Mapping[str, Any], studio: Studio, *, every: bool
) -> Inside:
    looked_into = bool(inside.sites(part) or inside.layers(part))
    return Inside(
        setting_words(setting),
        beside(comparison) if comparison else (),
        _pictures(part, setting, studio) if every and looked_into else (),
        units(part) if inside.sites(part) else None,
        trust(part),
        robust(part),
        len(part.activations) > FEW,
    )


def _pictures(part: Results, setting: Mapping[str, Any], studio: Studio) -> tuple[Seen, ...]:
    """The figures that have something to show; fewer of them where settings or activations are many."""
    ending = "_" + slug(setting_words(setting).replace(" ", "")) if setting else ""
    many = len(inside.seen(part)) > FEW  # then no PNG is made
    made = [
        Seen(
            says(part),
            studio.picture(f"inside_{name}{ending}", partial(draw, part), table(part), dots=not many),
        )
        for name, draw, says, table, shown in _FIGURES[: 2 if setting else 4 if many else 5]
        if shown(part)
    ]
    return tuple(made)


def units(results: Results) -> Table:
    """After the last epoch, all sites of a network together: shares, deaths and revivals, the index."""
    labels = marks(results)
    few = 1 < max((len(inside.runs(results, a)) for a in results.activations), default=0) < 5
    meant = MEANT.replace("image", item(results))
    return Table(
        "All sites together, after the last epoch",
        ("Activation", "n", "Dead", "Nearly dead", "Dead maps", "Saturated", "Zero", "Deaths", "Revivals",
         "Depth index"),
        tuple((labels[a].label, *_unit_cells(results, a)) for a in results.activations),
        note=f"Mean over n seeds ± half of its 95 % interval. {UNCERTAIN if few else ''}{meant}",
        stacked=True,
    )  # fmt: skip


def _unit_cells(results: Results, activation: str) -> tuple[str, ...]:
    n = len(inside.runs(results, activation))
    if not n:
        return ("0", *[DASH] * 8)
    shares = [
        inside.pooled(results, activation, what)
        for what in ("dead", "nearly", "dead_channels", "saturated", "zero")
    ]
    turned = [_counted(mean_interval(counts)) for counts in inside.turnover(results, activation)]
    depth = inside_words.signed(_mean(inside.depth_index(results, activation, "end")))
    return (str(n), *(_percent(mean_interval(share)) for share in shares), *turned, depth)


def _mean(values: Floats) -> float:
    return float(values.mean()) if values.size else float("nan")


def _percent(interval: Interval) -> str:
    """`12 % ± 3.1`."""
    half = "" if not interval.half else f" ± {100 * interval.half:.2g}"
    return inside.percent(interval.mean) + half


def _counted(interval: Interval) -> str:
    half = "" if not interval.half else f" ± {interval.half:,.0f}"
    return f"{interval.mean:,.0f}{half}"


def trust(results: Results) -> Table | None:
    """Calibration and churn of every activation; None where no record holds them."""
    labels = marks(results)
    found = {a: inside.confidence(results, a) for a in results.activations}
    rows = [
        (labels[a].label, str(c.error.n), _scored(c.error), _scored(c.brier), inside.percent(c.churn))
        for a, c in found.items()
        if c is not None
    ]
    return Table(
        f"How far their confidence can be believed, on {test_part(results)}",
        ("Activation", "n", "Calibration error", "Brier score", "Churn"),
        tuple(rows),
        note=TRUSTED.replace("images", items(results)),
        stacked=True,
    ) if rows else None  # fmt: skip


def _scored(interval: Interval) -> str:
    half = "" if interval.half is None else f" ± {number(interval.half)}"
    return number(interval.mean) + half


def robust(results: Results) -> Table | None:
    """Accuracy on worsened test images; None where the study did not ask for it."""
    labels = marks(results)
    found = {a: inside.robustness(results, a) for a in results.activations}
    kinds = next((list(held) for held in found.values() if held), [])
    rows = [(labels[a].label, *(_scored(held[kind]) for kind in kinds)) for a, held in found.items() if held]
    return Table(
        f"Accuracy on worsened test {items(results)}",
        ("Activation", *(f"{kind} {strength}{_UNITS.get(kind, '')}" for kind, strength in kinds)),
        tuple(rows),
        note=WORSENED,
        stacked=True,
    ) if rows else None  # fmt: skip


_UNITS = {"shift": " px", "rotation": "°", "blur": " px"}


def _dead(results: Results) -> Table:
    """Dead units per site: at the start, after the first epoch, at the end."""
    names, rows = inside.short_names(inside.sites(results)), []
    for a in inside.seen(results):
        found = inside.over_runs(inside.shares(results, a, "dead"))
        for site, values in zip(inside.sites(results), found, strict=True):
            cells = [inside.percent(float(values[look])) for look in (0, 1, -1)]
            rows.append((marks(results)[a].label, names[site], *cells))
    heads = ("Activation", "Site", "At the start", "After epoch 1", "At the end")
    return Table("Dead units by site", heads, tuple(rows), words=frozenset({1}))


def _values(results: Results) -> Table:
    """Mean and variance before and after the activation, at the start and at the end."""
    names, rows = inside.short_names(inside.sites(results)), []
    for a in inside.seen(results):
        into, out = (inside.over_runs(inside.moments(results, a, side)) for side in ("in", "out"))
        for i, site in enumerate(inside.sites(results)):
            pairs = [(side[i, 0, k], side[i, -1, k]) for side in (into, out) for k in (0, 1)]
            rows.append((marks(results)[a].label, names[site], *map(_arrow, pairs)))
    heads = ("Activation", "Site", "Mean in", "Variance in", "Mean out", "Variance out")
    return Table("Start → end", heads, tuple(rows), words=frozenset({1}))


def _arrow(pair: tuple[float, float]) -> str:
    return " → ".join(_digits(value) for value in pair)


def _digits(value: float) -> str:
    """Three digits with a true minus; a dash where there is none."""
    return f"{value:.3g}".replace("-", "−") if np.isfinite(value) else DASH


def _depth(results: Results) -> Table:
    """The gradient's norm per layer after the last epoch, and the index across depth at both ends."""
    rows = []
    for a in inside.seen(results):
        norms = inside.over_runs(inside.norms(results, a, "gradient"))[:, -1]
        index = [
            inside_words.signed(_mean(inside.depth_index(results, a, when))) for when in ("start", "end")
        ]
        rows.append((marks(results)[a].label, *map(_digits, norms), *index))
    heads = ("Activation", *inside.layers(results), "Index, start", "Index, end")
    return Table("Norm of the gradient after the last epoch", heads, tuple(rows))


def _moved(results: Results) -> Table:
    """How far every layer's weights move in the last epoch."""
    rows = [
        (marks(results)[a].label,
         *(inside.percent(float(v)) for v in inside.over_runs(inside.update_ratios(results, a))[:, -1]))
        for a in inside.seen(results)
    ]  # fmt: skip
    return Table("Change in the last epoch, in shares of the weights’ norm",
                 ("Activation", *inside.layers(results)), tuple(rows))  # fmt: skip


def _learned(results: Results) -> Table:
    """The first learned parameters of every site, at the start and at the end."""
    names, rows = inside.short_names(inside.sites(results)), []
    for a in inside.learners(results):
        for site in inside.sites(results):
            start, end = (
                inside.over_runs(inside.learned(results, a, site, when)) for when in ("start", "end")
            )
            pairs = [_arrow((float(s), float(e))) for s, e in zip(start, end, strict=True)]
            rows.append((marks(results)[a].label, names[site], ", ".join(pairs) or DASH))
    heads = ("Activation", "Site", "Learned parameters, start → end")
    return Table("Mean over seeds, the first eight parameters", heads, tuple(rows), words=frozenset({1}))


Figure = tuple[
    str, Callable[..., Any], Callable[[Results], str], Callable[[Results], Table], Callable[[Results], Any]
]

# Name of the file, what draws it, its sentence, its numbers, and whether there is something to show.
_FIGURES: tuple[Figure, ...] = (
    ("dead", figures.shares_by_site, inside_words.shares_said, _dead, inside.sites),
    ("gradients", figures.gradient_by_depth, inside_words.depth_said, _depth, inside.layers),
    ("values", figures.distributions, inside_words.values_said, _values, inside.sites),
    ("learned", figures.learned_shapes, inside_words.learned_said, _learned, inside.learners),
    ("updates", figures.update_ratios, inside_words.updates_said, _moved, inside.layers),
)
