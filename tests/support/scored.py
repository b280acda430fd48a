"""Records with given scores, for tests of what analysis concludes from them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from reluctant.analysis.report_data import ReportData
from reluctant.analysis.setting_data import SettingData
from reluctant.catalogue.metrics import SPLITS
from reluctant.records.run_result import RunResult
from reluctant.records.schema import HistoryRecord, RunRecord
from reluctant.records.study_records import StudyRecords
from reluctant.study import Run, Study
from tests.support.records import record

IMAGES = 1000
NOISE = np.array([0.0, 0.002, -0.001, 0.001, -0.002])
PUBLISHED = {"activation": "relu", "value": 0.9, "source": "Someone 2020, table 1"}
FIVE_PUBLISHED = [
    {**PUBLISHED, "value": 0.95, "epoch": 1},
    {**PUBLISHED, "value": 0.99, "epoch": 2},
    {**PUBLISHED, "activation": "gelu", "value": 0.1, "epoch": 1},
    {**PUBLISHED, "activation": "gelu", "value": 0.1, "epoch": 2},
    {**PUBLISHED, "activation": "elu", "value": 0.9, "epoch": 1},
]
SCORES_BESIDE_PUBLISHED = {"relu": [[0.95 + x, 0.95 + x] for x in NOISE], "gelu": [[0.9 + x, 0.92 + x] for x in NOISE]}
EXTENDED = HistoryRecord(date="2026-01-01", looked=True, changed={"seed": [[0], [0, 1]]})


def confusion(right: int, images: int = IMAGES) -> list[list[int]]:
    """Two classes of equal size with this many images right, the wrong ones spread evenly: F1 = accuracy."""
    half, wrong = images // 2, images - right
    first = wrong // 2
    return [[half - first, first], [wrong - first, half - wrong + first]]


def scored_record(run: Run, curve: Sequence[float], losses: Sequence[float] | None = None, **changes: Any) -> RunRecord:
    """A record whose test accuracy after every epoch is `curve`, to one image in a thousand."""
    losses = losses if losses is not None else [1 - value for value in curve]
    content = record(Run(run.activation, run.seed, epochs=1)).to_json()
    epochs = [
        {
            "epoch": number,
            "seconds": {"train": 1.0, "evaluate": 0.1},
            "lr": run.lr,
            "loss": dict.fromkeys(SPLITS, loss),
            "confusion": dict.fromkeys(SPLITS, confusion(round(value * IMAGES))),
        }
        for number, (value, loss) in enumerate(zip(curve, losses, strict=True), 1)
    ]
    return RunRecord.read({**content, "run": run.to_dict(), "epochs": epochs, **changes})


def scored_records(
    scores: Mapping[str, Sequence[float | Sequence[float]]],
    *,
    losses: Mapping[str, Sequence[float | Sequence[float]]] | None = None,
    extended: bool = False,
    diverged: Sequence[tuple[str, int]] = (),
    **fields: Any,
) -> StudyRecords:
    """Records of a study: per activation one final score, or a whole curve, for every seed.

    `extended`: seeds were added when there were results already. `fields` are those of the study.
    """
    first = next(iter(scores.values()))
    epochs = len(np.atleast_1d(np.asarray(first[0])))
    study = Study(activation=list(scores), seed=list(range(len(first))), epochs=epochs, **fields)
    runs = []
    for run in study.runs():
        curve = np.atleast_1d(np.asarray(scores[run.activation][int(run.seed)])).tolist()
        loss = None
        if losses is not None:
            loss = np.atleast_1d(np.asarray(losses[run.activation][int(run.seed)])).tolist()
        last = epochs if (run.activation, run.seed) in diverged else None
        runs.append(RunResult.of(scored_record(run, curve, loss, diverged=last)))
    return StudyRecords(study, tuple(runs), history=(EXTENDED,) if extended else ())


def report_data(scores: Mapping[str, Sequence[float | Sequence[float]]], **fields: Any) -> ReportData:
    """The analysis of such records; `fields` as for `scored_records`."""
    return ReportData.of(scored_records(scores, **fields))


def setting_data(scores: Mapping[str, Sequence[float | Sequence[float]]], **fields: Any) -> SettingData:
    """The same at the only setting of the study."""
    return report_data(scores, **fields).one_setting
