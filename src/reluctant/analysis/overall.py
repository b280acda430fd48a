"""The answer of a study with several settings: every arm against the baseline over all of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from reluctant.analysis.comparison import Comparison
from reluctant.analysis.labels import list_names, metric_words
from reluctant.analysis.question import Question
from reluctant.scores import Floats
from reluctant.statistics import Verdict
from reluctant.statistics.random_effects import FEWEST, OverSettings, over_settings
from reluctant.statistics.sequential import FIRST
from reluctant.statistics.verdict import same_or_different


@dataclass(frozen=True)
class Overall:
    """One arm against the baseline over all settings."""

    arm: str
    difference: OverSettings
    verdict: Verdict


def overall_answers(comparisons: Sequence[Comparison]) -> tuple[Overall, ...]:
    """Every arm that can be compared at three settings or more, in the study's order.

    A setting without a verdict (networks at chance, an arm with lost runs, under three seeds) has no share in the mean;
    an arm with such a setting, or with lost runs at any, is never better or the same over all. Nor is one worse or the
    same where the baseline has lost runs.
    """
    if not comparisons or not comparisons[0].question.paired:
        return ()  # without pairs there are no differences whose mean could be taken
    question, answers = comparisons[0].question, []
    arms = [contrast.arm for contrast in comparisons[0].family]
    for arm in arms:
        usable = [
            comparison
            for comparison in comparisons
            for c in comparison.family
            if c.arm == arm and c.verdict != Verdict.NONE and c.difference.n >= FIRST
        ]
        if len(usable) < FEWEST:
            continue
        difference = over_settings(
            [_differences(comparison, arm) for comparison in usable],
            comparisons=len(arms),
            sequential=question.sequential,
            resolution=usable[0].scores.resolution(question.metric.name),
        )
        verdict = _verdict(question, difference)
        if len(usable) < len(comparisons) or any(each.lost(arm) for each in usable):
            verdict = Verdict.NONE if verdict in (Verdict.BETTER, Verdict.SAME) else verdict
        if any(each.lost(question.baseline) for each in usable):
            verdict = Verdict.NONE if verdict in (Verdict.WORSE, Verdict.SAME) else verdict
        answers.append(Overall(arm, difference, verdict))
    return tuple(answers)


def _differences(comparison: Comparison, arm: str) -> Floats:
    """An arm minus the baseline over their typical runs, one value per seed."""
    return comparison.values[arm] - comparison.values[comparison.question.baseline]


def _verdict(question: Question, difference: OverSettings) -> Verdict:
    if difference.low is None or difference.high is None or difference.seeds < FIRST:
        return Verdict.NONE
    same, different = (bool(each) for each in same_or_different(difference.low, difference.high, question.margin))
    if different:
        return Verdict.BETTER if (difference.mean > 0) == question.metric.higher else Verdict.WORSE
    return Verdict.SAME if same else Verdict.UNDECIDED


def overall_sentences(comparisons: Sequence[Comparison], answers: Sequence[Overall]) -> tuple[str, ...]:
    """The answers in a sentence, and how much they vary in another; none where there are no answers."""
    if not answers:
        return ()
    first = comparisons[0]
    unit, metric, baseline = first.unit, metric_words(first.metric), first.baseline_label
    within = unit.margin(first.question.margin)
    clauses, varies = [], []
    for answer in answers:
        d, label = answer.difference, first.labels[answer.arm]
        ends = "" if d.low is None or d.high is None else f" ({unit.difference(d.low)} to {unit.difference(d.high)})"
        clauses.append({
            Verdict.BETTER: f"{label} is better than {baseline} by {unit.amount(abs(d.mean))}{ends}",
            Verdict.WORSE: f"{label} is worse than {baseline} by {unit.amount(abs(d.mean))}{ends}",
            Verdict.SAME: f"{label} is the same as {baseline} within {within}{ends}",
            Verdict.UNDECIDED: f"{label} is undecided{ends}",
            Verdict.NONE: f"{label} has no verdict, because some settings have none",
        }[answer.verdict])  # fmt: skip
        if d.predicted is not None:
            expected = " to ".join(unit.difference(end) for end in d.predicted)
            varies.append(f"{label} {unit.amount(d.between)}, {expected}")
    settings = list_names([str(n) for n in sorted({a.difference.settings for a in answers})])
    return (
        f"Over {settings} settings, on these test sets ({metric}): {'; '.join(clauses)}.",
        f"Standard deviation of the difference between settings, and what is expected in a new one with as many seeds: "
        f"{'; '.join(varies)}.",
    )
