"""Folders of studies that predict numbers, with artificial records in the form that the store holds."""

import base64
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from reluctant.catalogue.metrics import SPLITS, regression_sums
from reluctant.records.schema import DataRecord, RunRecord
from reluctant.records.store import Store
from reluctant.records.study_records import StudyRecords
from reluctant.study import Run, Study
from tests.support.records import record

ROWS, MEAN = 200, 150.0
ERRORS = {"relu": 50.0, "gelu": 40.0, "tanh": 49.0}  # standard deviation of the errors after the last epoch


def targets(rows: int = ROWS, outputs: int = 1) -> "np.typing.NDArray[np.float64]":
    """The true targets of the test rows, (rows, outputs)."""
    values = np.random.default_rng(0).normal(MEAN, 70, (rows, outputs))
    return values.astype("<f8").astype(float)


def regression_record(run: Run, rows: int = ROWS, outputs: int = 1, *, diverged: int | None = None) -> RunRecord:
    """A record whose errors fall with every epoch to those of `ERRORS`; seeds differ a little."""
    rng = np.random.default_rng([int(run.seed), zlib.crc32(run.activation.encode())])
    true = targets(rows, outputs)
    noise = np.random.default_rng(int(run.seed)).standard_normal(true.shape)
    content = record(Run(run.activation, run.seed, epochs=run.epochs), diverged=diverged).to_json()
    predicted = true
    for epoch in content["epochs"]:
        size = ERRORS[run.activation] * (1 + (run.epochs - epoch["epoch"]) / 4) * rng.uniform(0.99, 1.01)
        predicted = (true + size * noise).astype("<f8").astype(float)
        sums = regression_sums(true, predicted)
        del epoch["confusion"]
        epoch["sums"] = {split: sums.tolist() for split in SPLITS}
        epoch["loss"] = dict.fromkeys(SPLITS, float(sums[2].sum() / sums[3].sum()))
    stored = "" if diverged else base64.b64encode(predicted.astype("<f8").tobytes()).decode()
    final = None if diverged else {"loss": 0.3, "sums": content["epochs"][-1]["sums"]["train"]}
    return RunRecord.read({**content, "run": run.to_dict(), "final": final, "test_predictions": stored})


def regression_records(
    path: Path, *, rows: int = ROWS, outputs: int = 1, lost: int | None = None, **fields: Any
) -> StudyRecords:
    """What a study's folder holds; `lost` is the seed of `tanh` that diverged in the second epoch."""
    usual: dict[str, Any] = {"activation": list(ERRORS), "seed": [0, 1, 2], "epochs": 4}
    study = Study(**{**usual, "name": "numbers", "dataset": "diabetes", "task": "regression", **fields})
    (path / "data").mkdir(parents=True)
    (path / "study.toml").write_text(study.to_toml(), "utf-8")
    description = data_record(rows, outputs).model_dump(exclude_unset=True)
    (path / "data" / "1.json").write_text(json.dumps(description), "utf-8")
    for run in study.runs():
        diverged = 2 if (run.activation, run.seed) == ("tanh", lost) else None
        Store(path / "runs").add(run.key, regression_record(run, rows, outputs, diverged=diverged))
    return StudyRecords.read(path)


def data_record(rows: int = ROWS, outputs: int = 1) -> DataRecord:
    """What a folder holds of the data."""
    truth = base64.b64encode(targets(rows, outputs).astype("<f8").tobytes()).decode()
    return DataRecord(
        name="diabetes",
        sha256="1" * 64,
        classes=[],
        warnings=[],
        items="rows",
        images={"train": rows, "valid": rows, "test": rows},
        test_targets=truth,
        outputs=outputs,
        remarks=["the column <b>age</b> was filled in with its median"],
    )
