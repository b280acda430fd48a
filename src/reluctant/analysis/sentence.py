"""The answer in sentences: what is better than what, by how much, and where seeds are lacking."""

import math
from collections.abc import Sequence

from reluctant.analysis.comparison import Comparison
from reluctant.analysis.contrasts import Contrast
from reluctant.analysis.labels import count, list_names, metric_words
from reluctant.statistics import Unpaired, Verdict
from reluctant.statistics.sequential import LAST
from reluctant.statistics.verdict import FEW_SEEDS, why_no_number

UNLIKE = 3.0  # times the standard deviation of the baseline, or a third of it
MOST_ITEMS = 100  # times the test items; more are not to be had
WIDE_MARGIN = 0.1  # of a share of 1; a user who writes more has probably meant points


def verdict_sentences(comparison: Comparison) -> str:
    """The verdicts of the deciding family and their scope, what would widen it, and which arms may be the best."""
    if not comparison.family:
        return f"Only {comparison.baseline_label} takes part; there is nothing to compare."
    groups: dict[tuple[Verdict, str], list[Contrast]] = {}
    for contrast in sorted(comparison.family, key=lambda c: list(Verdict).index(c.verdict)):
        why = contrast.decision.reason if contrast.verdict == Verdict.NONE else scope_words(comparison, contrast)
        groups.setdefault((contrast.verdict, why), []).append(contrast)
    clauses = [_clause(comparison, verdict, why, contrasts) for (verdict, why), contrasts in groups.items()]
    sentences = [*(f"{clause}." for clause in clauses), more_items_sentence(comparison), leader_sentence(comparison)]
    return " ".join(filter(None, sentences))


def scope_words(comparison: Comparison, contrast: Contrast) -> str:
    """What a verdict covers, as the beginning of its sentence; empty where nothing is decided."""
    if not contrast.verdict.decided:
        return ""
    items = f"other test {comparison.subject.items}"
    here = "On the same data" if comparison.subject.reported else "On this test set"
    scope = f"With new seeds and {items}" if covers_test_items(comparison, contrast) else here
    few = f" (only {contrast.difference.n} {comparison.question.pairs}s)" if contrast.difference.n < FEW_SEEDS else ""
    return f"{scope}{few}, "


def _clause(comparison: Comparison, verdict: Verdict, why: str, contrasts: Sequence[Contrast]) -> str:
    """All arms with one verdict of one scope, or without one for one reason, as a sentence without its full stop."""
    labels, baseline = comparison.labels, comparison.baseline_label
    who = _names(comparison, [labels[c.arm] for c in contrasts])
    verb, metric = "is" if len(contrasts) == 1 else "are", metric_words(comparison.metric)
    if verdict in (Verdict.BETTER, Verdict.WORSE):
        means = [c.difference.mean for c in contrasts]
        by = comparison.unit.span(min(means, key=abs), max(means, key=abs))
        return f"{why}{who} {verb} {verdict} than {baseline} by {by} of {metric}"
    if verdict == Verdict.SAME:
        within = f"within {comparison.unit.margin(comparison.question.margin)} of {metric}"
        if len(contrasts) == len(comparison.family):
            everyone = _names(comparison, [baseline, *(labels[c.arm] for c in contrasts)])
            return f"{why}{everyone} are the same {within}"
        return f"{why}{who} {verb} the same as {baseline} {within}"
    if verdict == Verdict.UNDECIDED:
        seeds, pairs = max(c.difference.n for c in contrasts), comparison.question.pairs
        more = more_seeds_clause(contrasts, comparison.question.margin, pairs)
        each = "" if comparison.question.paired else " each"
        return f"Undecided: {who} against {baseline} ({metric}, {count(seeds, pairs)}{each}); {more}"
    return f"No verdict for {who}: {why}"


