"""What there is to see inside the networks, in a sentence per figure, made from the numbers it draws."""

import numpy as np
import numpy.typing as npt

from reluctant.analysis import probe_metrics as inside
from reluctant.analysis.comparison.inputs import item
from reluctant.analysis.comparison.sentence import listed
from reluctant.analysis.probe_metrics import percent
from reluctant.figures.labels import count, marks
from reluctant.records.probe_format import CURVE
from reluctant.records.study_results import Results

Floats = npt.NDArray[np.float64]


def looked_into(results: Results) -> list[str]:
    """What every figure of the inside rests on: how many images were looked at, and how many seeds."""
    kept = [len(inside.runs(results, a)) for a in inside.seen(results)]
    if not kept:
        return ["no finished run was looked into"]
    least, most = min(kept), max(kept)
    number = count(most, "seed") if least == most else f"{least} to {most} seeds"
    images = _images(results)
    return [f"{count(images, f'training {item(results)}')} looked at" if images else "",
            "one seed" if most == 1 else f"mean of {number}"]  # fmt: skip


def _images(results: Results) -> int:
    """How many images a look took: values at a site over its units."""
    for activation in inside.seen(results):
        for site in inside.runs(results, activation)[0].probes[0]["sites"].values():
            return int(site["values"] // max(site["units"], 1))
    return 0


def _labels(results: Results) -> dict[str, str]:
    return {a: mark.label for a, mark in marks(results).items()}


def _most(values: dict[str, Floats]) -> tuple[str, tuple[int, ...]]:
    """The activation with the largest value, and the place of that value."""
    best = max(values, key=lambda a: float(np.nanmax(values[a], initial=-np.inf)))
    return best, tuple(map(int, np.unravel_index(np.nanargmax(values[best]), values[best].shape)))


def shares_said(results: Results, what: str = "dead") -> str:
    """Who ends with the largest share, where, since when; and who has none."""
    places, labels, title = inside.sites(results), _labels(results), inside.SHARES[what].title
    found = {a: inside.over_runs(inside.shares(results, a, what)) for a in inside.seen(results)}
    if not places or not found:
        return ""
    if all((v == 0).all() for v in found.values()):
        return f"No activation has any {title}, at any site and at any look."
    best, (site,) = _most({a: v[:, -1] for a, v in found.items()})
    start, end = found[best][site, 0], found[best][site, -1]
    clean = [labels[a] for a, v in found.items() if (v == 0).all()]
    none = f" {_has(clean, len(found))} none throughout." if clean and len(clean) < len(found) else ""
    if end == 0:
        return f"No activation ends with {title}.{none}"
    return (
        f"{labels[best]} ends with the largest share of {title}, {percent(end)} in "
        f"{inside.short_names(places)[places[site]]} (at the start {percent(start)}).{none}"
    )


def _has(labels: list[str], of: int) -> str:
    if len(labels) > 6:
        return f"{len(labels)} of {of} activations have"
    return f"{listed(labels)} {'has' if len(labels) == 1 else 'have'}"


def values_said(results: Results) -> str:
    """Where the inputs of an activation spread most at the end, and how many lie beyond the axis."""
    places, labels = inside.sites(results), _labels(results)
    both = {a: inside.over_runs(inside.moments(results, a, "in"))[:, :, 1] for a in inside.seen(results)}
    both = {a: v for a, v in both.items() if np.isfinite(v[:, -1]).any()}
    if not both:
        return ""
    best, (site,) = _most({a: v[:, -1] for a, v in both.items()})
    start, end = both[best][site, 0], both[best][site, -1]
    where, after = (
        inside.short_names(places)[places[site]],
        inside.histograms(results, best, "end", "in")[site],
    )
    beyond = (
        f"; {percent(float(after[0] + after[-1]))} of them lie beyond ±5.5"
        if np.isfinite(after).all()
        else ""
    )
    return (
        f"The inputs spread most before {labels[best]} in {where}: variance {_short(end)} at the end, "
        f"{_short(start)} at the start{beyond}."
    )


def depth_said(results: Results) -> str:
    """How the gradient changes on its way back through the network, in factors of ten."""
    places, labels = inside.layers(results), _labels(results)
    if len(places) < 2 or not inside.seen(results):
        return ""
    ends = {a: inside.depth_index(results, a, "end") for a in inside.seen(results)}
    lost = [labels[a] for a, v in ends.items() if np.isneginf(v).any()]
    known = {a: float(v[np.isfinite(v)].mean()) for a, v in ends.items() if np.isfinite(v).any()}
    told = ""
    if known:
        low, high = min(known, key=known.__getitem__), max(known, key=known.__getitem__)
        span = f"is {signed(known[low])} for {labels[low]}"
        if signed(known[low]) != signed(known[high]):
            span = f"runs from {span[3:]} to {signed(known[high])} for {labels[high]}"
        elif len(known) > 1:
            span = f"is {signed(known[low])} for all"
        told = (
            f"The index across depth {span} at the end; −1 means a gradient ten times smaller at "
            f"{places[0]} than at {places[-1]}."
        )
    none = f" Under {listed(lost)} no gradient reaches {places[0]} in some run." if lost else ""
    return f"{told}{none}".strip()


def updates_said(results: Results) -> str:
    """Which weights move furthest in an epoch, and how far they still move in the last."""
    places, labels = inside.layers(results), _labels(results)
    found = {a: inside.over_runs(inside.update_ratios(results, a)) for a in inside.seen(results)}
    found = {a: v for a, v in found.items() if np.isfinite(v).any()}
    if not found:
        return ""
    best, (layer, epoch) = _most(found)
    end = found[best][layer, -1]
    last = f"; in the last by {percent(end)}" if epoch + 1 < found[best].shape[1] else ""
    return (
        f"The weights of {places[layer]} move furthest: under {labels[best]} by "
        f"{percent(found[best][layer, epoch])} of their norm in epoch {epoch + 1}{last}."
    )


def learned_said(results: Results) -> str:
    """Which learned function moves furthest from its start, where, and how far."""
    places, labels = inside.sites(results), _labels(results)
    moved = {
        a: np.abs(inside.curves(results, a, "end") - inside.curves(results, a, "start"))
        for a in inside.learners(results)
    }
    moved = {a: v for a, v in moved.items() if np.isfinite(v).any()}
    if not moved:
        return ""
    best, (site, point) = _most(moved)
    if moved[best][site, point] == 0:
        return "No learned function has moved from its start."
    where, x = inside.short_names(places)[places[site]], CURVE[point]
    start, end = (inside.curves(results, best, when)[site, point] for when in ("start", "end"))
    return (
        f"{labels[best]} moves furthest in {where}: f({x:g}) is {_short(start)} at the start and "
        f"{_short(end)} at the end."
    ).replace("f(-", "f(−")


def signed(value: float) -> str:
    """`+0.4`, `−1.2`: an index across depth; −∞ where no gradient arrives."""
    if np.isneginf(value):
        return "−∞"
    return f"{value:+.1f}".replace("-", "−") if np.isfinite(value) else "–"


def _short(value: float) -> str:
    """Two digits, or the whole number from 100 on."""
    return (f"{value:.2g}" if abs(value) < 100 else f"{value:,.0f}").replace("-", "−")
