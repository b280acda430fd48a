"""Early stopping: the rule, the record of a run that stopped, what is shown of it and how it is verified."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reluctant.analysis import ReportData
from reluctant.analysis.study_facts import recipe
from reluctant.api.progress import ProgressBoard
from reluctant.cli.live import PlainLines
from reluctant.engines import Done, Started
from reluctant.figures import training_curves
from reluctant.records.run_result import RunResult
from reluctant.records.store import Store
from reluctant.records.study_records import StudyRecords
from reluctant.report import render_page
from reluctant.report.tables import epochs_table
from reluctant.study import Run, Study
from reluctant.study.schedule import early_stop, stops_early
from reluctant.training import Training
from reluctant.verification.folder import verify_folders
from tests.support.records import study_folder
from tests.support.small import SMALL, digits, run, small_training, trained

pytestmark = pytest.mark.usefixtures("undrawn")  # what is drawn is tested with the page and the figures


@pytest.mark.parametrize(
    ("losses", "patience", "stop"),
    [
        ([3, 2, 1, 0.5], 1, None),
        ([3, 2, 2, 1], 1, 3),
        ([3, 2, 4, 4, 1], 2, 4),
        ([3, 2, 4, 1, 5], 2, None),
        ([1, 1, 1, 1], 3, 4),
        ([1, 2, 3], 0, None),
    ],
)
def test_patience_ends_so_many_epochs_after_the_lowest_loss(
    losses: list[float], patience: int, stop: int | None
) -> None:
    config = Run("relu", epochs=9, patience=patience)
    assert early_stop(config, losses) == stop
    assert not stops_early(Run("relu", epochs=len(losses), patience=patience), losses)


@pytest.fixture(scope="module")
def stopped_training() -> Training:
    """A training whose validation loss soon rises: the learning rate is far too high."""
    training = small_training(epochs=12, patience=1, lr=0.5)
    list(training)
    return training


def test_a_run_stops_early_and_its_record_has_the_epoch(stopped_training: Training) -> None:
    training, record = stopped_training, stopped_training.record()
    losses = [each.loss.valid for each in training.epochs]
    assert record.stopped == len(losses) < 12
    assert early_stop(training.run, losses) == len(losses)
    assert "histogram" in json.dumps(record.to_json()["epochs"][-1]["probes"])
    assert list(training) == []
    assert "stopped" not in trained(run(model=SMALL), digits(64)).record().to_json()


def test_an_early_stop_is_shown_in_the_progress(stopped_training: Training) -> None:
    lines: list[str] = []
    progress = PlainLines(ProgressBoard([stopped_training.run]), lines.append)
    record = stopped_training.record()
    progress(Started(stopped_training.run))
    progress(Done(stopped_training.run, record))
    assert f"done (stopped early, after epoch {record.stopped})" in lines[-1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study whose runs stop at different epochs."""
    fields: dict[str, Any] = {"epochs": 8, "patience": 3, "compare": {"margin": 0.01}}
    study = Study(name="s", activation=["relu", "elu"], seed=[0, 1, 2], **fields)
    path = study_folder(tmp_path_factory.mktemp("stopped") / "s", study)
    store = Store(path / "runs")
    for number, key in enumerate(store):
        record, last = store.content(key), 4 + number % 4
        record["epochs"] = record["epochs"][:last]
        for epoch in record["epochs"]:
            epoch["loss"]["valid"] = 1.0 if epoch["epoch"] == last - 3 else 2.0
        store.add(key, {**record, "stopped": last})
    return path


def test_curves_of_stopped_runs_keep_their_last_value(folder: Path) -> None:
    scores = ReportData.of(StudyRecords.read(folder)).scores
    curves = scores.by_epoch("accuracy", "relu")
    assert curves.shape == (3, 8)
    for curve, result in zip(curves, scores.of("relu"), strict=True):
        assert isinstance(result, RunResult)
        assert 4 <= result.epochs < 8
        assert np.array_equal(curve[: result.epochs], result.curve("accuracy"))
        assert set(curve[result.epochs :]) == {curve[-1]} == {result.score("accuracy")}
        assert result.score("accuracy", at="mean") == pytest.approx(curve.mean())
        assert result.best_epoch("loss") == result.epochs - 4


def test_a_report_of_stopped_runs_can_be_written(folder: Path) -> None:
    data = ReportData.of(StudyRecords.read(folder))
    assert data.records is not None
    sentence = "after 3 epochs without a lower validation loss"
    assert sentence in dict(recipe(data.records, "images"))["Early stopping"]
    training_curves(data.one_setting, "relu")
    assert [len(row) for row in epochs_table(data.one_setting, "f1").rows] == [3] * 8
    assert sentence in render_page(data)


def forged(folder: Path, tmp_path: Path, **changes: Any) -> str:
    """The findings in a folder after a change of its first record."""
    copy = Path(shutil.copytree(folder, tmp_path / "s"))
    store = Store(copy / "runs")
    key = next(iter(store))
    content = {**store.content(key), **changes}
    store.add(key, {k: v for k, v in content.items() if v != "gone"})
    findings = verify_folders(copy).findings
    return "\n".join(str(finding) for finding in findings if finding.path == store.path(key))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stopped": 3}, "it stopped early after epoch 3 and has 4 epochs"),
        ({"stopped": "gone"}, "it has 4 epochs, and its run has 8"),
        ({"stopped": True}, "stopped must be a whole number, not True"),
        ({"diverged": 5}, "it stopped early in epoch 4 and diverged too"),
    ],
)
def test_a_wrong_stop_is_found(changes: dict[str, Any], message: str, folder: Path, tmp_path: Path) -> None:
    assert message not in forged(folder, tmp_path / "whole")
    assert message in forged(folder, tmp_path / "changed", **changes)


def test_a_stop_without_a_reason_in_the_losses_is_found(folder: Path, tmp_path: Path) -> None:
    store = Store(folder / "runs")
    epochs = store.content(next(iter(store)))["epochs"]
    epochs[1]["loss"]["valid"] = 0.5
    message = "a patience of 3 and its validation losses give no early stop, and it stopped after epoch 4"
    assert message in forged(folder, tmp_path, epochs=epochs)
