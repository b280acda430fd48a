"""The analysis of one setting: each part computed once, when it is first asked for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

from reluctant.analysis import study_facts
from reluctant.analysis.agreement import ALL_PAIRS
from reluctant.analysis.calibration import ArmCalibration, arm_calibration, arm_robustness
from reluctant.analysis.chance import AT_CHANCE, all_at_chance
from reluctant.analysis.claims import JudgedClaim, judge_claims
from reluctant.analysis.comparison import Comparison, compare_setting
from reluctant.analysis.labels import Subject, setting_text
from reluctant.analysis.probes import ProbeSummary
from reluctant.analysis.published import PublishedCheck, check_published
from reluctant.analysis.question import Question
from reluctant.analysis.summary import ArmSummary, Band, CostPoint, band, cost_points, summarise
from reluctant.analysis.units import Unit, unit_of
from reluctant.analysis.variance import ArmVariance, variance_by_source
from reluctant.catalogue.metrics import Metric
from reluctant.records.run_result import RunResult
from reluctant.records.study_records import StudyRecords
from reluctant.scores import Scores
from reluctant.statistics import Interval

T = TypeVar("T")


@dataclass(eq=False)
class SettingData:
    """The analysis of one setting."""

    scores: Scores
    question: Question
    subject: Subject
    labels: Mapping[str, str]
    setting: Mapping[str, Any]
    planned_epochs: int
    records: StudyRecords | None = None
    families: int = 1  # settings of the study, which are decided together
    _cache: dict[tuple[Any, ...], Any] = field(default_factory=dict, repr=False)

    def _once(self, key: tuple[Any, ...], compute: Callable[[], T]) -> T:
        if key not in self._cache:
            self._cache[key] = compute()
        value: T = self._cache[key]
        return value

    @property
    def title(self) -> str:
        """`lr = 0.01`; empty for the only setting."""
        return setting_text(self.setting)

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms, in the study's order."""
        return self.scores.arms

    def metric(self, name: str = "") -> Metric:
        """The metric of this name or alias; the one that decides unless given."""
        return self.scores.metric(name) if name else self.question.metric

    def unit(self, name: str) -> Unit:
        """How a metric is written."""
        metric, subject = self.metric(name), self.subject
        runs = (run for run in self.scores.runs if run.diverged is None and run.epochs)
        return self._once(
            ("unit", metric.name),
            lambda: unit_of(metric, subject.task, subject.item, [run.score(metric.name) for run in runs]),
        )

    def summaries(self, name: str = "") -> tuple[ArmSummary, ...]:
        """Every arm's scores after the last epoch, by one metric."""
        name = self.metric(name).name
        return self._once(
            ("summaries", name), lambda: tuple(summarise(self.scores, name, arm, self.labels[arm]) for arm in self.arms)
        )

    def band(self, name: str, arm: str, split: str = "test") -> Band:
        """An arm's curve over the epochs."""
        name = self.metric(name).name
        return self._once(("band", name, arm, split), lambda: band(self.scores, name, arm, split))

    def cost(self, name: str = "") -> tuple[CostPoint, ...]:
        """Score against training time; another metric than the question's has no verdicts, so none is beaten by it."""
        name = self.metric(name).name

        def compute() -> tuple[CostPoint, ...]:
            decided = name == self.question.metric.name and not self.question.seed_sources
            pairs = self.comparison.pairs if decided else ()
            verdicts = {(pair.arm, pair.other): pair.verdict for pair in pairs}
            reverse = {(pair.other, pair.arm): pair.verdict.reversed for pair in pairs}
            return cost_points(self.scores, name, self.labels, verdicts | reverse)

        return self._once(("cost", name), compute)

    @cached_property
    def comparison(self) -> Comparison:
        """Every arm against the baseline, and all pairs; without verdicts where no network has learned anything."""
        question = self.question
        if all_at_chance(self.scores.runs, self.subject.task):
            question = replace(question, withheld={**question.withheld, ALL_PAIRS: AT_CHANCE})
        unit = self.unit(question.metric.name)
        return compare_setting(
            self.scores, question, self.subject, self.labels, unit, self.setting, families=self.families
        )

    @cached_property
    def claims(self) -> tuple[JudgedClaim, ...]:
        """The study's claims, tested."""
        return judge_claims(self.scores, self.question, self.unit)

    @cached_property
    def published(self) -> tuple[PublishedCheck, ...]:
        """Published numbers beside ours."""
        return check_published(self.scores, self.question)

    @cached_property
    def variances(self) -> tuple[ArmVariance, ...]:
        """The variance between runs by source."""
        return variance_by_source(self.scores, self.question)

    @cached_property
    def probes(self) -> ProbeSummary:
        """What the probes counted."""
        return ProbeSummary.of(self.scores)

    @cached_property
    def calibrations(self) -> Mapping[str, ArmCalibration]:
        """Calibration of every arm whose records hold it."""
        return {arm: stored for arm in self.arms if (stored := arm_calibration(self.scores, arm)) is not None}

    @cached_property
    def robustness(self) -> Mapping[str, Mapping[tuple[str, str], Interval]]:
        """Accuracy on degraded inputs of every arm whose records hold it."""
        return {arm: accuracies for arm in self.arms if (accuracies := arm_robustness(self.scores, arm))}

    def results(self, arm: str) -> tuple[RunResult, ...]:
        """The finished runs of an arm that have a record of ours."""
        return tuple(run for run in self.scores.finished(arm) if isinstance(run, RunResult) and run.epochs)

    def class_names(self, classes: int) -> tuple[str, ...]:
        """What the classes are called, or their numbers."""
        if self.records is None:
            return tuple(map(str, range(classes)))
        return study_facts.class_names(self.records, classes)
