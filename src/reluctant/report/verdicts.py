"""Is the difference real: every comparison with its figure, its verdicts, all pairs and the noise floor."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from reluctant import figures
from reluctant.analysis.comparison.inputs import items
from reluctant.analysis.comparison.units import OF_TARGET
from reluctant.figures.differences import SIGNS, deciding, ordered
from reluctant.figures.labels import count, marks, metric_title, setting_words, slug
from reluctant.figures.style import FEW
from reluctant.report.pictures import Picture, Studio
from reluctant.report.tables import DASH, Table, number, p_value
from reluctant.statistics import Verdict

if TYPE_CHECKING:
    from reluctant.analysis.comparison import Comparison, Contrast

# What a pair's verdict is called from the other side.
MIRROR = {Verdict.BETTER: Verdict.WORSE, Verdict.WORSE: Verdict.BETTER}


@dataclass(frozen=True)
class Compared:
    """One comparison as the page shows it; `said` and `title` are empty where the page has only one."""

    title: str
    said: str
    alarms: tuple[str, ...]
    floor: str
    picture: Picture
    verdicts: Table
    pairs: Table | None
    unfolded: bool  # whether the pairs lie open
    many: str  # why the pairs are left out, where they are


def compared(comparisons: "tuple[Comparison, ...]", studio: Studio) -> tuple[Compared, ...]:
    """All comparisons that have something to compare, in their order."""
    shown = [each for each in comparisons if each.family]
    return tuple(_one(each, studio, alone=len(shown) == 1, first=each is shown[0]) for each in shown)


def title(comparison: "Comparison") -> str:
    """`lr = 0.01`, or `Each at its own lr` where every activation has one; empty for the only setting."""
    where = setting_words(comparison.setting)
    if not comparison.picks:
        return where
    own = f"each at its own {comparison.picks[0].axis}"
    return f"{where}, {own}" if where else own[0].upper() + own[1:]


def _picked(comparison: "Comparison", labels: Mapping[str, str]) -> str:
    """What was chosen for every activation, and by what; empty where nothing was."""
    if not comparison.picks:
        return ""
    chosen = ", ".join(f"{p.value:g} for {labels[p.activation]}" for p in comparison.picks)
    return f"Chosen by the mean validation score: {comparison.picks[0].axis} = {chosen}."


def edges(comparison: "Comparison") -> str:
    """A warning where a chosen value lies at an end of the list, so that a better one may lie beyond."""
    of = marks(comparison.results)
    found = [f"{of[p.activation].label} ({p.axis} = {p.value:g})" for p in comparison.picks if p.edge]
    if not found:
        return ""
    lies, listed = ("lies", "its pick") if len(found) == 1 else ("lie", "their picks")
    return (
        f"{', '.join(found)}: {listed} {lies} at an end of the list, so a better value may lie beyond it. "
        f"A longer list would tell."
    )


def doubts(comparison: "Comparison") -> str:
    """The warning that the baseline differs from itself, so that nothing else is to be believed."""
    if not comparison.doubtful or comparison.floor is None:
        return ""
    label = marks(comparison.results)[comparison.baseline].label
    return (
        f"Do not trust these verdicts: {label} differs from itself under other seeds "
        f"({_p(comparison.floor.p)}, Welch). Something other than the activation tells these runs apart."
    )


def _one(comparison: "Comparison", studio: Studio, *, alone: bool, first: bool) -> Compared:
    from reluctant.analysis.comparison import sentence

    labels = {a: mark.label for a, mark in marks(comparison.results).items()}
    ending = "_" + slug(title(comparison).replace(" ", "")) if title(comparison) else ""
    few = len(labels) <= FEW
    return Compared(
        title=title(comparison),
        said=""
        if alone
        else f"{sentence(comparison, labels.__getitem__)} {_picked(comparison, labels)}".strip(),
        alarms=tuple(filter(None, (doubts(comparison), edges(comparison)))),
        floor=_floor(comparison),
        picture=studio.picture(
            f"differences_{comparison.metric.name}{ending}",
            partial(figures.differences, comparison),
            _numbers(comparison, labels),
        ),
        verdicts=_verdicts(comparison, labels, explained=first),
        pairs=_pairs(comparison, labels) if few and len(labels) > 2 else None,
        unfolded=alone and len(labels) <= 6,
        many=""
        if few
        else f"The {count(len(comparison.pairs), 'pair')} of all activations are too many for "
        f"a table here; reluctant.analysis.comparison.compare(results) holds them.",
    )


def _floor(comparison: "Comparison") -> str:
    """The noise floor in words; empty without a control."""
    if comparison.floor is None or comparison.floor.p is None:
        return ""
    label = marks(comparison.results)[comparison.baseline].label
    by = comparison.unit.amount(comparison.floor.mean, signed=True)
    healthy = "" if comparison.doubtful else " Undecided is healthy there: it is the same function."
    return (
        f"The noise floor: {label} against itself under other seeds differs by {by} "
        f"({_p(comparison.floor.p)}, Welch).{healthy}"
    )


def _verdicts(comparison: "Comparison", labels: Mapping[str, str], *, explained: bool) -> Table:
    """The family that decides, the baseline first."""
    shared, ranks = len(comparison.results.study.seed), comparison.ranks

    def row(contrast: "Contrast") -> tuple[str, ...]:
        n = contrast.difference.n
        few = "" if n == shared else f"\nof {shared}"
        return (
            labels[contrast.activation],
            f"{SIGNS[contrast.verdict]} {contrast.verdict}\n{_why(contrast)}",
            _difference(comparison, contrast),
            p_value(contrast.difference.corrected),
            _further(contrast),
            _rank(ranks.get(contrast.activation)),
            f"{n}{few}",
        )

    first = (labels[comparison.baseline], "the baseline", *(DASH,) * 3, _rank(ranks.get(comparison.baseline)),
             DASH)  # fmt: skip
    unit = _unit(comparison)
    label = labels[comparison.baseline]
    return Table(
        f"Verdicts against {label}",
        ("Activation", "Verdict", f"Difference, {unit}", "Holm’s p", "More seeds", "Rank", "n"),
        (first, *map(row, ordered(comparison))),
        note=_explained(comparison, label) if explained else "",
        words=frozenset({1}),
        stacked=True,
    )


def _explained(comparison: "Comparison", label: str) -> str:
    return (
        f"Difference: activation minus {label}, mean over the n shared seeds, and its "
        f"{100 * comparison.confidence:g} % interval. More seeds: how many further seeds would tell. Rank: "
        f"from 1 + those that beat it to all minus those it beats, by the corrected verdicts of all pairs."
    )


def _why(contrast: "Contrast") -> str:
    """The reason without what the column of further seeds says."""
    return contrast.decision.why.partition(";")[0]


def _difference(comparison: "Comparison", contrast: "Contrast") -> str:
    mean = _written(comparison, contrast.difference.mean)
    ends = deciding(comparison, contrast)
    return mean if ends is None else f"{mean}\n{_interval(comparison, ends)}"


def _interval(comparison: "Comparison", ends: tuple[float, float] | None) -> str:
    if ends is None or not np.isfinite(ends).all():
        return DASH
    return " to ".join(_written(comparison, end) for end in ends)


def _written(comparison: "Comparison", value: float) -> str:
    """A difference with its sign, in its unit."""
    if not np.isfinite(value):
        return DASH
    text = number(comparison.unit.scaled(value), comparison.unit.decimals)
    return text if value < 0 else f"+{text}"


def _unit(comparison: "Comparison") -> str:
    """What differences are in: points, nats, the target's units; R² has no unit but itself."""
    unit = comparison.unit
    return unit.word or (unit.axis if unit.axis == OF_TARGET else metric_title(comparison.metric.name))


