"""What the probes saw inside the networks, as arrays over runs, sites and looks. Needs no torch."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from reluctant.analysis.calibration import brier_score, churn, expected_calibration_error, robust_accuracy
from reluctant.records.probe_format import COUNTS, CURVE, EDGES, SIZES
from reluctant.records.run_result import Result
from reluctant.records.store import Record
from reluctant.records.study_results import Results
from reluctant.statistics import Interval, mean_interval

Floats = npt.NDArray[np.float64]
When = Literal["start", "end"]
Side = Literal["in", "out"]


@dataclass(frozen=True)
class Share:
    """A count of the probes as a share: of what, what it is called, and what is counted."""

    of: str
    title: str
    meaning: str


SHARES = {
    "dead": Share("units", "dead units", "slope 0 for every image looked at"),
    "nearly": Share("units", "nearly dead units", "slope below 10⁻³ for every image, the dead among them"),
    "dead_channels": Share("channels", "dead channels", "maps whose units are all dead"),
    "saturated": Share("values", "saturated values", "slope below 0.05"),
    "zero": Share("values", "outputs at zero", "nearer to 0 than 10⁻³"),
}


def runs(results: Results, activation: str) -> tuple[Result, ...]:
    """The finished runs of an activation that were looked into; those that diverged are left out."""
    return tuple(
        r for r in results.of(activation) if r.diverged is None and len(r.probes) == r.epochs + 1 > 1
    )


def seen(results: Results) -> tuple[str, ...]:
    """The activations with at least one run that was looked into, in the study's order."""
    return tuple(a for a in results.activations if runs(results, a))


def sites(results: Results) -> tuple[str, ...]:
    """The places where the networks apply their activations, in the order of use."""
    return _names(results, "sites")


def layers(results: Results) -> tuple[str, ...]:
    """The layers whose parameters weigh inputs, in the order of use: no normalisation, no activation."""
    places, kinds = sites(results), _kinds(results)
    return tuple(
        name
        for name in _names(results, "layers")
        if "Norm" not in kinds.get(name, "") and not any(_within(name, place) for place in places)
    )


def _within(name: str, place: str) -> bool:
    return f"{name}.".startswith(f"{place}.")


def _names(results: Results, part: str) -> tuple[str, ...]:
    """The names in one part of the looks. A record's keys are sorted by letter; its layers by use."""
    found: dict[str, None] = {}
    for activation in seen(results):
        found |= dict.fromkeys(runs(results, activation)[0].probes[0][part])
    used = list(_kinds(results))
    return tuple(sorted(found, key=lambda name: _place(name, used)))


def _place(name: str, used: Sequence[str]) -> tuple[Any, ...]:
    """What sorts names by use: their place among the layers, then the numbers within them by value."""
    path = name.partition("#")[0]
    at = next((i for i, layer in enumerate(used) if _within(layer, path)), len(used))
    return at, [
        (not part.isdigit(), int(part) if part.isdigit() else part) for part in re.split(r"(\d+)", name)
    ]


def _kinds(results: Results) -> dict[str, str]:
    """The kinds of the network's layers by name, in the order of use, as the first record lists them."""
    listed: list[Record] = next((r.record["layers"] for r in results if r.record.get("layers")), [])
    return {str(layer["name"]): str(layer["kind"]) for layer in listed}


def short_names(names: Sequence[str]) -> dict[str, str]:
    """The names without their last part where all have the same: `blocks.2` for `blocks.2.activation`."""
    parts = {name: _parted(name) for name in names}
    cut = {name: head + again or last for name, (head, last, again) in parts.items()}
    alike = len({last for _, last, _ in parts.values()}) <= 1 and len(set(cut.values())) == len(cut)
    return cut if alike else {name: name for name in names}


def _parted(name: str) -> tuple[str, str, str]:
    """`a.b.c#2` as `a.b`, `c` and `#2`."""
    path, sign, again = name.partition("#")
    head, _, last = path.rpartition(".")
    return head, last, sign + again


