"""What the study claimed, and what became of each claim, with the numbers behind."""

from collections.abc import Mapping
from dataclasses import dataclass

from reluctant.analysis.claims import CONVERGENCE, Evidence, Finding, Judged, judged
from reluctant.analysis.comparison.units import unit_of
from reluctant.figures.labels import count, marks, metric_title, setting_words, within_sentence
from reluctant.records.study_results import Results
from reluctant.report.tables import DASH, Table, number, p_value

SIGNS = {Finding.SUPPORTED: "✓", Finding.CONTRADICTED: "✗", Finding.UNDECIDED: "?"}
_SAYS = {True: "for it", False: "against it", None: "open"}


@dataclass(frozen=True)
class Verdict:
    """One claim: what it says, what was found (`sign` and `word`), how it was tested, the numbers."""

    says: str
    sign: str
    word: str
    test: str
    numbers: Table


@dataclass(frozen=True)
class Claimed:
    """The claims at one setting; `title` is empty where the study has only one."""

    title: str
    verdicts: tuple[Verdict, ...]


def claimed(results: Results) -> tuple[Claimed, ...]:
    """The claims of the study, tested at every setting."""
    if not results.study.claims or not len(results):
        return ()
    labels = {a: mark.label for a, mark in marks(results).items()}
    return tuple(
        Claimed(
            setting_words(s),
            tuple(_verdict(part, each, labels) for each in judged(part)),
        )
        for s, part in ((s, results.at(s)) for s in results.settings)
    )


def notes(results: Results) -> tuple[str, ...]:
    """What has to be known beside the claims: untested ones, what convergence means."""
    untested = len(results.study.claim) - len(results.study.claims)
    asked = any(c.is_ in ("slowest", "fastest") for c in results.study.claims)
    cannot = f"{count(untested, 'claim')} cannot be tested here: activations named there take no part."
    return tuple(filter(None, (CONVERGENCE if asked else "", cannot if untested else "")))


def _verdict(results: Results, each: Judged, labels: Mapping[str, str]) -> Verdict:
    return Verdict(
        says=each.claim.says,
        sign=SIGNS[each.finding],
        word=str(each.finding),
        test=f"{each.test[:1].upper()}{each.test[1:]}.",
        numbers=_numbers(results, each, labels),
    )


def _numbers(results: Results, each: Judged, labels: Mapping[str, str]) -> Table:
    unit = unit_of(results, each.claim.metric)
    decimals = 2 if each.unit == "epochs" else unit.score
    differences = any(len(e.about) > 1 for e in each.evidence)

    def row(evidence: Evidence) -> tuple[str, ...]:
        interval = DASH
        if evidence.low is not None and evidence.high is not None:
            interval = f"{number(evidence.low, decimals)} to {number(evidence.high, decimals)}"
        return (
            " − ".join(labels[a] for a in evidence.about),
            number(evidence.mean, decimals),
            interval,
            str(evidence.n),
            *((p_value(evidence.p),) if differences else ()),
            _SAYS[evidence.says],
        )

    tested = ("p",) if differences else ()
    interval_words = "97.5 % interval" if results.grown else "95 % interval"
    return Table(
        _caption(each, unit.axis),
        ("About", "Mean difference" if differences else "Mean", interval_words, "n", *tested, "Says"),
        tuple(map(row, each.evidence)),
        words=frozenset({4 + len(tested)}),
    )


def _caption(each: Judged, counted_in: str) -> str:
    """What the numbers are, with their unit."""
    claim = each.claim
    split = {"train": "training", "valid": "validation", "test": "test"}[claim.split]
    title = "loss" if claim.metric == "loss" else within_sentence(metric_title(claim.metric))
    if each.unit == "epochs":
        return f"Epochs until {title} converges ({split})"
    return f"{title[0].upper()}{title[1:]}, {split} ({counted_in})"