def more_seeds_clause(contrasts: Sequence[Contrast], margin: float, pairs: str = "seed") -> str:
    """How many more seeds would decide, or that it is not worth it."""
    ranges = [c.decision.more_seeds for c in contrasts]
    known = [r for r in ranges if r is not None]
    if not known and not margin:
        return f"without a margin no number of {pairs}s can be promised"
    if not known:
        return why_no_number(max(c.difference.n for c in contrasts), pairs)
    low, high = max(r[0] for r in known), max(r[1] for r in known)
    span = f"{low}–{high}" if low != high else str(high)
    rest = "" if len(known) == len(ranges) else f" for some, over {LAST} in all for the others"
    return f"about {span} more {pairs}s would decide{rest}"


def leader_sentence(comparison: Comparison) -> str:
    """Which arms may be the best, and how far the others are behind; empty where all may be."""
    labels, best = comparison.labels, comparison.may_be_best
    compared = [row.arm for row in comparison.rows if row.rank and not comparison.lost(row.arm)]
    behind = [arm for arm in compared if arm not in best]
    if not behind or not best:
        return ""
    gaps = [
        pair.difference.mean
        for pair in comparison.pairs
        if {pair.arm in best, pair.other in best} == {True, False}
        and {pair.arm, pair.other} <= {*best, *behind}
        and pair.verdict in (Verdict.BETTER, Verdict.WORSE)
    ]
    decided = [
        pair
        for pair in (*comparison.pairs, *comparison.family)
        if {pair.arm in best, pair.other in best} == {True, False} and pair.verdict in (Verdict.BETTER, Verdict.WORSE)
    ]
    if not decided:
        return ""  # the one-sided test alone says so, beside verdicts that are undecided
    names = _names(comparison, [labels[arm] for arm in best])
    among, which = "", f"{names} can still be the best"
    if len(best) == 1:
        which = f"only {names} can still be the best"
    else:
        pairs = [pair for pair in comparison.pairs if pair.arm in best and pair.other in best]
        within = comparison.unit.margin(comparison.question.margin)
        if all(pair.verdict == Verdict.SAME for pair in pairs):
            among = f" and are the same within {within}"
    by = f" by {comparison.unit.span(min(gaps, key=abs), max(gaps, key=abs))}" if gaps else ""
    others = _names(comparison, [labels[arm] for arm in behind])
    lost = any(comparison.lost(row.arm) for row in comparison.rows)
    over = f"Over all pairs of {comparison.subject.arms} without lost runs" if lost else "Over all pairs"
    return f"{over}: {which}{among}; {others} {'is' if len(behind) == 1 else 'are'} behind{by}."


def covers_test_items(comparison: Comparison, contrast: Contrast) -> bool | None:
    """Whether a verdict also holds for another test set, at the same level; None where that is not known."""
    if contrast.with_items is None or not contrast.verdict.decided:
        return None
    low, high = contrast.with_items
    if contrast.verdict == Verdict.SAME:
        return -comparison.question.margin < low and high < comparison.question.margin
    return not low <= 0 <= high


def more_items_sentence(comparison: Comparison) -> str:
    """How many more test items would widen verdicts to other test sets; empty where they cover them, or unknown."""
    factors = [
        _more_items(contrast, comparison.question.margin)
        for contrast in comparison.family
        if covers_test_items(comparison, contrast) is False
    ]
    if not factors:
        return ""
    items = f"test {comparison.subject.items}"
    times = math.ceil(max(factors))
    many = f"more than {MOST_ITEMS}" if times > MOST_ITEMS else f"about {times}"
    return (
        f"To show {'it' if len(factors) == 1 else 'them'} for other {items}, {many} times as many {items} are needed."
    )


def _more_items(contrast: Contrast, margin: float) -> float:
    """How many times the test items are needed until the verdict covers other items too.

    The half-width that they add falls with the square root of their number, that of the seeds stays.
    """
    assert contrast.interval is not None
    assert contrast.with_items is not None
    mean, factors = contrast.difference.mean, []
    for sign, end, wide in zip((-1, 1), contrast.interval, contrast.with_items, strict=True):
        room = margin - sign * mean if contrast.verdict == Verdict.SAME else -sign * mean
        if room > 0:  # where arms are different, only the side of 0 matters
            items = (wide - mean) ** 2 - (end - mean) ** 2
            spare = room**2 - (end - mean) ** 2
            factors.append(items / spare if spare > 0 else math.inf)
    return min(max(factors), MOST_ITEMS + 1)


