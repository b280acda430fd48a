"""The sentence at the top of the report: what is better than what, and no more than the runs show."""

from collections import Counter
from typing import TYPE_CHECKING

from reluctant.analysis.comparison.units import unit_of
from reluctant.figures.labels import count, data_title, diverged, marks, metric_title, within_sentence
from reluctant.records.study_results import Results
from reluctant.statistics import Verdict

if TYPE_CHECKING:
    from reluctant.analysis.comparison import Comparison

GROWN = "The study has grown after results had been seen: 97.5 % intervals and .025 replace 95 % and .05."
_WORDS = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)


def sentence(results: Results) -> str:
    """A few plain sentences: the verdicts, which errors they survive, and what is missing."""
    from reluctant.analysis.comparison import compare

    return " ".join(sentences(results, compare(results)))


def sentences(results: Results, comparisons: "tuple[Comparison, ...]") -> tuple[str, ...]:
    """The same, the answer first and apart from what qualifies it."""
    if not any(r.diverged is None for r in results):
        return (_nothing(results),)
    if results.study.sources:
        said = _apart(results)
    elif len(results.activations) == 1:
        said = _alone(results)
    else:
        said = _one(comparisons[0]) if len(comparisons) == 1 else _several(results, comparisons)
    grown = GROWN if results.grown and len(results.activations) > 1 else ""
    return tuple(part for part in (*said, grown, _lost(results), _missing(results)) if part)


def in_words(number: int) -> str:
    """`four` for 4; digits beyond twelve."""
    return _WORDS[number] if number < len(_WORDS) else f"{number:,}"


def _nothing(results: Results) -> str:
    if not len(results):
        return f"No run has finished yet: 0 of {results.study.size:,}."
    lost = "The only finished run" if len(results) == 1 else f"All {len(results):,} finished runs"
    return f"{lost} diverged; there is no score to compare. {_missing(results)}".strip()


def _apart(results: Results) -> tuple[str, ...]:
    """A table of seeds: where the spread comes from, and nothing of who is better."""
    from reluctant.analysis.variance import sentence

    one = len(results.settings) == 1
    return (
        sentence(results) if one else "",
        _data(results),
        "The study takes the spread between runs apart; it compares no activations.",
    )


def _alone(results: Results) -> tuple[str, ...]:
    """One activation, with nothing to be compared with."""
    (only,) = results.activations
    label, metric = marks(results)[only].label, results.study.compare.metric
    if len(results.settings) > 1:
        number = in_words(len(results.settings))
        return (
            f"Only {label} takes part, at {number} settings; there is nothing to compare.",
            _data(results),
        )
    interval = results.interval(metric, only)
    unit = unit_of(results, metric)
    half = "" if interval.half is None else f" ± {unit.value(interval.half)}"
    return (
        f"On {data_title(results)}, {label} ends at a mean {within_sentence(metric_title(metric))} of "
        f"{unit.value(interval.mean)}{half} ({count(interval.n, 'seed')}).",
        _chance(results),
    )


def _one(comparison: "Comparison") -> tuple[str, ...]:
    results = comparison.results
    return (_doubt((comparison,)), _said(comparison), _data(results), _chance(results))


def _said(comparison: "Comparison") -> str:
    from reluctant.analysis.comparison import sentence as verdicts

    labels = {a: mark.label for a, mark in marks(comparison.results).items()}
    return verdicts(comparison, labels.__getitem__)


def _several(results: Results, comparisons: "tuple[Comparison, ...]") -> tuple[str, ...]:
    """How the verdicts fall over the settings; what was found with a value of one's own, in full."""
    from reluctant.report.verdicts import edges, title

    common = [c for c in comparisons if not c.picks]
    found = Counter(contrast.verdict for c in common for contrast in c.family)
    fell = ", ".join(f"{found[verdict]:,} {verdict}" for verdict in Verdict if found[verdict])
    axes, label = " and ".join(results.settings[0]), marks(results)[common[0].baseline].label
    own = [f"{title(c)}: {_said(c)} {edges(c)}".strip() for c in comparisons if c.picks]
    return (
        _doubt(comparisons),
        f"{in_words(len(common)).capitalize()} settings of {axes}, {count(found.total(), 'comparison')} with "
        f"{label}: {fell}.",
        *(own if len(own) == 1 else ()),
        "Each setting has verdicts of its own, with a correction of its own.",
        _data(results),
        _chance(results),
    )


def _doubt(comparisons: "tuple[Comparison, ...]") -> str:
    from reluctant.report.verdicts import doubts

    return next(filter(None, map(doubts, comparisons)), "")


def _data(results: Results) -> str:
    return f"Measured on {data_title(results)}."


def _chance(results: Results) -> str:
    kept = [results.interval(results.study.compare.metric, a).n for a in results.activations]
    if len(results.settings) > 1:
        kept = [len(results.study.seed)]
    least = min((n for n in kept if n), default=0)
    if least == 1:
        return "With one seed there is no interval, and chance cannot be told from difference."
    return "Intervals over fewer than five seeds are wide and uncertain." if least < 5 else ""


def _lost(results: Results) -> str:
    lost = [(marks(results)[a].label, *diverged(results, a)) for a in results.activations]
    named_ = [f"{label} in {n} of {count(runs, 'run')}" for label, n, runs in lost if n]
    if len(named_) > 4:
        return f"{in_words(len(named_)).capitalize()} activations have runs that diverged."
    return f"Diverged: {', '.join(named_)}." if named_ else ""


def _missing(results: Results) -> str:
    done, size = len(results), results.study.size
    return f"{done:,} of {size:,} runs so far." if done < size else ""