def _p(p: float | None) -> str:
    return f"p = {p_value(p)}".replace("= <", "<")


def _further(contrast: "Contrast") -> str:
    if contrast.verdict != Verdict.UNDECIDED:
        return DASH
    found = contrast.decision.further
    if found is None:
        return "not worth it"
    return str(found[0]) if found[0] == found[1] else f"{found[0]}–{found[1]}"


def _rank(rank: tuple[int, int] | None) -> str:
    if rank is None:
        return DASH
    return str(rank[0]) if rank[0] == rank[1] else f"{rank[0]}–{rank[1]}"


def _numbers(comparison: "Comparison", labels: Mapping[str, str]) -> Table:
    """What the verdicts are made of."""

    def row(contrast: "Contrast") -> tuple[str, ...]:
        found = contrast.difference
        return (
            labels[contrast.activation],
            str(found.n),
            _written(comparison, found.mean),
            _interval(comparison, deciding(comparison, contrast)),
            _interval(comparison, contrast.both),
            number(comparison.unit.scaled(found.deviation), 3),
            p_value(found.p),
            p_value(found.corrected),
            p_value(found.sign_flip),
            DASH if found.effect is None else number(found.effect, 2),
            DASH if found.improvement is None else number(found.improvement, 2),
        )

    return Table(
        f"Paired differences from {labels[comparison.baseline]}",
        ("Activation", "Shared seeds", "Mean", f"{100 * comparison.confidence:g} % interval, seeds",
         f"95 % interval, seeds and test {items(comparison.results)}", "Deviation", "p", "Holm’s p",
         "Sign-flip p", "Effect size", "Probability of improvement"),
        tuple(map(row, ordered(comparison))),
        note="p: paired t test. The exact sign-flip p (6 to 30 seeds) decides nothing. Effect size: mean "
        "over deviation of the differences. Probability of improvement: that a run of the activation beats "
        "one of the baseline.",
    )  # fmt: skip


def _pairs(comparison: "Comparison", labels: Mapping[str, str]) -> Table:
    """Every pair: the row's verdict against the column."""
    cells = {}
    found = {pair.verdict for pair in comparison.pairs}
    met = found | {MIRROR.get(verdict, verdict) for verdict in found}
    for pair in comparison.pairs:
        one, other, mean = pair.activation, pair.against, pair.difference.mean
        turned = MIRROR.get(pair.verdict, pair.verdict)
        cells[one, other] = f"{SIGNS[pair.verdict]}\n{_written(comparison, mean)}"
        cells[other, one] = f"{SIGNS[turned]}\n{_written(comparison, -mean)}"
    unit = _unit(comparison)
    return Table(
        "",
        ("Row against column", *labels.values()),
        tuple((label, *(cells.get((a, b), "") for b in labels)) for a, label in labels.items()),
        note=f"Below each sign the mean of row minus column, in {unit}. "
        + " · ".join(f"{sign}\u00a0{verdict}" for verdict, sign in SIGNS.items() if verdict in met),
        stacked=True,
    )
