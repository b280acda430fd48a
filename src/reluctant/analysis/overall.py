"""The answer of a study with several settings: every arm against the baseline over all of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from reluctant.analysis.comparison import Comparison
from reluctant.analysis.labels import list_names, metric_words
from reluctant.statistics import Verdict
from reluctant.statistics.random_effects import FEWEST, OverSettings, over_settings
from reluctant.statistics.sequential import FIRST, LAST, look_level, look_weights
from reluctant.statistics.verdict import same_or_different

LEVEL = 0.05


@dataclass(frozen=True)
class Overall:
    """One arm against the baseline over all settings."""

    arm: str
    difference: OverSettings
    verdict: Verdict


def overall_answers(comparisons: Sequence[Comparison]) -> tuple[Overall, ...]:
    """Every arm that can be compared at three settings or more, in the study's order.

    A setting without a verdict (diverged or collapsed runs, under three seeds) has no share in the mean; an arm with
    such a setting is never better or the same over all.
    """
    if not comparisons:
        return ()
    question, answers = comparisons[0].question, []
    arms = [contrast.arm for contrast in comparisons[0].family]
    for arm in arms:
        contrasts = [c for comparison in comparisons for c in comparison.family if c.arm == arm]
        usable = [c for c in contrasts if c.verdict != Verdict.NONE and c.difference.n >= FIRST]
        if len(usable) < FEWEST:
            continue
        seeds = min(c.difference.n for c in usable)
        level = LEVEL / 2 / len(arms)
        if question.sequential:  # as strict as the look at so many seeds
            level = look_level(level) * float(look_weights(min(seeds, LAST)))
        means = [c.difference.mean for c in usable]
        difference = over_settings(means, [c.difference.std**2 / c.difference.n for c in usable], level=level)
        same, different = (bool(each) for each in same_or_different(difference.low, difference.high, question.margin))
        verdict = Verdict.SAME if same else Verdict.UNDECIDED
        if different:
            verdict = Verdict.BETTER if (difference.mean > 0) == question.metric.higher else Verdict.WORSE
        if len(usable) < len(contrasts) and verdict in (Verdict.BETTER, Verdict.SAME):
            verdict = Verdict.NONE
        answers.append(Overall(arm, difference, verdict))
    return tuple(answers)


def overall_sentence(comparisons: Sequence[Comparison], answers: Sequence[Overall]) -> str:
    """The answers in words; empty where there are none."""
    if not answers:
        return ""
    first = comparisons[0]
    unit, metric = first.unit, metric_words(first.metric)
    sentences = []
    for answer in answers:
        d, label = answer.difference, first.labels[answer.arm]
        interval = f"{unit.difference(d.mean)} ({unit.difference(d.low)} to {unit.difference(d.high)})"
        relation = {
            Verdict.BETTER: f"{label} is better than {first.baseline_label}",
            Verdict.WORSE: f"{label} is worse than {first.baseline_label}",
            Verdict.SAME: f"{label} is the same as {first.baseline_label}",
            Verdict.UNDECIDED: f"{label} against {first.baseline_label} is undecided",
            Verdict.NONE: f"{label} lost runs at some settings, so there is no verdict",
        }[answer.verdict]
        expected = " to ".join(unit.difference(end) for end in d.predicted)
        sentences.append(
            f"{relation}: {interval}, standard deviation between settings {unit.amount(d.between)}, expected in a new "
            f"setting with as many seeds {expected}"
        )
    word = f" ({unit.word})" if unit.word else ""
    settings = list_names([str(n) for n in sorted({a.difference.settings for a in answers})])
    return f"Over {settings} settings, mean difference in {metric}{word}: {'; '.join(sentences)}."