def margin_sentence(comparison: Comparison) -> str:
    """Which differences do not matter, and what to write where the margin is none, too small or very wide."""
    margin, unit, usual = comparison.question.margin, comparison.unit, comparison.metric.margin
    step = comparison.scores.resolution(comparison.metric.name)
    how = "`reluctant judge FOLDER --margin {0}`, or `margin = {0}` under [compare] in the study."
    if comparison.subject.table:
        how = "`--margin {0}` (in Python `margin={0}`)."
    if not margin:
        return f"No margin is set, so nothing can be called the same. Set one: {how.format(usual or 'NUMBER')}"
    if step > margin:
        digit = 10 ** math.floor(math.log10(step))
        larger = how.format(f"{math.ceil(round(step / digit, 6)) * digit:g}")
        item = f"one {'step of the score' if comparison.subject.reported else f'test {comparison.subject.item}'}"
        item += f" ({unit.amount(step)})"
        return f"The margin, {unit.margin(margin)}, is smaller than {item}. Set a larger one: {larger}"
    sentence = f"Differences within {unit.margin(margin)} do not matter (the margin)."
    if unit.word == "points" and unit.factor == 100 and margin > WIDE_MARGIN:
        return f"{sentence} Warning: this margin is very wide. It is a share of 1, so write 0.01 for one point."
    return sentence


def comparison_warnings(comparison: Comparison) -> tuple[str, ...]:
    """Why the verdicts may not be trusted, or a better value may lie beyond a list."""
    warnings = []
    if comparison.floor is not None and comparison.baseline_differs_from_itself:
        warnings.append(
            f"Do not trust these verdicts: {comparison.baseline_label} differs from itself under other seeds "
            f"{_welch(comparison.floor)}. Something other than the {comparison.subject.arm} separates these runs."
        )
    labels = comparison.labels
    for contrast in comparison.family:
        if contrast.verdict.decided and not 1 / UNLIKE < (ratio := comparison.spread_ratio(contrast.arm)) < UNLIKE:
            warnings.append(
                f"The standard deviation of {labels[contrast.arm]} is {ratio:.2g} times that of "
                f"{comparison.baseline_label}. If scores are skewed, verdicts are wrong more often than stated "
                "(docs/statistics.md)."
            )
    edges = [f"{labels[s.arm]} ({s.axis} = {s.value:g})" for s in comparison.selected if s.at_edge]
    if edges:
        value = "the value chosen is" if len(edges) == 1 else "the values chosen are"
        warnings.append(
            f"{', '.join(edges)}: {value} at an end of the list, so a better one may lie beyond it. Try a longer list."
        )
    return tuple(warnings)


def selection_sentence(comparison: Comparison) -> str:
    """What was chosen for every arm, and by what; empty where nothing was."""
    if not comparison.selected:
        return ""
    chosen = ", ".join(f"{s.value:g} for {comparison.labels[s.arm]}" for s in comparison.selected)
    axis = comparison.selected[0].axis
    return (
        f"By the mean validation score of all seeds, {axis} = {chosen}. Each seed is compared at the {axis} that the "
        f"seeds before it chose, so that no score has a part in its own choice; the first two seeds only choose."
    )


def floor_sentence(comparison: Comparison) -> str:
    """The noise floor in words; empty without a control."""
    floor = comparison.floor
    if floor is None or floor.p is None:
        return ""
    by = comparison.unit.amount(floor.mean, signed=True)
    expected = " 'Undecided' is expected: the baseline is compared with itself."
    return (
        f"Noise floor: {comparison.baseline_label} trained again under other seeds differs by {by} "
        f"{_welch(floor)}.{'' if comparison.baseline_differs_from_itself else expected}"
    )


def _welch(floor: Unpaired) -> str:
    p = floor.p or 0.0
    return f"({f'p = {p:.2g}' if p >= 0.0001 else 'p < 0.0001'}, Welch's test)"


def _names(comparison: Comparison, names: Sequence[str]) -> str:
    return list_names(names, comparison.subject.arms)
