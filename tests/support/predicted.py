"""Records whose runs end at given accuracies, with the predictions that give them and the true labels."""

import base64
import json
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from reluctant.analysis.report_data import ReportData
from reluctant.records.schema import DataRecord
from reluctant.records.store import Store
from reluctant.records.study_records import StudyRecords
from reluctant.study import Run, Study
from tests.support.records import record, study_folder

IMAGES = 1000
LABELS = np.arange(IMAGES) % 10
LEVELS = {"relu": 0.9, "leaky_relu(negative_slope=0.002)": 0.9, "elu": 0.95, "gelu": 0.85, "tanh": 0.91}


def usual_level(run: Run) -> float:
    """The accuracy in `LEVELS`, 0.9 for any other activation."""
    return LEVELS.get(run.activation, 0.9)


def predicted_data(
    path: Path,
    study: Study,
    level: Callable[[Run], float] = usual_level,
    *,
    std: Mapping[str, float] | None = None,
    valid: Callable[[Run], float] = usual_level,
) -> ReportData:
    """The analysis of runs that end at about `level` on the test images, and at `valid` on validation.

    Seeds differ by 0.003, the same for all activations, and by an activation's own `std`, 0.001 unless given.
    """
    study_folder(path, study, skip=study.size)
    for run in study.runs():
        rng = np.random.default_rng([int(run.seed), zlib.crc32(run.activation.encode())])
        common = np.random.default_rng(int(run.seed)).normal(0, 0.003)
        right = level(run) + common + rng.normal(0, (std or {}).get(run.activation, 0.001))
        predicted = predictions(right)
        content = record(run, accuracy=0.8, images=IMAGES).to_json()
        last = content["epochs"][-1]
        last["confusion"] |= {"test": _confusion(predicted), "valid": _confusion(predictions(valid(run)))}
        last["loss"]["test"] = 2 * (1 - right)
        content["test_predictions"] = base64.b64encode(bytes(predicted.tolist())).decode()
        Store(path / "runs").add(run.key, content)
    write_data_record(path)
    return ReportData.of(StudyRecords.read(path))


def write_data_record(folder: Path) -> None:
    """Write what the folder holds of the data: ten classes with names, sizes, the true labels."""
    content = DataRecord(
        name="digits",
        sha256="1" * 64,
        classes=[f"class {i}" for i in range(10)],
        images={"train": 11, "valid": 12, "test": IMAGES},
        test_labels=base64.b64encode(bytes(LABELS.tolist())).decode(),
    )
    (folder / "data").mkdir(exist_ok=True)
    text = json.dumps(content.model_dump(exclude_unset=True))
    (folder / "data" / "1.json").write_text(text, "utf-8")


def predictions(right: float) -> npt.NDArray[np.int64]:
    """Predictions of which this share is right, the wrong ones spread over the images."""
    order = np.random.default_rng(0).permutation(IMAGES)
    predicted = LABELS.copy()
    wrong = order[round(right * IMAGES) :]
    predicted[wrong] = (predicted[wrong] + 1) % 10
    return predicted


def _confusion(predicted: npt.NDArray[np.int64]) -> list[list[int]]:
    counts: list[list[int]] = np.bincount(LABELS * 10 + predicted, minlength=100).reshape(10, 10).tolist()
    return counts