def shares(results: Results, activation: str, what: str) -> Floats:
    """A share of `SHARES`, shape (runs, sites, looks); the first look is at the start. NaN where not seen."""
    of = SHARES[what].of
    return _looked(results, activation, "sites", sites(results), lambda each: each[what] / each[of])


def norms(results: Results, activation: str, what: str) -> Floats:
    """The `gradient`, `weight` or `update` norm of layers, shape (runs, layers, looks); NaN if not finite."""
    return _looked(results, activation, "layers", layers(results), lambda each: each[what])


def update_ratios(results: Results, activation: str) -> Floats:
    """Norm of an epoch's change of a layer's weights over their norm before, shape (runs, layers, epochs)."""
    update, weight = (norms(results, activation, what) for what in ("update", "weight"))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(update[:, :, 1:] / weight[:, :, :-1], float)


def depth_index(results: Results, activation: str, when: When) -> Floats:
    """log₁₀ of the first weight layer's gradient norm over the last's, shape (runs,).

    Below zero the gradient shrinks on its way back to the first layer, above it grows; −1 is ten times.
    −∞ where none arrives; NaN with fewer than two layers.
    """
    gradient = norms(results, activation, "gradient")[:, :, _look(when)]
    if gradient.shape[1] < 2:
        return np.full(len(gradient), np.nan)
    return index(gradient[:, 0], gradient[:, -1])


def index(first: npt.ArrayLike, last: npt.ArrayLike) -> Floats:
    """log₁₀(first / last), any shape: the index across depth of two gradient norms."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.log10(np.asarray(first, float) / np.asarray(last, float)))


def pooled(results: Results, activation: str, what: str, look: int = -1) -> Floats:
    """A share over all sites of a network together, shape (runs,)."""
    of = SHARES[what].of
    looks = [[_site(r, look, name) for name in r.probes[look]["sites"]] for r in runs(results, activation)]
    return np.array([_ratio(sum(s[what] for s in each), sum(s[of] for s in each)) for each in looks], float)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def turnover(results: Results, activation: str) -> tuple[Floats, Floats]:
    """Deaths and revivals of units over the run, all sites together, shape (runs,) each."""
    every = [
        [_site(r, look, name) for look in range(1, len(r.probes)) for name in r.probes[look]["sites"]]
        for r in runs(results, activation)
    ]
    died, revived = (
        [float(sum(site[what] for site in each)) for each in every] for what in ("died", "revived")
    )
    return np.array(died), np.array(revived)


def _site(result: Result, look: int, name: str) -> dict[str, Any]:
    """What a look saw at a site; a count that is not there is 0, and sizes are those of the start."""
    first = result.probes[0]["sites"].get(name, {})
    sizes = {key: first[key] for key in SIZES if key in first}
    return {**dict.fromkeys(COUNTS, 0), **sizes, **result.probes[look]["sites"][name]}


def histograms(results: Results, activation: str, when: When, side: Side) -> Floats:
    """Shares of values per bin of `EDGES`, the mean of the runs, shape (sites, 24); NaN where not kept."""
    return _drawn(results, activation, when, len(EDGES) - 1, lambda each: _shared(each["histogram"][side]))


def _shared(counts: Sequence[int]) -> Floats:
    return np.array(counts, float) / max(sum(counts), 1)


def curves(results: Results, activation: str, when: When) -> Floats:
    """A learned function at `CURVE`, the mean of the runs, shape (sites, 41); NaN where none is learned."""
    return _drawn(results, activation, when, len(CURVE), lambda each: np.array(each["curve"], float))


def learners(results: Results) -> tuple[str, ...]:
    """The activations with learned parameters whose shape is in the records, in the study's order."""
    return tuple(a for a in seen(results) if np.isfinite(curves(results, a, "end")).any())


