"""What decides, and what else a study sets out to test."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal, Self

from reluctant.analysis.agreement import Withheld
from reluctant.catalogue import ACTIVATIONS
from reluctant.catalogue.metrics import Metric
from reluctant.core.errors import ReluctantError, StudyError
from reluctant.scores import AT
from reluctant.study import Claim, Compare, PublishedNumber, Study


@dataclass(frozen=True)
class Question:
    """The question that scores answer."""

    metric: Metric  # the metric that decides
    baseline: str  # the arm that all others are compared with
    margin: float  # differences below this do not matter
    at: str = "last"  # the score that counts: after the last epoch, the best one on validation, or the mean over epochs
    looks: Literal["any", "at the end"] = "any"  # whether verdicts hold after any seed, or once, at the end
    extended: bool = False  # whether seeds were added when there were results already
    provisional: bool = False  # whether a study that is judged once, at its end, is not complete
    choose: str | None = None  # an axis of which every arm gets the value that is best on validation
    claims: tuple[Claim, ...] = ()  # claims about arms that take part
    published: tuple[PublishedNumber, ...] = ()  # published numbers to compare with
    # the seeds of every source of randomness where a `[seed]` table varies them apart; nothing is compared then
    seed_sources: Mapping[str, tuple[int, ...]] | None = None
    withheld: Withheld = field(default_factory=dict)  # pairs of arms without a verdict, with the reason
    paired: bool = True  # whether the seeds pair runs; those of a table without seeds are not paired
    changed: tuple[
        str, ...
    ] = ()  # what differs from the question that was asked first: metric, baseline, margin, at, looks

    @property
    def pairs(self) -> str:
        """What is counted in a comparison: seeds, or runs where these are not paired."""
        return "seed" if self.paired else "run"

    @property
    def sequential(self) -> bool:
        """Whether p and intervals must hold at every look: always, but in a study that is judged once, at its end."""
        return self.looks == "any" or self.extended

    def __post_init__(self) -> None:
        if not 0 <= self.margin < float("inf"):
            raise StudyError(
                f"the margin is the largest difference that does not matter, a number that is 0 or more, not "
                f"{self.margin}"
            )
        if self.at not in AT:
            raise StudyError(f"at is last, best or mean, not {self.at!r}")

    @classmethod
    def of_study(
        cls, study: Study, metrics: Mapping[str, Metric], *, extended: bool = False, first: Compare | None = None,
        metric: Metric | None = None, baseline: str | None = None, margin: float | None = None, at: str | None = None,
    ) -> Self:  # fmt: skip
        """The question of a study, with what is given in place of the study's own.

        `first` is what the study asked before its first result, where that was something else.

        Raises:
            StudyError: An arm that takes no part, a negative margin, another word for `at`.
        """
        own = _metric_of(study.compare, metrics)
        metric = metric or own
        if margin is None and metric is own:
            margin = study.compare.margin
        margin = metric.margin if margin is None else margin
        baseline = study.baseline if baseline is None else arm_of(baseline, study.arms)
        at = at or study.compare.at
        changed = _changes((metric, baseline, margin, at), study, first or study.compare, metrics)
        return cls(
            metric, baseline, margin, at, study.compare.looks, extended, choose=study.choose, claims=study.claims,
            published=study.published, seed_sources=study.sources or None, changed=changed,
        )  # fmt: skip


def _changes(
    question: tuple[Metric, str, float, str], study: Study, first: Compare, metrics: Mapping[str, Metric]
) -> tuple[str, ...]:
    """Which parts of a question are not those that were asked first."""
    if first.metric and first.metric not in metrics:
        return ()  # what the study asked before was never reported, so it had no answer
    metric = _metric_of(first, metrics)
    margin = metric.margin if first.margin is None else first.margin
    usual = margin if question[0] is metric else question[0].margin
    expected = metric, first.baseline or study.arms[0], usual, first.at
    parts = zip(("metric", "baseline", "margin", "at"), question, expected, strict=True)
    changed = tuple(part for part, now, before in parts if now != before)
    return (*changed, "looks") if first.looks != study.compare.looks else changed


def _metric_of(compare: Compare, metrics: Mapping[str, Metric]) -> Metric:
    """The metric that a study names; of reported ones the first, where it names none."""
    return metrics[compare.metric] if compare.metric else next(iter(metrics.values()))


def arm_of(name: str, arms: Sequence[str]) -> str:
    """The arm that a user means, by its name, an alias or without `here:`; `StudyError` where no arm has that name."""
    names = [name, f"here:{name}"]
    with suppress(ReluctantError):  # an arm need not be an activation
        names.append(str(ACTIVATIONS.canonical(name)))
    arm = next((each for each in names if each in arms), None)
    if arm is None:
        raise StudyError(f"{name!r} is not part of the study; choose one of {', '.join(arms)}")
    return arm
