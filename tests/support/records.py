"""Artificial records, in the form that the store holds, for tests that must not train."""

import base64
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from reluctant.core.canonical_json import digest, dumps
from reluctant.records.parts import Json
from reluctant.records.probe_table import compact
from reluctant.records.schema import SCHEMA, RunRecord
from reluctant.records.store import Store
from reluctant.records.study_records import StudyRecords
from reluctant.study import RECIPE, Run, Study

ENVIRONMENT = {"python": "3.11", "processor": "a processor", "cores": 2, "packages": {"torch": "2.13.0"}}
LAYERS = [
    {"name": "blocks.0.conv", "kind": "Conv2d", "shape": [32, 26, 26], "parameters": 320},
    {"name": "blocks.0.norm", "kind": "BatchNorm2d", "shape": [32, 26, 26], "parameters": 64},
    {"name": "blocks.0.activation", "kind": "ReLU", "shape": [32, 13, 13], "parameters": 0},
    {"name": "blocks.1.conv", "kind": "Conv2d", "shape": [64, 5, 5], "parameters": 18496},
    {"name": "blocks.1.activation", "kind": "ReLU", "shape": [64, 5, 5], "parameters": 0},
    {"name": "activation", "kind": "ReLU", "shape": [128], "parameters": 0},
    {"name": "head.linear", "kind": "Linear", "shape": [10], "parameters": 1290},
]
SITES = {"blocks.0.activation": (32, 169), "blocks.1.activation": (64, 25), "activation": (128, 1)}
PROBED = 32  # inputs of a probe snapshot
STRENGTHS = {
    "noise": ("0.25", "0.5", "1"),
    "blur": ("0.5", "1", "1.5"),
    "shift": ("1", "2", "4"),
    "rotation": ("10", "20", "40"),
}


def record(
    run: Run, *, accuracy: float = 0.97, images: int = 200, diverged: int | None = None, probed: bool = True
) -> RunRecord:
    """A record of `run` whose accuracy rises to about `accuracy`; not `probed`: as before the probes."""
    seed = run.seed if isinstance(run.seed, int) else zlib.crc32(run.seed.encode())
    rng = np.random.default_rng([seed, zlib.crc32(run.activation.encode())])
    last = run.epochs if diverged is None else diverged - 1
    epochs = [_epoch(rng, epoch, accuracy - 0.3 / epoch**1.5, images, run.lr) for epoch in range(1, last + 1)]
    grid = np.linspace(-5, 5, 101)
    final = None if diverged else {"loss": 0.05, "confusion": confusion(rng, images, accuracy)}
    start = {}
    if probed:
        snapshots = [probe_snapshot(run, epoch) for epoch in range(last + 1)]
        start = {"start": snapshots[0]}
        epochs = [{**epoch, "probes": each} for epoch, each in zip(epochs, snapshots[1:], strict=True)]
        final = final and {**final, **calibration_and_robustness(run, images)}
    content = {
        **start,
        "schema": SCHEMA,
        "run": run.to_dict(),
        "recipe": RECIPE,
        "diverged": diverged,
        "parameters": 110922,
        "layers": LAYERS,
        "epochs": epochs,
        "final": final,
        "shape": {"x": [-5.0, 5.0], "f": np.maximum(grid, 0).tolist(), "slope": (grid > 0).astype(float).tolist()},
        "test_predictions": base64.b64encode(bytes(rng.integers(0, 10, images).tolist())).decode(),
        "weights": digest(run.key),
        "data": "1" * 64,
        "warnings": [],
        "environment": digest(ENVIRONMENT)[:16],
    }
    return RunRecord.read(content)


def confusion(rng: np.random.Generator, images: int, accuracy: float, classes: int = 10) -> list[list[int]]:
    """A confusion matrix of `images` images, about `accuracy` of them right."""
    true = np.arange(images) % classes
    wrong = rng.random(images) > accuracy
    predicted = np.where(wrong, rng.integers(0, classes, images), true)
    return np.bincount(true * classes + predicted, minlength=classes**2).reshape(classes, classes).tolist()


def _epoch(rng: np.random.Generator, epoch: int, accuracy: float, images: int, lr: float) -> Json:
    level = max(0.1, accuracy + rng.normal(0, 0.005))
    return {
        "epoch": epoch,
        "seconds": {"train": 3.0, "evaluate": 0.4},
        "lr": lr,
        "loss": {s: float((1 - level) * 2 + rng.random() * 0.02) for s in ("train", "valid", "test")},
        "confusion": {s: confusion(rng, images, level) for s in ("train", "valid", "test")},
    }