def learned(results: Results, activation: str, site: str, when: When) -> Floats:
    """The first learned parameters at a site, shape (runs, parameters); none where nothing is learned."""
    values = [
        r.probes[_look(when)]["sites"].get(site, {}).get("learned", []) for r in runs(results, activation)
    ]
    return np.array(values, float).reshape(len(values), -1)


def moments(results: Results, activation: str, side: Side) -> Floats:
    """Mean and variance of what goes `in` or comes `out`, shape (runs, sites, looks, 2)."""
    mean = _looked(results, activation, "sites", sites(results), lambda each: each[side][0])
    variance = _looked(results, activation, "sites", sites(results), lambda each: each[side][1])
    return np.stack([mean, variance], axis=-1)


def _look(when: When) -> int:
    return 0 if when == "start" else -1


def _looked(
    results: Results, activation: str, part: str, names: Sequence[str], read: Callable[[Any], float | None]
) -> Floats:
    chosen = runs(results, activation)
    found = np.full((len(chosen), len(names), max((len(r.probes) for r in chosen), default=0)), np.nan)
    for i, result in enumerate(chosen):
        for k, look in enumerate(result.probes):
            for j, name in enumerate(names):
                if name in look[part]:
                    value = read(_site(result, k, name) if part == "sites" else look[part][name])
                    found[i, j, k] = np.nan if value is None else value
    return found


def _drawn(
    results: Results, activation: str, when: When, points: int, read: Callable[[Any], Floats]
) -> Floats:
    chosen, names = runs(results, activation), sites(results)
    found = np.full((len(chosen), len(names), points), np.nan)
    for i, result in enumerate(chosen):
        for j, name in enumerate(names):
            site = result.probes[_look(when)]["sites"].get(name, {})
            if "histogram" in site and (points != len(CURVE) or site.get("curve")):
                found[i, j] = read(site)
    return over_runs(found)


def over_runs(values: Floats) -> Floats:
    """The mean over the first axis of what is finite; NaN where nothing is."""
    finite = np.isfinite(values)
    count = finite.sum(axis=0)
    total = np.where(finite, values, 0.0).sum(axis=0)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))


@dataclass(frozen=True)
class Confidence:
    """How far an activation's networks can be believed: over seeds, on the test images."""

    error: Interval  # expected calibration error
    brier: Interval
    churn: float  # share of images on which two seeds disagree; NaN under two seeds


def confidence(results: Results, activation: str) -> Confidence | None:
    """Calibration and agreement of an activation's finished runs; None where no record holds them."""
    kept = [r for r in results.of(activation) if r.diverged is None and _final(r).get("calibration")]
    if not kept:
        return None
    stored = [_final(r)["calibration"] for r in kept]
    return Confidence(
        mean_interval([expected_calibration_error(each) for each in stored]),
        mean_interval([brier_score(each) for each in stored]),
        churn([r.predictions for r in kept]),
    )


def robustness(results: Results, activation: str) -> dict[tuple[str, str], Interval]:
    """Accuracy per worsening and strength over the finished runs; empty where no record holds it."""
    stored = [_final(r).get("robustness") for r in results.of(activation) if r.diverged is None]
    each = [robust_accuracy(held) for held in stored if held]
    return {
        (kind, strength): mean_interval([accuracy[kind][strength] for accuracy in each])
        for kind, strengths in (each[0].items() if each else ())
        for strength in sorted(strengths, key=float)
    }


def _final(result: Result) -> Mapping[str, Any]:
    return result.record.get("final") or {}


def percent(share: float) -> str:
    """`12 %`, `3.4 %`, `0.02 %`; `none` for nothing at all, a dash for no number."""
    if not np.isfinite(share):
        return "–"
    if share == 0:
        return "none"
    value = 100 * share
    return "< 0.01 %" if value < 0.01 else f"{value:.0f} %" if value >= 9.95 else f"{value:.2g} %"
