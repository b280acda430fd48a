"""What the probes saw beside the verdicts, side by side in one sentence each, and never as a cause."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from reluctant.analysis import probe_metrics as inside
from reluctant.analysis.probe_metrics import percent
from reluctant.figures.labels import count, marks
from reluctant.records.study_results import Results
from reluctant.statistics import Verdict

if TYPE_CHECKING:
    from reluctant.analysis.comparison import Comparison, Contrast

Floats = npt.NDArray[np.float64]

LOST = 0.01  # share of a site's units that must have died in one and not in the other to be spoken of
TENFOLD = 1.0  # difference of the index across depth that is spoken of
FLAT = 0.2  # difference of the saturated share that is spoken of
SAID = 3  # sentences; the tables hold the rest


@dataclass(frozen=True)
class Sight:
    """What tells two activations apart inside: the more telling kind first, then by size.

    In words `head`, `who` and `tail`: sights that differ in nothing but `who` are told together.
    """

    kind: int
    size: float
    head: str
    who: str = ""
    tail: str = ""


def beside(comparison: "Comparison") -> tuple[str, ...]:
    """At most three sentences and a count of the rest; none where nothing inside tells activations apart."""
    results = comparison.results
    labels = {a: mark.label for a, mark in marks(results).items()}
    seen = set(inside.seen(results))
    found = [
        (sight, contrast)
        for contrast in comparison.family
        if {contrast.activation, contrast.against} <= seen
        and (sight := _sight(results, contrast.activation, contrast.against, labels))
    ]
    found.sort(key=lambda pair: (pair[0].kind, -pair[0].size))
    groups: dict[tuple[str, str, str], list[tuple[Sight, Contrast]]] = {}
    for sight, contrast in found:
        alike = (
            contrast.verdict in (Verdict.SAME, Verdict.UNDECIDED) and sight.who != labels[contrast.against]
        )
        key = (sight.head, sight.tail, contrast.verdict if alike else contrast.activation)
        groups.setdefault(key, []).append((sight, contrast))
    told = [*groups.values()]
    rest = sum(map(len, told[SAID:]))
    further = f"{count(rest, 'further activation')} can be told from the baseline inside."
    return (*(_sentence(comparison, group, labels) for group in told[:SAID]), *([further] if rest else []))


def _sentence(
    comparison: "Comparison", group: "Sequence[tuple[Sight, Contrast]]", labels: Mapping[str, str]
) -> str:
    from reluctant.analysis.comparison.sentence import listed

    sight, contrast = group[0]
    who = listed([each.who for each, _ in group])
    words = f"{sight.head}, {who} {sight.tail}" if sight.who else sight.head
    return f"{words}; {_verdict(comparison, contrast, labels, alone=len(group) == 1)}."


def _sight(results: Results, one: str, other: str, labels: Mapping[str, str]) -> Sight | None:
    return (
        _deaths(results, one, other, labels)
        or _depth(results, one, other, labels)
        or _flat(results, one, other, labels)
    )


def _deaths(results: Results, one: str, other: str, labels: Mapping[str, str]) -> Sight | None:
    """The site at which the one lost most units against the other."""
    dead = {a: inside.over_runs(inside.shares(results, a, "dead")) for a in (one, other)}
    lost = {a: np.maximum(v[:, 1] - v[:, 0], v[:, -1] - v[:, 0]) for a, v in dead.items()}
    gap = np.nan_to_num(np.abs(np.maximum(lost[one], 0) - np.maximum(lost[other], 0)))
    if not gap.size or gap.max() < LOST:
        return None
    site = int(gap.argmax())
    more, less = (one, other) if lost[one][site] > lost[other][site] else (other, one)
    where = inside.short_names(inside.sites(results))[inside.sites(results)[site]]
    few = lost[less][site]
    none = "none" if few <= 0 else percent(float(few)) if few >= LOST else "under 1 %"
    return Sight(
        0, float(gap.max()), f"In {where} {labels[more]} {_loses(dead[more][site])}", labels[less], none
    )


def _loses(dead: Floats) -> str:
    """`loses 12 % of its units in the first epoch`, or over the run; and what is dead at the end."""
    first, whole = dead[1] - dead[0], dead[-1] - dead[0]
    if first < 0.5 * whole:
        return f"loses {percent(float(whole))} of its units over the run"
    ends = abs(dead[-1] - dead[1]) >= max(LOST, 0.25 * dead[1])
    end = f" and ends with {percent(float(dead[-1]))} dead" if ends else ""
    return f"loses {percent(float(first))} of its units in the first epoch{end}"


def _depth(results: Results, one: str, other: str, labels: Mapping[str, str]) -> Sight | None:
    """How far the gradients' way back differs."""
    at = {a: inside.depth_index(results, a, "end") for a in (one, other)}
    if not all(v.size and np.isfinite(v).all() for v in at.values()):
        return None
    mean = {a: float(v.mean()) for a, v in at.items()}
    gap = abs(mean[one] - mean[other])
    if gap < TENFOLD:
        return None
    first, last = inside.layers(results)[0], inside.layers(results)[-1]
    parts = [f"{10 ** mean[a]:.2g} times under {labels[a]}" for a in sorted(mean, key=mean.__getitem__)]
    return Sight(1, gap, f"The gradient at {first} is {' and '.join(parts)} that at {last}")


def _flat(results: Results, one: str, other: str, labels: Mapping[str, str]) -> Sight | None:
    """The site at which the shares of values on a flat slope differ most."""
    flat = {a: inside.over_runs(inside.shares(results, a, "saturated"))[:, -1] for a in (one, other)}
    gap = np.nan_to_num(np.abs(flat[one] - flat[other]))
    if not gap.size or gap.max() < FLAT:
        return None
    site = int(gap.argmax())
    where = inside.short_names(inside.sites(results))[inside.sites(results)[site]]
    more, less = (one, other) if flat[one][site] > flat[other][site] else (other, one)
    ends = f"In {where} {labels[more]} ends with {percent(float(flat[more][site]))} of its values where"
    tail = f"with {percent(float(flat[less][site]))}"
    return Sight(2, float(gap.max()), f"{ends} the slope is below 0.05", labels[less], tail)


def _verdict(
    comparison: "Comparison", contrast: "Contrast", labels: Mapping[str, str], *, alone: bool
) -> str:
    """What became of the scores, as a clause; not `alone`, of each of several against the baseline."""
    from reluctant.analysis.comparison.units import called

    metric, one, other = called(comparison.metric), labels[contrast.activation], labels[contrast.against]
    whose = f"their {metric}" if alone else f"the {metric} of each"
    if contrast.verdict == Verdict.SAME:
        within = f"within {comparison.unit.margin(comparison.margin)}"
        return f"{whose} is the same {within}" if alone else f"{whose} is that of {other} {within}"
    if contrast.verdict in (Verdict.BETTER, Verdict.WORSE):
        by = comparison.unit.amount(abs(contrast.difference.mean))
        return f"{one} is {contrast.verdict} than {other} by {by} of {metric}"
    if contrast.verdict == Verdict.UNDECIDED:
        against = "" if alone else f" from that of {other}"
        return f"whether {whose} differs{against} is undecided"
    return f"there is no verdict on {whose}"
