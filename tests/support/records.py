"""Made-up records, in the form the store keeps, for tests that must not train."""

import base64
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from reluctant.core.canonical_json import digest, dumps
from reluctant.records.store import Store
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
LOOKED_AT = 32  # images


def matrix(rng: np.random.Generator, images: int, accuracy: float, classes: int = 10) -> list[list[int]]:
    """A confusion matrix of `images` images, about `accuracy` of them right."""
    true = np.arange(images) % classes
    wrong = rng.random(images) > accuracy
    predicted = np.where(wrong, rng.integers(0, classes, images), true)
    return np.bincount(true * classes + predicted, minlength=classes**2).reshape(classes, classes).tolist()


def record(
    run: Run, *, accuracy: float = 0.97, images: int = 200, diverged: int | None = None, probed: bool = True
) -> dict[str, Any]:
    """A record of `run` whose accuracy rises to about `accuracy`; not `probed`: as before the probes."""
    seed = run.seed if isinstance(run.seed, int) else zlib.crc32(run.seed.encode())
    rng = np.random.default_rng([seed, zlib.crc32(run.activation.encode())])
    last = run.epochs if diverged is None else diverged - 1
    epochs = [_epoch(rng, epoch, accuracy - 0.3 / epoch**1.5, images, run.lr) for epoch in range(1, last + 1)]
    grid = np.linspace(-5, 5, 101)
    final = None if diverged else {"loss": 0.05, "confusion": matrix(rng, images, accuracy)}
    inside = {}
    if probed:
        looks = [probes(run, epoch) for epoch in range(last + 1)]
        inside = {"start": looks[0]}
        epochs = [{**epoch, "probes": look} for epoch, look in zip(epochs, looks[1:], strict=True)]
        final = final and {**final, **trust(run, images)}
    return {
        **inside,
        "run": run.to_dict(),
        "recipe": RECIPE,
        "diverged": diverged,
        "parameters": 110922,
        "layers": LAYERS,
        "epochs": epochs,
        "final": final,
        "shape": {
            "x": [-5.0, 5.0],
            "f": np.maximum(grid, 0).tolist(),
            "slope": (grid > 0).astype(float).tolist(),
        },
        "test_predictions": base64.b64encode(bytes(rng.integers(0, 10, images).tolist())).decode(),
        "weights": "0" * 64,
        "data": "1" * 64,
        "warnings": [],
        "environment": digest(ENVIRONMENT)[:16],
    }


def _epoch(rng: np.random.Generator, epoch: int, accuracy: float, images: int, lr: float) -> dict[str, Any]:
    level = max(0.1, accuracy + rng.normal(0, 0.005))
    return {
        "epoch": epoch,
        "seconds": {"train": 3.0, "evaluate": 0.4},
        "lr": lr,
        "loss": {s: float((1 - level) * 2 + rng.random() * 0.02) for s in ("train", "valid", "test")},
        "confusion": {s: matrix(rng, images, level) for s in ("train", "valid", "test")},
    }


def probes(run: Run, epoch: int) -> dict[str, Any]:
    """What the probes see: units of `relu` die, those of others do not; `prelu` learns its slope."""
    learned = {name: layer(epoch, 0.01) for name in SITES} if run.activation.startswith("prelu") else {}
    weights = {"blocks.0.conv": 0.02, "blocks.0.norm": 0.05, "blocks.1.conv": 0.1, "head.linear": 0.4}
    return {
        "sites": {name: site(run, epoch, i) for i, name in enumerate(SITES)},
        "layers": {**{name: layer(epoch, size) for name, size in weights.items()}, **learned},
    }


def layer(epoch: int, size: float) -> dict[str, float]:
    """Norms that fall over the epochs; the weights move in every epoch, not before the first."""
    return {"gradient": size / (1 + epoch), "weight": 2.0, "update": 0.5 / epoch if epoch else 0.0}


def site(run: Run, epoch: int, place: int) -> dict[str, Any]:
    """One site: `place` counts from the first; a quarter of the last one's units die in the first epoch."""
    channels, positions = list(SITES.values())[place]
    units = channels * positions
    values = units * LOOKED_AT
    dead = (
        [units // 4 if place == 2 and e else 0 for e in (epoch - 1, epoch)]
        if run.activation == "relu"
        else [0, 0]
    )
    at = zlib.crc32(f"{run.activation} {run.seed}".encode()) % 100 / 100
    seen: dict[str, Any] = {
        "units": units, "dead": dead[1], "nearly": dead[1] + 1, "died": dead[1] - dead[0], "revived": 0,
        "channels": channels, "dead_channels": dead[1] // positions, "values": values,
        "saturated": values // 5, "zero": values // 2, "in": [0.1 * at, 1.0 + at * epoch],
        "out": [0.4, 0.5 + at], "gradient": 0.3,
    }  # fmt: skip
    bell = np.exp(-(((np.linspace(-5.75, 5.75, 24) - at) / (1 + 0.1 * epoch)) ** 2))
    if epoch in (0, run.epochs):
        into = np.round(values * bell / bell.sum()).astype(int)
        seen["histogram"] = {
            "in": into.tolist(),
            "out": [0] * 12 + [int(into[:13].sum()), *into[13:].tolist()],
        }
    if run.activation.startswith("prelu"):
        slope = 0.25 - 0.02 * epoch * (place + 1)
        seen["learned"] = [slope]
        if "histogram" in seen:
            x = np.linspace(-5, 5, 41)
            seen["curve"] = np.where(x > 0, x, slope * x).tolist()
    return seen


def trust(run: Run, images: int) -> dict[str, Any]:
    """Calibration of a network that is always 0.9 sure and right in 0.8, and robustness where asked for."""
    bins = [0] * 13 + [images, 0]
    right, sure = [4 * n // 5 for n in bins], [0.9 * n for n in bins]
    found: dict[str, Any] = {
        "calibration": {"images": bins, "right": right, "confidence": sure, "brier": 0.3 * images}
    }
    if run.robustness:
        strengths = {"noise": ("0.25", "0.5", "1"), "blur": ("0.5", "1", "1.5"), "shift": ("1", "2", "4"),
                     "rotation": ("10", "20", "40")}  # fmt: skip
        held = {kind: {s: images // (2 + i) for i, s in enumerate(each)} for kind, each in strengths.items()}
        found["robustness"] = {"images": images, **held}
    return found


def folder(path: Path, study: Study, *, skip: int = 0, **options: Any) -> Path:
    """A folder as `reluctant run` leaves it, the last `skip` runs not yet done."""
    path.mkdir(parents=True, exist_ok=True)
    (path / "study.toml").write_text(study.to_toml(), "utf-8")
    (path / "environments").mkdir(exist_ok=True)
    (path / "environments" / f"{digest(ENVIRONMENT)[:16]}.json").write_text(dumps(ENVIRONMENT), "utf-8")
    runs = list(study.runs())
    for run in runs[: len(runs) - skip]:
        Store(path / "runs").add(run.key, record(run, **options))
    return path
