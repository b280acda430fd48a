"""Folders of studies that predict numbers, with records made up in the form the store keeps."""

import base64
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from reluctant.records.study_results import Results

from reluctant.catalogue.metrics import regression_sums
from reluctant.records.store import Record, Store
from reluctant.study import Run, Study
from tests.support.records import record

ROWS, MEAN = 200, 150.0
ERRORS = {"relu": 50.0, "gelu": 40.0, "tanh": 49.0}  # deviation of the errors after the last epoch


def targets(rows: int = ROWS, outputs: int = 1) -> "np.typing.NDArray[np.float64]":
    """The truth about the test rows, (rows, outputs), as float32 holds it."""
    drawn = np.random.default_rng(0).normal(MEAN, 70, (rows, outputs))
    return drawn.astype("<f8").astype(float)


def made(run: Run, rows: int = ROWS, outputs: int = 1, *, diverged: int | None = None) -> Record:
    """A record whose errors fall with every epoch to those of `ERRORS`; seeds differ a little."""
    rng = np.random.default_rng([int(run.seed), zlib.crc32(run.activation.encode())])
    true = targets(rows, outputs)
    noise = np.random.default_rng(int(run.seed)).standard_normal(true.shape)
    given: Any = record(Run(run.activation, run.seed, epochs=run.epochs), diverged=diverged)
    guessed = true
    for epoch in given["epochs"]:
        size = ERRORS[run.activation] * (1 + (run.epochs - epoch["epoch"]) / 4) * rng.uniform(0.99, 1.01)
        guessed = (true + size * noise).astype("<f8").astype(float)
        sums = regression_sums(true, guessed)
        del epoch["confusion"]
        epoch["sums"] = {split: sums.tolist() for split in ("train", "valid", "test")}
        loss = float(sums[2].sum() / sums[3].sum())
        epoch["loss"] = dict.fromkeys(("train", "valid", "test"), loss)
    kept = "" if diverged else base64.b64encode(guessed.astype("<f8").tobytes()).decode()
    final = None if diverged else {"loss": 0.3, "sums": given["epochs"][-1]["sums"]["train"]}
    return {**given, "run": run.to_dict(), "final": final, "test_predictions": kept}


def folder(
    path: Path, *, rows: int = ROWS, outputs: int = 1, lost: int | None = None, **fields: Any
) -> Results:
    """What a study's folder holds; `lost` is the seed of `tanh` that diverged in the second epoch."""
    asked: dict[str, Any] = {"activation": list(ERRORS), "seed": [0, 1, 2], "epochs": 4}
    study = Study(**{**asked, "name": "numbers", "dataset": "diabetes", "task": "regression", **fields})
    (path / "data").mkdir(parents=True)
    (path / "study.toml").write_text(study.to_toml(), "utf-8")
    (path / "data" / "1.json").write_text(json.dumps(described(rows, outputs)), "utf-8")
    for run in study.runs():
        diverged = 2 if (run.activation, run.seed) == ("tanh", lost) else None
        Store(path / "runs").add(run.key, made(run, rows, outputs, diverged=diverged))
    return Results.read(path)


def described(rows: int = ROWS, outputs: int = 1) -> dict[str, Any]:
    """What a folder keeps of the data."""
    truth = base64.b64encode(targets(rows, outputs).astype("<f8").tobytes()).decode()
    return {
        "name": "diabetes", "sha256": "1" * 64, "classes": [], "warnings": [], "items": "rows",
        "images": {"train": rows, "valid": rows, "test": rows}, "test_targets": truth, "outputs": outputs,
        "remarks": ["the column <b>age</b> was filled in with its median"],
    }  # fmt: skip