def probe_snapshot(run: Run, epoch: int) -> Json:
    """What the probes count: units of `relu` die, those of others do not; `prelu` learns its slope."""
    learned = {name: layer_norms(epoch, 0.01) for name in SITES} if run.activation.startswith("prelu") else {}
    weights = {"blocks.0.conv": 0.02, "blocks.0.norm": 0.05, "blocks.1.conv": 0.1, "head.linear": 0.4}
    content = {
        "sites": {name: site_probe(run, epoch, i) for i, name in enumerate(SITES)},
        "layers": {**{name: layer_norms(epoch, size) for name, size in weights.items()}, **learned},
    }
    return compact(content, first=epoch == 0)


def layer_norms(epoch: int, size: float) -> dict[str, float]:
    """Norms that fall over the epochs; the weights move in every epoch, not before the first."""
    return {"gradient": size / (1 + epoch), "weight": 2.0, "update": 0.5 / epoch if epoch else 0.0}


def site_probe(run: Run, epoch: int, position: int) -> Json:
    """One site, by its position; a quarter of the units of the last one die in the first epoch."""
    channels, positions = list(SITES.values())[position]
    units = channels * positions
    values = units * PROBED
    dead_before, dead = (
        units // 4 if run.activation == "relu" and position == 2 and each > 0 else 0 for each in (epoch - 1, epoch)
    )
    at = zlib.crc32(f"{run.activation} {run.seed}".encode()) % 100 / 100
    content: Json = {
        "units": units, "dead": dead, "nearly": dead + 1, "died": dead - dead_before, "revived": 0,
        "channels": channels, "dead_channels": dead // positions, "values": values,
        "saturated": values // 5, "zero": values // 2, "in": [0.1 * at, 1.0 + at * epoch],
        "out": [0.4, 0.5 + at], "gradient": 0.3,
    }  # fmt: skip
    bell = np.exp(-(((np.linspace(-5.75, 5.75, 24) - at) / (1 + 0.1 * epoch)) ** 2))
    if epoch in (0, run.epochs):
        inputs = np.round(values * bell / bell.sum()).astype(int)
        content["histogram"] = {
            "in": inputs.tolist(),
            "out": [0] * 12 + [int(inputs[:13].sum()), *inputs[13:].tolist()],
        }
    if run.activation.startswith("prelu"):
        slope = 0.25 - 0.02 * epoch * (position + 1)
        content["learned"] = [slope]
        if "histogram" in content:
            x = np.linspace(-5, 5, 41)
            content["curve"] = np.where(x > 0, x, slope * x).tolist()
    return content


def calibration_and_robustness(run: Run, images: int) -> Json:
    """Calibration of a network that is 0.9 sure and 0.8 right; robustness where the run measures it."""
    bins = [0] * 13 + [images, 0]
    right, confidence = [4 * n // 5 for n in bins], [0.9 * n for n in bins]
    content: Json = {"calibration": {"images": bins, "right": right, "confidence": confidence, "brier": 0.3 * images}}
    if run.robustness:
        right_by_strength = {
            kind: {strength: images // (2 + i) for i, strength in enumerate(strengths)}
            for kind, strengths in STRENGTHS.items()
        }
        content["robustness"] = {"images": images, **right_by_strength}
    return content


def study_folder(path: Path, study: Study, *, skip: int = 0, **options: Any) -> Path:
    """A folder as `reluctant run` leaves it, without the last `skip` runs; `options` go to `record`."""
    path.mkdir(parents=True, exist_ok=True)
    (path / "study.toml").write_text(study.to_toml(), "utf-8")
    (path / "environments").mkdir(exist_ok=True)
    (path / "environments" / f"{digest(ENVIRONMENT)[:16]}.json").write_text(dumps(ENVIRONMENT), "utf-8")
    runs = list(study.runs())
    for run in runs[: len(runs) - skip]:
        Store(path / "runs").add(run.key, record(run, **options))
    return path


def study_records(path: Path, study: Study, diverged: Mapping[Any, int] | None = None) -> StudyRecords:
    """A folder with all runs of a study, read; `diverged` maps (activation, seed) to an epoch."""
    study_folder(path, study)
    for run in study.runs():
        epoch = (diverged or {}).get((run.activation, run.seed))
        if epoch is not None:
            Store(path / "runs").add(run.key, record(run, diverged=epoch))
    return StudyRecords.read(path)


def changed_records(path: Path, study: Study, change: Callable[[Json], None], arm: str = "") -> StudyRecords:
    """A folder whose records (of `arm`, or all) were changed as JSON before they were stored, read."""
    study_folder(path, study)
    for run in study.runs():
        if run.activation == arm or not arm:
            content = record(run).to_json()
            change(content)
            Store(path / "runs").add(run.key, content)
    return StudyRecords.read(path)


def snapshots_of(content: Json) -> list[Json]:
    """The probe snapshots of a record's JSON, the one before training first."""
    return [content["start"], *(epoch["probes"] for epoch in content["epochs"])]


def without_probes(content: Json) -> None:
    """Change a record's JSON to what versions before the probes wrote."""
    del content["start"]
    content["final"] = {key: content["final"][key] for key in ("loss", "confusion")}
    for epoch in content["epochs"]:
        del epoch["probes"]
