"""The sentence a person would say: what is better than what, by how much, and where seeds are lacking."""

from collections.abc import Callable, Sequence

from reluctant.analysis.comparison.compare import Comparison, Contrast
from reluctant.analysis.comparison.inputs import items
from reluctant.analysis.comparison.units import called
from reluctant.statistics import Verdict

Label = Callable[[str], str]


def sentence(comparison: Comparison, label: Label = str) -> str:
    """The verdicts of the deciding family in words, and which sources of error they survive."""
    if not comparison.family:
        return f"Only {label(comparison.baseline)} takes part; there is nothing to compare."
    parts = [
        words(comparison, [c for c in comparison.family if c.verdict == verdict], label)
        for verdict, words in _WORDS.items()
    ]
    said = "; ".join(part for part in parts if part)
    if said.startswith("no verdict"):
        said = f"N{said[1:]}"
    parts_ = [f"{said}.", _survives(comparison), leading(comparison, label)]
    return " ".join(part for part in parts_ if part)


def leading(comparison: Comparison, label: Label = str) -> str:
    """Who leads by the verdicts of all pairs, and how far the others are behind; empty where all may lead."""
    ranks = comparison.ranks
    ahead = [name for name, (first, _) in ranks.items() if first == 1]
    behind = [name for name in ranks if name not in ahead]
    if not behind or not ahead:
        return ""
    gaps = [c.difference.mean for c in comparison.pairs if _decided(c, ahead, behind)]
    lead = (
        f"{listed([label(n) for n in ahead])} lead{'s' if len(ahead) == 1 else ''}{_among(comparison, ahead)}"
    )
    verb = "is" if len(behind) == 1 else "are"
    by = f" by {comparison.unit.span(min(gaps, key=abs), max(gaps, key=abs))}" if gaps else ""
    return f"Of all pairs: {lead}; {listed([label(n) for n in behind])} {verb} behind{by}."


def _decided(contrast: Contrast, ahead: Sequence[str], behind: Sequence[str]) -> bool:
    """Whether a pair of a leader and one behind was told apart."""
    ends = {contrast.activation in ahead, contrast.against in ahead}
    between = len(ends) == 2 and {contrast.activation, contrast.against} <= {*ahead, *behind}
    return between and contrast.verdict in (Verdict.BETTER, Verdict.WORSE)


def _among(comparison: Comparison, ahead: Sequence[str]) -> str:
    """What is known of several leaders among themselves."""
    if len(ahead) == 1:
        return ""
    pairs = [c for c in comparison.pairs if c.activation in ahead and c.against in ahead]
    if all(c.verdict == Verdict.SAME for c in pairs):
        return f"; they are the same within {comparison.unit.margin(comparison.margin)}"
    return "; the data do not tell them apart"


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`; more than six are counted."""
    if len(names) > 6:
        return f"{len(names)} activations"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _behind(word: str) -> Callable[[Comparison, list[Contrast], Label], str]:
    def words(comparison: Comparison, those: list[Contrast], label: Label) -> str:
        if not those:
            return ""
        means = [c.difference.mean for c in those]
        by = comparison.unit.span(min(means, key=abs), max(means, key=abs))
        verb = "is" if len(those) == 1 else "are"
        who = listed([label(c.activation) for c in those])
        return f"{who} {verb} {word} than {label(comparison.baseline)} by {by} of {called(comparison.metric)}"

    return words


def _same(comparison: Comparison, those: list[Contrast], label: Label) -> str:
    if not those:
        return ""
    within = f"within {comparison.unit.margin(comparison.margin)} of {called(comparison.metric)}"
    if len(those) == len(comparison.family):
        who = listed([label(comparison.baseline), *(label(c.activation) for c in those)])
        return f"{who} are the same {within}"
    verb = "is" if len(those) == 1 else "are"
    who = listed([label(c.activation) for c in those])
    return f"{who} {verb} the same as {label(comparison.baseline)} {within}"


def _undecided(comparison: Comparison, those: list[Contrast], label: Label) -> str:
    if not those:
        return ""
    seeds = max(c.difference.n for c in those)
    who = listed([label(c.activation) for c in those])
    against = f" against {label(comparison.baseline)}"
    verb = "is" if len(those) == 1 else "are"
    told = more(those, comparison.margin)
    return f"{who} {verb} undecided{against} on {called(comparison.metric)} after {seeds} seeds: {told}"


def more(those: Sequence[Contrast], margin: float) -> str:
    """How many more seeds would tell, or that it is not worth it."""
    ranges = [c.decision.further for c in those]
    known = [r for r in ranges if r is not None]
    if not known and not margin:
        return "without a margin no number of seeds can be promised"
    if not known:
        return "more than 100 further seeds would be needed, which is not worth it"
    low, high = max(r[0] for r in known), max(r[1] for r in known)
    span_ = f"{low}–{high}" if low != high else str(high)
    rest = "" if len(known) == len(ranges) else " for some, over 100 for the others"
    return f"about {span_} more seeds would tell{rest}"


def _none(comparison: Comparison, those: list[Contrast], label: Label) -> str:
    if not those:
        return ""
    whys = list(dict.fromkeys(c.decision.why for c in those))
    return f"no verdict for {listed([label(c.activation) for c in those])}: {'; '.join(whys)}"


_WORDS = {
    Verdict.BETTER: _behind("better"),
    Verdict.WORSE: _behind("worse"),
    Verdict.SAME: _same,
    Verdict.UNDECIDED: _undecided,
    Verdict.NONE: _none,
}


def survives(comparison: Comparison, contrast: Contrast) -> bool | None:
    """Whether a verdict also holds with other test images in mind; None where that is not known."""
    if contrast.both is None:
        return None
    low, high = contrast.both
    if contrast.verdict == Verdict.SAME:
        return -comparison.margin < low and high < comparison.margin
    if contrast.verdict in (Verdict.BETTER, Verdict.WORSE):
        return not low <= 0 <= high
    return None


def _survives(comparison: Comparison) -> str:
    """Which of the two sources of error the sentence survives."""
    held = [
        survives(comparison, c)
        for c in comparison.family
        if c.verdict not in (Verdict.UNDECIDED, Verdict.NONE)
    ]
    if not held:
        return ""
    others = f"other test {items(comparison.results)}"
    if None in held:
        return f"This speaks of training again on these data; {others} are not accounted for."
    if all(held):
        return f"This holds for other seeds and for {others} alike."
    return f"This holds for training again on these data; with {others} in mind it is open."
