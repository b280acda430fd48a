"""The same arms in two studies: both verdicts on every arm, and whether its difference from the baseline changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reluctant.analysis import study_facts
from reluctant.analysis.comparison import Comparison
from reluctant.analysis.contrasts import Contrast
from reluctant.analysis.labels import list_names, metric_words
from reluctant.analysis.report_data import ReportData
from reluctant.core.errors import StudyError
from reluctant.statistics import Decision, Difference, Verdict, decide, unpaired


@dataclass(frozen=True)
class Change:
    """One arm in both studies; `difference` is that of the second less that of the first, each from its baseline."""

    arm: str
    label: str
    contrasts: tuple[Contrast, Contrast]
    difference: Difference
    decision: Decision

    @property
    def alike(self) -> bool:
        """Whether the arm has one verdict in both studies."""
        one, other = self.contrasts
        return one.verdict == other.verdict


@dataclass(frozen=True, eq=False)
class TwoStudies:
    """Two analyses that answer one question, and what changes between them."""

    studies: tuple[ReportData, ReportData]
    comparisons: tuple[Comparison, Comparison]
    names: tuple[str, str]
    changes: tuple[Change, ...]

    @classmethod
    def of(cls, first: ReportData, second: ReportData) -> "TwoStudies":
        """Both studies by the metric, baseline and margin of the first.

        Raises:
            StudyError: They share no arm besides the baseline, or one of them compares nothing.
        """
        question = first.question
        own = second.question.metric.name, second.question.baseline, second.question.margin
        if own != (question.metric.name, question.baseline, question.margin):
            options = {"metric": question.metric.name, "baseline": question.baseline, "margin": question.margin}
            second = second.with_question(**options)
        comparisons = _answering(first), _answering(second)
        arms = [arm for arm in first.scores.arms if arm in second.scores.arms and arm != question.baseline]
        if not arms:
            raise StudyError(
                "the two studies share no arm besides the baseline, so there is nothing to lay side by side"
            )
        changes = tuple(_change(comparisons, arm, len(arms)) for arm in arms)
        return cls((first, second), comparisons, _names(first, second), changes)

    @property
    def sentence(self) -> str:
        """Which verdicts are alike, which are not, and which differences are shown to change."""
        one, other = self.names
        baseline, unit = self.comparisons[0].baseline_label, self.comparisons[0].unit
        alike = [each.label for each in self.changes if each.alike]
        parts = (
            [f"{list_names(alike)} {'has' if len(alike) == 1 else 'have'} the same verdict in both"] if alike else []
        )
        parts += [
            f"{each.label} is {each.contrasts[0].verdict} in {one} and {each.contrasts[1].verdict} in {other}"
            for each in self.changes
            if not each.alike
        ]
        changed = [each for each in self.changes if each.decision.verdict in (Verdict.BETTER, Verdict.WORSE)]
        moved = [
            f"the difference of {each.label} from {baseline} changes by {unit.difference(each.difference.mean)}"
            f"{unit.word and ' ' + unit.word}"
            for each in changed
        ]
        if not changed:
            moved = [f"no difference from {baseline} is shown to change"]
        text = "; ".join([*parts, *moved])
        metric = metric_words(self.comparisons[0].metric)
        return f"By {metric}, against {baseline}: {text}."

    @property
    def differing(self) -> list[tuple[str, str, str]]:
        """(what, in the first study, in the second) for every line of the recipe that is not the same."""
        facts = [dict(_facts(each)) for each in self.studies]
        terms = dict.fromkeys(term for each in facts for term in each)
        return [(t, facts[0].get(t, "–"), facts[1].get(t, "–")) for t in terms if facts[0].get(t) != facts[1].get(t)]


def _answering(data: ReportData) -> Comparison:
    """The comparison that answers a study's question: that of chosen values, or the only one."""
    comparisons = [each for each in data.comparisons if each.family] if data.finished else []
    chosen = [each for each in comparisons if each.selected] or comparisons
    if not chosen:
        raise StudyError(f"{data.subject.name} compares nothing yet; a study to lay beside another has verdicts")
    if len(chosen) > 1:
        raise StudyError(f"{data.subject.name} has {len(chosen)} settings; lay two studies of one setting side by side")
    return chosen[0]


def _change(comparisons: tuple[Comparison, Comparison], arm: str, together: int) -> Change:
    contrasts = tuple(next(c for c in each.family if c.arm == arm) for each in comparisons)
    first, second = (each.values[arm] - each.values[each.question.baseline] for each in comparisons)
    one, metric, question = comparisons[0], comparisons[0].metric, comparisons[0].question
    sequential = any(each.question.sequential for each in comparisons)
    resolution = max(each.scores.resolution(metric.name) for each in comparisons)
    difference = unpaired(
        second, first, resolution=resolution, higher=metric.higher, sequential=sequential, comparisons=together
    )
    lost = " and ".join(f"{n} lost in one study" for each in comparisons if (n := each.lost(arm)))
    margin = one.unit.margin(question.margin)
    decision = decide(
        difference, margin=question.margin, higher=metric.higher, comparisons=together, lost=lost, margin_text=margin
    )
    withheld = [each for each in contrasts if each.verdict == Verdict.NONE]
    if withheld or not all(each.question.paired for each in comparisons):
        reason = "one study gives no verdict" if withheld else "runs are not paired"
        decision = Decision(Verdict.NONE, None, reason)
    return Change(arm, one.labels[arm], (contrasts[0], contrasts[1]), difference, decision)


def _names(first: ReportData, second: ReportData) -> tuple[str, str]:
    """The studies' names; with their folders, or numbers, where both have one name."""
    one, other = first.subject.name, second.subject.name
    if one != other:
        return one, other
    folders = [Path(str(each.records.folder)).name if each.records is not None else "" for each in (first, second)]
    if folders[0] == folders[1]:
        return f"{one} (1)", f"{other} (2)"
    return f"{one} ({folders[0]})", f"{other} ({folders[1]})"


def _facts(data: ReportData) -> Sequence[tuple[str, str]]:
    """The lines of a study's recipe, its size, and the versions it was trained with."""
    if data.records is None:
        return [("Source", data.subject.data), ("Runs", f"{data.finished:,}")]
    versions = sorted({str(run.record.run.recipe) for run in data.records if hasattr(run.record.run, "recipe")})
    return [
        ("Data", data.subject.data),
        *study_facts.recipe(data.records, data.subject.items),
        *([("Recipe", ", ".join(versions))] if versions else []),
        ("Runs", f"{data.finished:,} of {data.runs_planned:,}"),
    ]
