"""Whether a network has learned anything: what it predicts is better than what ignores the inputs."""

from collections.abc import Iterable

import numpy as np

from reluctant.catalogue.metrics import REGRESSION, TOKENS, Counts, tally
from reluctant.records.run_result import RunResult
from reluctant.scores import ScoredRun

AT_CHANCE = "no network has learned anything"


def all_at_chance(runs: Iterable[ScoredRun], task: str) -> bool:
    """Whether none of the finished runs has learned anything; False where there is none, or that is not known."""
    finished = [run for run in runs if run.diverged is None and run.epochs]
    known = [run for run in finished if isinstance(run, RunResult)]
    return len(known) == len(finished) > 0 and not any(has_learned(run, task) for run in known)


def has_learned(run: RunResult, task: str) -> bool:
    """Whether a finished run's accuracy is above chance, or its R² above 0, the score of the mean target.

    Of tokens: whether its lowest test loss is below that of guessing by the frequencies of the training part, by more
    than 1 %; true where that is not known.
    """
    if task == TOKENS:
        return run.guess_loss is None or bool(run.loss["test"].min() < 0.99 * run.guess_loss)
    return run.score("r2") > 0 if task == REGRESSION else _beats_chance(run.counts["test"][-1])


def _beats_chance(counts: Counts) -> bool:
    """Whether predictions agree with the classes more often than predictions that ignore the inputs.

    These would be right as often as the frequencies of the predicted and of the true classes say (Cohen 1960); more is
    three standard errors above that. With rare classes an accuracy may be below that of the most frequent class alone
    and yet above this.
    """
    hits, predicted, true = tally(counts)
    items = int(true.sum())
    chance = float((predicted * true).sum()) / items**2
    return bool(hits.sum() / items > chance + 3 * np.sqrt(chance * (1 - chance) / items))
