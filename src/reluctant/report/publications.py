"""What others have published beside what we found: how many numbers agree, a figure, and all of them."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from reluctant import figures
from reluctant.analysis.comparison.units import unit_of
from reluctant.analysis.published import Agreement, Beside, confidence, held_beside
from reluctant.figures.labels import count, marks, setting_words, shortened, slug
from reluctant.figures.published import score_words
from reluctant.records.study_results import Results
from reluctant.report.pictures import Picture, Studio
from reluctant.report.tables import DASH, Table, number

SIGNS = {
    Agreement.AGREES: "✓",
    Agreement.HIGHER: "▲",
    Agreement.LOWER: "▼",
    Agreement.UNDECIDED: "?",
}
MANY = 6  # settings up to which every one gets a figure
NAMED = 6  # activations up to which the sentence names them


@dataclass(frozen=True)
class Publication:
    """The published numbers at one setting; `title` is empty where the study has only one."""

    title: str
    said: str
    picture: Picture | None
    numbers: Table


def publications(results: Results, studio: Studio) -> tuple[Publication, ...]:
    """The published numbers of the study beside ours, at every setting."""
    if not results.study.published or not len(results):
        return ()
    drawn = len(results.settings) <= MANY
    return tuple(_one(results.at(s), setting_words(s), studio if drawn else None) for s in results.settings)


def _one(part: Results, title: str, studio: Studio | None) -> Publication:
    ending = "_" + slug(title.replace(" ", "")) if title else ""
    draw = partial(figures.published, part)
    picture = studio.picture(f"published_numbers{ending}", draw, None) if studio else None
    return Publication(title, sentence(part), picture, numbers(part))


def sentence(results: Results) -> str:
    """`11 of 16 published numbers agree with ours. Higher than ours: ReLU after epoch 1 and 5. …`."""
    found, labels = held_beside(results), _labels(results)
    fell = Counter(each.verdict for each in found)
    total = count(len(found), "published number")
    agree = f"{fell[Agreement.AGREES]} of {total} {'agrees' if len(found) == 1 else 'agree'} with ours."
    others = [v for v in Agreement if v != Agreement.AGREES and fell[v]]
    return " ".join([agree, *(_those(v, [e for e in found if e.verdict == v], labels) for v in others)])


def _those(verdict: Agreement, found: Sequence[Beside], labels: Mapping[str, str]) -> str:
    """Which numbers have a verdict: by name where the activations are few."""
    word = f"{verdict[0].upper()}{verdict[1:]}"
    named: dict[str, list[str]] = {}
    for each in found:
        named.setdefault(labels[each.published.activation], []).append(_epoch(each))
    if len(named) > NAMED:
        return f"{word}: {len(found):,}."
    several = {each.published.epoch for each in found} != {None}
    told = (f"{label} after epoch {_listed(epochs)}" if several else label for label, epochs in named.items())
    return f"{word}: {'; '.join(told)}."


def _listed(words: Sequence[str]) -> str:
    *most, last = dict.fromkeys(words)
    return f"{', '.join(most)} and {last}" if most else last


def _epoch(each: Beside) -> str:
    return f"{each.published.epoch:,}" if each.published.epoch else "last"


def _labels(results: Results) -> dict[str, str]:
    """What activations are called, those among them that take no part."""
    others = {each.activation: shortened(each.activation) for each in results.study.published}
    return {**others, **{name: mark.label for name, mark in marks(results).items()}}


def numbers(results: Results) -> Table:
    """Every published number beside ours; what all have in common stands in the caption."""
    found, labels = held_beside(results), _labels(results)
    decimals = {m: unit_of(results, m).score for m in {each.published.metric for each in found}}

    def digits(each: Beside) -> int:
        return decimals[each.published.metric]

    scores, sources = ({word(each) for each in found} for word in (_score, _source))
    columns: list[tuple[str, Callable[[Beside], str]]] = [
        ("Activation", lambda each: labels[each.published.activation]),
        *([] if len(scores) == 1 else [("Score", _score)]),
        ("Epoch", _epoch), ("Published", lambda each: _published(each, digits(each))),
        ("Our mean", lambda each: number(each.mean, digits(each))),
        ("Agrees within", lambda each: _within(each, digits(each))),
        ("n", lambda each: str(each.n)), ("Verdict", _verdict),
        *([] if len(sources) == 1 else [("Source", _source)]),
    ]  # fmt: skip
    heads = [head for head, _ in columns]
    common = f": {scores.pop()}" if len(scores) == 1 else ""
    return Table(
        f"Published numbers beside ours{common}",
        tuple(heads),
        tuple(tuple(cell(each) for _, cell in columns) for each in found),
        note=_note(found, confidence(results), sources),
        words=frozenset(heads.index(head) for head in ("Score", "Verdict", "Source") if head in heads),
        stacked=True,
    )


def _score(each: Beside) -> str:
    return score_words(each.published)


def _source(each: Beside) -> str:
    return each.published.source


def _published(each: Beside, decimals: int) -> str:
    value, deviation = number(each.published.value, decimals), each.published.deviation
    if deviation is None:
        return value
    return f"{value}\n± {number(deviation, decimals)}, {each.published.runs:,} runs"


def _within(each: Beside, decimals: int) -> str:
    if each.low is None or each.high is None:
        return DASH
    return f"{number(each.low, decimals)} to {number(each.high, decimals)}"


def _verdict(each: Beside) -> str:
    why = f"\n{each.why}" if each.why else ""
    return f"{SIGNS[each.verdict]} {each.verdict}{why}"


def _note(found: Sequence[Beside], sure: float, sources: set[str]) -> str:
    """How the verdicts come about, and how many would fall outside by chance alone."""
    kinds = {each.published.deviation is None for each in found}
    single = f"a single run agrees where one further run of ours would lie in {100 * sure:g} % of cases"
    several = (
        f"a mean of several runs agrees where Welch's {100 * sure:g} % interval of the difference of means "
        f"holds 0"
    )
    rule = f"{single}; {several}" if len(kinds) > 1 else single if True in kinds else several
    judged = sum(each.verdict != Agreement.UNDECIDED for each in found)
    chance = (1 - sure) * judged
    luck = f" Of {judged:,} judged, about {chance:.1g} would fall outside by chance." if judged > 1 else ""
    few = " Under five runs: wide and uncertain." if any(1 < each.n < 5 for each in found) else ""
    source = f" Source: {next(iter(sources))}." if len(sources) == 1 else ""
    return f"{rule[0].upper()}{rule[1:]}.{luck}{few}{source}"
