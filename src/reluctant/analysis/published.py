"""Published numbers beside ours: whether each could be one more result of the runs here."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from reluctant.analysis.question import Question
from reluctant.scores import Floats, ScoredRun, Scores
from reluctant.statistics import prediction_interval, t_quantile
from reluctant.statistics.interval import satterthwaite
from reluctant.study import PublishedNumber

CONFIDENCE = 0.95
LAST_BITS = 1e-9  # a mean of equal numbers may differ from them by as little


class Agreement(StrEnum):
    """How a published number compares with ours."""

    AGREES = "agrees"
    HIGHER = "higher than ours"
    LOWER = "lower than ours"
    UNDECIDED = "undecided"

    @property
    def sign(self) -> str:
        """A sign that differs by its form."""
        return {"agrees": "✓", "higher than ours": "▲", "lower than ours": "▼", "undecided": "?"}[self.value]


@dataclass(frozen=True)
class PublishedCheck:
    """A published number and ours."""

    published: PublishedNumber
    n: int  # our finished runs that have the epoch
    mean: float  # their mean; NaN where there is none
    low: float | None  # from here the published number agrees; None where n is under two
    high: float | None  # up to here it agrees
    agreement: Agreement
    reason: str = ""  # what keeps the number undecided; empty where nothing does


def check_published(scores: Scores, question: Question) -> tuple[PublishedCheck, ...]:
    """Every published number of a study beside the scores of one setting, in the study's order.

    A single run agrees where one further run of ours would lie in 95 % of cases, mean ± t·s·√(1 + 1/n); a
    mean of several runs where Welch's interval of the difference of means holds 0. An arm with diverged runs,
    and one without two runs that have the epoch, is undecided.
    """
    return tuple(_check(scores, published) for published in question.published)


def _check(scores: Scores, published: PublishedNumber) -> PublishedCheck:
    runs = scores.of(published.activation) if published.activation in scores.arms else ()
    comparable = [run for run in runs if run.diverged is None and run.epochs >= (published.epoch or 1)]
    epoch = -1 if published.epoch is None else published.epoch - 1
    values = np.array([run.curve(published.metric, published.split)[epoch] for run in comparable], float)
    low, high = _bounds(values, published)
    agreement, reason = Agreement.UNDECIDED, _missing(runs, len(values))
    if not reason and low is not None and high is not None:
        if low - LAST_BITS <= published.value <= high + LAST_BITS:
            agreement = Agreement.AGREES
        elif high - low <= LAST_BITS:  # bounds that are one number: no spread was measured
            reason = "our runs do not differ"
        else:
            agreement = Agreement.HIGHER if published.value > high else Agreement.LOWER
    mean = float(values.mean()) if len(values) else float("nan")
    return PublishedCheck(published, len(values), mean, low, high, agreement, reason)


def _missing(runs: Sequence[ScoredRun], n: int) -> str:
    """What keeps a number from being judged; empty where nothing does."""
    diverged = sum(run.diverged is not None for run in runs)
    if not runs:
        return "no run of ours"
    if diverged:
        return f"{diverged} of {len(runs)} diverged"
    if not n:
        return f"our runs end after epoch {max(run.epochs for run in runs)}"
    return "one run has no spread" if n == 1 else ""


def _bounds(values: Floats, published: PublishedNumber) -> tuple[float | None, float | None]:
    """Between which values a published number agrees with ours; None under two values."""
    if len(values) < 2:
        return None, None
    if published.deviation is None:
        interval = prediction_interval(values, CONFIDENCE)
        return interval.low, interval.high
    # Welch's interval of our mean minus one of `runs` runs with this standard deviation (Welch 1947)
    mean, ours = float(values.mean()), float(values.var(ddof=1)) / len(values)
    theirs = published.deviation**2 / published.runs
    if ours + theirs == 0:
        return mean, mean
    df = satterthwaite((ours, len(values) - 1), (theirs, published.runs - 1))
    half = t_quantile(0.5 + CONFIDENCE / 2, df) * float(np.sqrt(ours + theirs))
    return mean - half, mean + half
