"""Published numbers beside ours: whether each could be one more result of the runs we made."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from reluctant.records.run_result import Result
from reluctant.records.study_results import Results
from reluctant.statistics import prediction_interval, t_quantile
from reluctant.statistics.unpaired import satterthwaite
from reluctant.study import Published

Floats = npt.NDArray[np.float64]
LEVEL, GROWN = 0.95, 0.975
LAST_BITS = 1e-9  # a mean of equal numbers may differ from them by as little


class Agreement(StrEnum):
    """What a published number is, held beside ours."""

    AGREES = "agrees"
    HIGHER = "higher than ours"
    LOWER = "lower than ours"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Beside:
    """A published number and ours: n finished runs, their mean, the bounds between which it agrees.

    The bounds are None where n is under two. `why` says what keeps a number undecided; empty where nothing
    does.
    """

    published: Published
    n: int
    mean: float  # NaN where no run has the epoch
    low: float | None
    high: float | None
    verdict: Agreement
    why: str = ""


def confidence(results: Results) -> float:
    """That of the bounds: 95 %, or 97.5 % in a study that has grown after results had been seen."""
    return GROWN if results.grown else LEVEL


def held_beside(results: Results) -> tuple[Beside, ...]:
    """Every published number of a study beside the results of one setting, in the study's order."""
    return tuple(beside(results, each) for each in results.study.published)


def beside(results: Results, published: Published) -> Beside:
    """One published number beside ours.

    A single run agrees where one further run of ours would lie in 95 % of cases, mean ± t·s·√(1 + 1/n); a
    mean of several runs where Welch's interval of the difference of means holds 0. An activation with
    diverged runs, and one without two runs that have the epoch, is undecided.
    """
    runs = results.of(published.activation)
    values = np.array([_score(run, published) for run in runs if _has(run, published)])
    low, high = _bounds(values, published, confidence(results))
    verdict, why = Agreement.UNDECIDED, _missing(runs, len(values), published)
    if not why and low is not None and high is not None:
        verdict = _verdict(published.value, low, high)
        why = "" if verdict != Agreement.UNDECIDED else "our runs do not differ"
    mean = float(values.mean()) if len(values) else float("nan")
    return Beside(published, len(values), mean, low, high, verdict, why)


def _has(run: Result, published: Published) -> bool:
    """Whether a run that did not diverge has come to the epoch."""
    return run.diverged is None and run.epochs >= (published.epoch or 1)


def _score(run: Result, published: Published) -> float:
    curve = run.curve(published.metric, published.split)
    return float(curve[-1 if published.epoch is None else published.epoch - 1])


def _missing(runs: Sequence[Result], n: int, published: Published) -> str:
    """What keeps a number from being judged; empty where nothing does."""
    lost = sum(run.diverged is not None for run in runs)
    if not runs:
        return "no run of ours"
    if lost:
        return f"{lost} of {len(runs)} diverged"
    if not n:
        return f"our runs end after epoch {max(run.epochs for run in runs)}"
    return "one run has no spread" if n == 1 else ""


def _bounds(values: Floats, published: Published, sure: float) -> tuple[float | None, float | None]:
    """Between which values a published number agrees with ours; None under two values."""
    if len(values) < 2:
        return None, None
    if published.deviation is None:
        found = prediction_interval(values, sure)
        return found.low, found.high
    mean, half = float(values.mean()), _welch(values, published.deviation, published.runs, sure)
    return mean - half, mean + half


def _welch(values: Floats, deviation: float, runs: int, sure: float) -> float:
    """Half of Welch's interval of our mean minus one of `runs` runs with this deviation (Welch 1947)."""
    ours, theirs = float(values.var(ddof=1)) / len(values), deviation**2 / runs
    if ours + theirs == 0:
        return 0.0
    freedom = satterthwaite((ours, len(values) - 1), (theirs, runs - 1))
    return t_quantile(0.5 + sure / 2, freedom) * float(np.sqrt(ours + theirs))


def _verdict(value: float, low: float, high: float) -> Agreement:
    """Inside, above or below; undecided outside bounds that are one number, where no spread was seen."""
    if low - LAST_BITS <= value <= high + LAST_BITS:
        return Agreement.AGREES
    if high - low <= LAST_BITS:
        return Agreement.UNDECIDED
    return Agreement.HIGHER if value > high else Agreement.LOWER
