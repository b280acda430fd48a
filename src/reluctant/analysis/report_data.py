"""Everything that a page, a terminal, a notebook, an export and the figures draw: each part computed once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, Self

from reluctant.analysis import study_facts
from reluctant.analysis.agreement import withheld_verdicts
from reluctant.analysis.comparison import Comparison, compare_setting
from reluctant.analysis.labels import Period, Subject, arm_labels, dataset_title
from reluctant.analysis.overall import Overall, overall_answers
from reluctant.analysis.question import Question, arm_of
from reluctant.analysis.reported import indistinguishable, reported_metrics, reported_remarks
from reluctant.analysis.selection import select_values
from reluctant.analysis.setting_data import SettingData
from reluctant.catalogue.metrics import METRICS
from reluctant.records.study_records import StudyRecords
from reluctant.scores import Scores
from reluctant.study import Run
from reluctant.study.study import AXES


@dataclass(eq=False)
class ReportData:
    """The analysis of a whole study, or of somebody's table of scores."""

    scores: Scores
    question: Question
    subject: Subject
    labels: Mapping[str, str]
    runs_planned: int  # how many runs there will be
    planned_epochs: int
    records: StudyRecords | None = None  # the study's records; None for a table
    notes: tuple[str, ...] = ()  # of a table: what its columns were taken for
    remarks: tuple[str, ...] = ()  # of reported scores: what a reader may not expect

    @classmethod
    def of(cls, records: StudyRecords, **options: Any) -> Self:
        """The analysis of a study; `options` are `metric`, `baseline`, `margin` and `at` in place of its own.

        Raises:
            StudyError: An unknown metric, an arm that takes no part, a negative margin.
        """
        study = records.study
        metrics = reported_metrics(records) if study.reported else {metric.name: metric for metric in METRICS}
        settings = {tuple((axis, getattr(run, axis)) for axis in study.varied_axes): None for run in study.runs()}
        control_seeds = set(study.control_seeds)
        scores = Scores(
            study.arms,
            study.seed,
            tuple(run for run in records.scored if run.seed not in control_seeds),
            tuple(dict(pairs) for pairs in settings),
            metrics,
            tuple(r for r in records.scored if r.seed in control_seeds and r.arm == study.baseline),
            tuple(axis for axis in AXES if not study.reported or getattr(study, axis) != (getattr(Run, axis),)),
        )
        if options.get("metric") is not None:
            options["metric"] = scores.metric(str(options["metric"]))
        first = records.asked_first
        question = Question.of_study(study, metrics, extended=records.extended_after_looking, first=first, **options)
        provisional = records.missing > 0 and not question.sequential
        withheld = indistinguishable(records) if study.reported else withheld_verdicts(records)
        question = replace(question, withheld=withheld, provisional=provisional)
        labels = arm_labels(study.arms)
        if study.reported:
            subject = Subject(study.name, "", "", arms="arms" if study.arm else "activations", reported=True)
            epochs = max((run.epochs for run in scores.runs), default=1)
            subject = replace(subject, epochs=epochs > 1)
            remarks = reported_remarks(scores, records)
            return cls(scores, question, subject, labels, records.planned, epochs, records, remarks=remarks)
        data = "; ".join(map(dataset_title, study.dataset))
        period = Period(study.evaluate_every)
        subject = Subject(study.name, data, study.task, study_facts.items_of(records), "activations", period=period)
        return cls(scores, question, subject, labels, records.planned, study.epochs[0], records)

    @classmethod
    def of_table(
        cls, scores: Scores, subject: Subject, notes: Sequence[str] = (), remarks: Sequence[str] = (), *,
        metric: str | None = None, baseline: str | None = None, margin: float | None = None, at: str | None = None,
        looks: Literal["any", "at the end"] = "any", paired: bool = True,
    ) -> Self:  # fmt: skip
        """The analysis of scores from a table; the first metric decides, and the first arm is the baseline.

        Raises:
            StudyError: An unknown metric, an arm that takes no part, a negative margin.
        """
        decides = next(iter(scores.metrics.values())) if metric is None else scores.metric(metric)
        question = Question(
            decides, scores.arms[0] if baseline is None else arm_of(baseline, scores.arms),
            decides.margin if margin is None else margin, at or "last", looks, paired=paired,
        )  # fmt: skip
        epochs = max((run.epochs for run in scores.runs), default=1)
        runs = len(scores.runs) + len(scores.control)
        subject = replace(subject, epochs=epochs > 1)
        labels = arm_labels(scores.arms)
        return cls(scores, question, subject, labels, runs, epochs, None, tuple(notes), tuple(remarks))

    def with_question(self, **options: Any) -> Self:
        """The same scores and another question: `metric`, `baseline`, `margin`, `at` in place of this one's."""
        options = {key: value for key, value in options.items() if value is not None}
        if not options:
            return self
        if self.records is not None:
            return type(self).of(self.records, **options)
        usual: dict[str, Any] = {
            "baseline": self.question.baseline,
            "at": self.question.at,
            "looks": self.question.looks,
        }
        if "metric" not in options:
            usual |= {"metric": self.question.metric.name, "margin": self.question.margin}
        question = {**usual, "paired": self.question.paired, **options}
        return type(self).of_table(self.scores, self.subject, self.notes, self.remarks, **question)

    @property
    def missing(self) -> int:
        """How many runs have not finished."""
        return self.runs_planned - self.finished

    @property
    def finished(self) -> int:
        """How many runs have finished, those of the control among them."""
        return len(self.scores) + len(self.scores.control)

    @cached_property
    def settings(self) -> tuple[SettingData, ...]:
        """One analysis per setting."""
        common = self.question, self.subject, self.labels
        families = len(self.scores.settings)
        return tuple(
            SettingData(
                self.scores.at(s), *common, s, int(s.get("epochs", self.planned_epochs)), self.records, families
            )
            for s in self.scores.settings
        )

    @cached_property
    def comparisons(self) -> tuple[Comparison, ...]:
        """One comparison per setting; then those in which every arm has its own value of an axis.

        Empty where a `[seed]` table varies the sources of randomness: nothing is compared then.
        """
        if self.question.seed_sources:
            return ()
        common = self.question, self.subject, self.labels, self.settings[0].unit(self.question.metric.name)
        selections = (
            compare_setting(scores, *common, setting, selected)
            for setting, selected, scores in select_values(self.scores, self.question)
        )
        return (*(setting.comparison for setting in self.settings), *selections)

    @cached_property
    def overall(self) -> tuple[Overall, ...]:
        """Every arm against the baseline over all settings; empty under three, and where a value is chosen per arm."""
        return () if self.question.choose else overall_answers([c for c in self.comparisons if not c.selected])

    @property
    def one_setting(self) -> SettingData:
        """The only setting; `StudyError` where more than arm and seed varies."""
        self.scores.require_one_setting()
        return self.settings[0]

    def min_seeds(self) -> int:
        """The fewest finished runs of an arm that has any; the planned seeds where there are several settings."""
        if len(self.settings) > 1:
            return len(self.scores.seeds)
        name = self.question.metric.name
        return min((n for arm in self.scores.arms if (n := self.scores.interval(name, arm).n)), default=0)
