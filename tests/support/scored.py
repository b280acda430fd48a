"""Results with scores of one's choice, for tests of what is concluded from them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from reluctant.records.study_results import Results

from reluctant.records.run_result import SPLITS, Result
from reluctant.records.store import Record
from reluctant.study import Run, Study
from tests.support.records import record

IMAGES = 1000


def matrix(right: int, images: int = IMAGES) -> list[list[int]]:
    """Two classes of equal size with this many images right, the wrong ones spread evenly: F1 = accuracy."""
    half, wrong = images // 2, images - right
    first = wrong // 2
    return [[half - first, first], [wrong - first, half - wrong + first]]


def made(run: Run, curve: Sequence[float], losses: Sequence[float] | None = None, **changes: Any) -> Record:
    """A record whose test accuracy after every epoch is `curve`, to one image in a thousand."""
    losses = losses if losses is not None else [1 - value for value in curve]
    given = record(Run(run.activation, run.seed, epochs=1))
    epochs = []
    for number, (value, loss) in enumerate(zip(curve, losses, strict=True), 1):
        seconds = {"train": 1.0, "evaluate": 0.1}
        cells = dict.fromkeys(SPLITS, matrix(round(value * IMAGES)))
        about = {"epoch": number, "seconds": seconds, "lr": run.lr}
        epochs.append({**about, "loss": dict.fromkeys(SPLITS, loss), "confusion": cells})
    return {**given, "run": run.to_dict(), "epochs": epochs, **changes}


def results(
    scores: Mapping[str, Sequence[float | Sequence[float]]],
    *,
    losses: Mapping[str, Sequence[float | Sequence[float]]] | None = None,
    grown: bool = False,
    diverged: Sequence[tuple[str, int]] = (),
    **fields: Any,
) -> Results:
    """Results of a study: per activation one final score, or a whole curve, for every seed."""
    first = next(iter(scores.values()))
    epochs = len(np.atleast_1d(np.asarray(first[0])))
    study = Study(activation=list(scores), seed=list(range(len(first))), epochs=epochs, **fields)
    found = []
    for run in study.runs():
        curve = np.atleast_1d(np.asarray(scores[run.activation][int(run.seed)]))
        loss = None if losses is None else np.atleast_1d(np.asarray(losses[run.activation][int(run.seed)]))
        lost = epochs if (run.activation, run.seed) in diverged else None
        found.append(
            Result.of(made(run, curve.tolist(), None if loss is None else loss.tolist(), diverged=lost))
        )
    return Results(study, tuple(found), grown=grown)
