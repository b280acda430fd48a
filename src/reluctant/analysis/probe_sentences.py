"""What there is to see inside the networks, in a sentence per figure, and beside the verdicts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reluctant.analysis.comparison import Comparison
from reluctant.analysis.contrasts import Contrast
from reluctant.analysis.labels import count, list_names, metric_words
from reluctant.analysis.probes import END, START, ProbeSummary, signed_index
from reluctant.analysis.units import percent
from reluctant.scores import Floats
from reluctant.statistics import Verdict

DIED = 0.01  # share of a site's units that must have died in one arm and not in the other to be mentioned
TENFOLD = 1.0  # difference of the depth index that is mentioned
SATURATED = 0.2  # change of an arm's share of saturated values that is mentioned
MENTIONED = 3  # sentences beside the verdicts; the tables hold the rest


def dead_units_sentence(probes: ProbeSummary, labels: Mapping[str, str]) -> str:
    """Which arm ends with most dead units, where, since when; and which have none of those that could have some."""
    shares = {arm: probes.share(arm, "dead") for arm in probes.arms}
    if not probes.sites or not shares:
        return ""
    if all((values == 0).all() for values in shares.values()):
        return "No activation has any dead units, at any site and in any snapshot."
    arm, site = _largest({arm: values[:, END] for arm, values in shares.items()})
    start, end = shares[arm][site, START], shares[arm][site, END]
    clean = [labels[a] for a, values in shares.items() if a in probes.flat and (values == 0).all()]
    none = ""
    if clean and len(clean) < len(shares):
        who = list_names(clean) if len(clean) <= 6 else f"{len(clean)} of {len(shares)} activations"
        none = f" {who} {'has' if len(clean) == 1 else 'have'} none throughout."
    if end == 0:
        return f"No activation ends with dead units.{none}"
    name = probes.site_names[probes.sites[site]]
    return (
        f"{labels[arm]} ends with the largest share of dead units, {percent(end)} at site {name} (at the start "
        f"{percent(start)}).{none}"
    )


def depth_sentence(probes: ProbeSummary, labels: Mapping[str, str]) -> str:
    """How the gradient changes on its way back through the network, in factors of ten."""
    if len(probes.layers) < 2 or not probes.arms:
        return ""
    first, last = probes.layers[0], probes.layers[-1]
    indices = {arm: probes.depth_index(arm) for arm in probes.arms}
    lost = [labels[arm] for arm, values in indices.items() if np.isneginf(values).any()]
    means = {a: float(v[np.isfinite(v)].mean()) for a, v in indices.items() if np.isfinite(v).any()}
    sentences = []
    if means:
        low, high = min(means, key=lambda a: means[a]), max(means, key=lambda a: means[a])
        span = f"is {signed_index(means[low])} for {labels[low]}"
        if signed_index(means[low]) != signed_index(means[high]):
            span = f"runs from {span[3:]} to {signed_index(means[high])} for {labels[high]}"
        elif len(means) > 1:
            span = f"is {signed_index(means[low])} for all"
        sentences.append(
            f"The depth index {span} at the end; −1 means a gradient ten times smaller at {first} than at {last}."
        )
    if lost:
        sentences.append(f"Under {list_names(lost)} no gradient reaches {first} in some run.")
    return " ".join(sentences)


def distribution_sentence(probes: ProbeSummary, labels: Mapping[str, str]) -> str:
    """Where the inputs of an activation vary most at the end, and how many lie beyond the axis."""
    variances = {arm: probes.input_variance(arm) for arm in probes.arms}
    variances = {arm: v for arm, v in variances.items() if np.isfinite(v[:, END]).any()}
    if not variances:
        return ""
    arm, site = _largest({a: v[:, END] for a, v in variances.items()})
    start, end = variances[arm][site, START], variances[arm][site, END]
    shares = probes.histograms(arm)[END, 0, site]
    share = percent(float(shares[0] + shares[-1]))
    beyond = f"; {share} of them lie beyond ±5.5" if np.isfinite(shares).all() else ""
    return (
        f"The inputs vary most before {labels[arm]} at site {probes.site_names[probes.sites[site]]}: variance "
        f"{_short(end)} at the end, {_short(start)} at the start{beyond}."
    )


def _largest(values: Mapping[str, Floats]) -> tuple[str, int]:
    """The arm with the largest value, and the index of that value."""
    best = max(values, key=lambda arm: float(np.nanmax(values[arm], initial=-np.inf)))
    return best, int(np.nanargmax(values[best]))


def _short(value: float) -> str:
    """Two digits, or the whole number from 100 on."""
    return (f"{value:.2g}" if abs(value) < 100 else f"{value:,.0f}").replace("-", "−")


@dataclass(frozen=True)
class Observation:
    """What tells two arms apart inside; the lower `rank` and the larger `size` is mentioned first.

    Observations that differ in nothing but the second arm are one sentence: `head`, `other`, `tail`. `of_one`: the
    head is of one arm alone.
    """

    rank: int
    size: float
    head: str
    other: str = ""
    tail: str = ""
    of_one: bool = False


def sentences_beside_verdicts(comparison: Comparison, probes: ProbeSummary) -> tuple[str, ...]:
    """At most three sentences and a count of the rest; none where nothing inside tells arms apart.

    They stand beside the verdicts and name no cause.
    """
    labels = comparison.labels
    pairs = []
    for contrast in comparison.family:
        if {contrast.arm, contrast.other} <= set(probes.arms):
            each = (find(probes, contrast.arm, contrast.other, labels) for find in (_deaths, _depth, _saturation))
            if observation := next(filter(None, each), None):
                pairs.append((observation, contrast))
    pairs.sort(key=lambda pair: (pair[0].rank, -pair[0].size))
    groups: dict[tuple[str, str, str], list[tuple[Observation, Contrast]]] = {}
    for observation, contrast in pairs:
        alike = contrast.verdict in (Verdict.SAME, Verdict.UNDECIDED) and observation.other != labels[contrast.other]
        key = (observation.head, observation.tail, contrast.verdict if alike else contrast.arm)
        groups.setdefault(key, []).append((observation, contrast))
    ordered = list(groups.values())
    sentences = [_observation_sentence(comparison, group) for group in ordered[:MENTIONED]]
    if rest := sum(map(len, ordered[MENTIONED:])):
        further = f"{count(rest, 'further activation')} differ{'s' if rest == 1 else ''}"
        sentences.append(f"{further} inside from the baseline.")
    return tuple(sentences)


def _observation_sentence(comparison: Comparison, group: Sequence[tuple[Observation, Contrast]]) -> str:
    observation, contrast = group[0]
    others = list_names([each.other for each, _ in group])
    words = f"{observation.head}, {others} {observation.tail}" if observation.other else observation.head
    metric, labels = metric_words(comparison.metric), comparison.labels
    one, baseline, alone = labels[contrast.arm], labels[contrast.other], len(group) == 1
    whose = f"their {metric}" if alone else f"the {metric} of each"
    if observation.of_one:
        arms = [labels[each.arm] for _, each in group]
        whose = f"the {metric} of {list_names(arms) if len(arms) <= 6 else count(len(arms), 'activation')}"
        alone = False
    if contrast.verdict == Verdict.SAME:
        within = f"within {comparison.unit.margin(comparison.question.margin)}"
        scores = f"{whose} is the same {within}" if alone else f"{whose} is that of {baseline} {within}"
    elif contrast.verdict.decided:
        by = comparison.unit.amount(abs(contrast.difference.mean))
        scores = f"{one} is {contrast.verdict} than {baseline} by {by} of {metric}"
    elif contrast.verdict == Verdict.UNDECIDED:
        scores = f"whether {whose} differs{'' if alone else f' from that of {baseline}'} is undecided"
    else:
        scores = f"there is no verdict on {whose}"
    return f"{words}; {scores}."


def _deaths(probes: ProbeSummary, one: str, other: str, labels: Mapping[str, str]) -> Observation | None:
    """The site at which one arm lost most units and the other did not."""
    dead = {arm: probes.share(arm, "dead") for arm in (one, other)}
    lost = {arm: np.maximum(v[:, 1] - v[:, 0], v[:, END] - v[:, 0]) for arm, v in dead.items()}
    gap = np.nan_to_num(np.abs(np.maximum(lost[one], 0) - np.maximum(lost[other], 0)))
    if not gap.size or gap.max() < DIED:
        return None
    site = int(gap.argmax())
    more, less = (one, other) if lost[one][site] > lost[other][site] else (other, one)
    shares, few = dead[more][site], float(lost[less][site])
    first, whole = shares[1] - shares[0], shares[END] - shares[0]
    if first < 0.5 * whole:
        loses = f"loses {percent(float(whole))} of its units over the run"
    else:
        loses = f"loses {percent(float(first))} of its units by the first evaluation"
        if abs(shares[END] - shares[1]) >= max(DIED, 0.25 * shares[1]):
            loses += f" and ends with {percent(float(shares[END]))} dead"
    head = f"At site {probes.site_names[probes.sites[site]]}, {labels[more]} {loses}"
    if less not in probes.flat:
        return Observation(0, float(gap.max()), head, of_one=True)  # the other's slope is nowhere 0: no comparison
    none = "none" if few <= 0 else percent(few) if few >= DIED else "under 1 %"
    return Observation(0, float(gap.max()), head, labels[less], none)


def _depth(probes: ProbeSummary, one: str, other: str, labels: Mapping[str, str]) -> Observation | None:
    """How far the gradients' way back differs."""
    indices = {arm: probes.depth_index(arm) for arm in (one, other)}
    if not all(v.size and np.isfinite(v).all() for v in indices.values()):
        return None
    means = {arm: float(v.mean()) for arm, v in indices.items()}
    gap = abs(means[one] - means[other])
    if gap < TENFOLD:
        return None
    parts = [f"{10 ** means[a]:.2g} times under {labels[a]}" for a in sorted(means, key=lambda a: means[a])]
    first, last = probes.layers[0], probes.layers[-1]
    return Observation(1, gap, f"The gradient at {first} is {' and '.join(parts)} that at {last}")


def _saturation(probes: ProbeSummary, one: str, other: str, labels: Mapping[str, str]) -> Observation | None:
    """The site at which an arm's own share of saturated values changes most over the run.

    The shares of two activations are not compared: half of ReLU's values are saturated, and that is no fault.
    """
    shares = {arm: probes.share(arm, "saturated") for arm in (one, other)}
    changes = {arm: np.nan_to_num(np.abs(v[:, END] - v[:, START])) for arm, v in shares.items()}
    arm = max(changes, key=lambda each: float(changes[each].max(initial=0.0)))
    if not changes[arm].size or changes[arm].max() < SATURATED:
        return None
    site = int(changes[arm].argmax())
    start, end = (float(shares[arm][site, when]) for when in (START, END))
    head = (
        f"At site {probes.site_names[probes.sites[site]]}, the share of values at which the slope of {labels[arm]} is "
        f"below 0.05 {'rises' if end > start else 'falls'} from {percent(start)} to {percent(end)} over the run"
    )
    return Observation(2, float(changes[arm].max()), head, of_one=True)
