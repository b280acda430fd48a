"""Made-up records, in the form the store keeps, for tests that must not train."""

import base64
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from reluctant.store import Store, digest, dumps
from reluctant.study import RECIPE, Run, Study

ENVIRONMENT = {"python": "3.11", "processor": "a processor", "cores": 2, "packages": {"torch": "2.13.0"}}
LAYERS = [
    {"name": "blocks.0.conv", "kind": "Conv2d", "shape": [32, 26, 26], "parameters": 320},
    {"name": "blocks.0.activation", "kind": "ReLU", "shape": [32, 13, 13], "parameters": 0},
    {"name": "head.linear", "kind": "Linear", "shape": [10], "parameters": 1290},
]


def matrix(rng: np.random.Generator, images: int, accuracy: float, classes: int = 10) -> list[list[int]]:
    """A confusion matrix of `images` images, about `accuracy` of them right."""
    true = np.arange(images) % classes
    wrong = rng.random(images) > accuracy
    predicted = np.where(wrong, rng.integers(0, classes, images), true)
    return np.bincount(true * classes + predicted, minlength=classes**2).reshape(classes, classes).tolist()


def record(
    run: Run, *, accuracy: float = 0.97, images: int = 200, diverged: int | None = None
) -> dict[str, Any]:
    """A record of `run` whose accuracy rises to about `accuracy`."""
    rng = np.random.default_rng([run.seed, zlib.crc32(run.activation.encode())])
    last = run.epochs if diverged is None else diverged - 1
    epochs = [_epoch(rng, epoch, accuracy - 0.3 / epoch**1.5, images, run.lr) for epoch in range(1, last + 1)]
    grid = np.linspace(-5, 5, 101)
    return {
        "run": run.to_dict(),
        "recipe": RECIPE,
        "diverged": diverged,
        "parameters": 110922,
        "layers": LAYERS,
        "epochs": epochs,
        "final": None if diverged else {"loss": 0.05, "confusion": matrix(rng, images, accuracy)},
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
