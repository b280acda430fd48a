"""The recipes people use, in a training: schedules, clipping, decay, augmentation, early stopping."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from reluctant.records.study_results import Results
from reluctant.report.words import study as words
from reluctant.study.stopping import right_stop, stops
from reluctant.verification.folder import verify_folders

from reluctant import run as run_study
from reluctant.api.progress import Board, Plain
from reluctant.engines import Done, Started
from reluctant.figures import training_curves
from reluctant.records.schema import RunRecord
from reluctant.records.store import Store, without_seconds
from reluctant.report import render
from reluctant.report.tables import by_epoch
from reluctant.study import Run, Study
from reluctant.study.schedule import last_rate
from reluctant.training import Training, build_training
from reluctant.training.checkpoints import Checkpoint
from reluctant.training.optimizers import clip_gradients, optimizer_from_name
from reluctant.verification.retraining import comparable
from tests.support import records
from tests.support.small import SMALL, digits, run, trained

RECIPES: dict[str, dict[str, Any]] = {
    "schedule": {"schedule": "cosine(warmup=0.7, least=0.1)", "optimizer": "sgd(momentum=0.9)"},
    "steps": {"schedule": "step(every=1, factor=0.5)", "optimizer": "rmsprop(momentum=0.5)"},
    "decay": {"activation": "prelu", "optimizer": "adamw(weight_decay=0.1)", "clip_norm": 0.5},
    "images": {"augment": "flip + crop(padding=2) + noise", "label_smoothing": 0.1, "activation": "rrelu"},
    "all": {"augment": "shift", "schedule": "linear", "clip_norm": 1, "optimizer": "adamw", "patience": 2},
    "replica": {
        "procedure": "reluctant.replica:Published(forgetful=True)",
        "model": "convnet(dropout=0.15)",
        "schedule": "linear",
        "augment": "flip",
    },
}
each_recipe = pytest.mark.parametrize("name", RECIPES)


def training_of(**fields: Any) -> Training:
    return build_training(run(**{"model": SMALL, "epochs": 3, **fields}), digits(64))


@pytest.mark.resume
@each_recipe
@pytest.mark.parametrize("epochs", [1, 2])
def test_a_run_by_a_recipe_continues_to_the_bit(name: str, epochs: int, tmp_path: Path) -> None:
    complete, first, again = (training_of(**RECIPES[name]) for _ in range(3))
    list(complete)
    for _ in zip(range(epochs), first, strict=False):
        pass
    file = Checkpoint(tmp_path / "checkpoints" / "key.pt", {})
    assert file.save(first) == ""
    assert file.restore(again).startswith(f"continues after epoch {epochs}")
    list(again)
    assert without_seconds(again.record()) == without_seconds(complete.record())


@pytest.mark.parametrize(
    "fields",
    [{"schedule": "linear"}, {"clip_norm": 0.01}, {"label_smoothing": 0.2}, {"augment": "noise"}],
    ids=str,
)
def test_every_part_of_a_recipe_changes_the_numbers(fields: dict[str, Any]) -> None:
    plain, changed = training_of(epochs=1), training_of(epochs=1, **fields)
    assert next(iter(plain))["loss"] != next(iter(changed))["loss"]


def test_a_record_has_the_learning_rate_of_every_epoch() -> None:
    training = training_of(schedule="cosine(warmup=0.5)", batch_size=10)
    list(training)
    assert [each["lr"] for each in training.epochs] == [last_rate(training.run, n, 6) for n in (1, 2, 3)]
    assert training.optimizer.param_groups[0]["lr"] == training.epochs[-1]["lr"]


def slopes(decay: float, kind: str = "adamw") -> tuple[list[torch.nn.Parameter], torch.optim.Optimizer]:
    """A weight and a slope, and an optimizer without decay for the slope; both without a gradient."""
    parameters = [torch.nn.Parameter(torch.ones(3)), torch.nn.Parameter(torch.ones(2))]
    optimizer = optimizer_from_name(f"{kind}(weight_decay={decay})", parameters, 0.1, no_decay=parameters[1:])
    optimizer.step()
    return parameters, optimizer


@pytest.mark.parametrize("kind", ["adam", "adamw", "sgd", "rmsprop"])
def test_decay_leaves_a_no_decay_parameter_alone(kind: str) -> None:
    (weight, slope), optimizer = slopes(0.5, kind)
    assert (weight < 1).all()
    assert torch.equal(slope, torch.ones(2))
    assert [len(group["params"]) for group in optimizer.param_groups] == [1, 1]
    assert len(slopes(0, kind)[1].param_groups) == 1


def test_a_learned_slope_has_no_weight_decay() -> None:
    """Where all gradients are zero weights shrink, and PReLU's slope stays at its start."""
    training = training_of(activation="prelu", optimizer="adamw(weight_decay=0.5)")
    before = {name: p.detach().clone() for name, p in training.model.named_parameters()}
    training.optimizer.zero_grad(set_to_none=False)
    training.optimizer.step()
    moved = {n for n, p in training.model.named_parameters() if not torch.equal(p, before[n])}
    assert moved == {n for n in before if not n.startswith("activation")}
    assert len(training_of(optimizer="adamw").optimizer.param_groups) == 1


def gradients(training: Training) -> torch.Tensor:
    return torch.cat([p.grad.flatten() for p in training.model.parameters() if p.grad is not None])


def test_clipping_scales_all_gradients_to_the_norm() -> None:
    training = training_of(activation="prelu", optimizer="adamw")
    training.model(training.data.train.inputs[:8]).sum().backward()
    before = gradients(training)
    clip_gradients(training.optimizer, 0)
    clip_gradients(training.optimizer, 2 * float(before.norm()))
    after = gradients(training)
    assert torch.equal(before, after)
    clip_gradients(training.optimizer, 0.25)
    after = gradients(training)
    assert float(after.norm()) == pytest.approx(0.25, rel=1e-4)
    assert torch.allclose(after / after.norm(), before / before.norm(), atol=1e-6)


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
    assert right_stop(config, losses) == stop
    assert not stops(Run("relu", epochs=len(losses), patience=patience), losses)


def stopping(rate: float = 0.5) -> Training:
    """A training whose validation loss soon rises: the rate is far too high."""
    training = training_of(epochs=12, patience=1, lr=rate)
    list(training)
    return training


def test_a_run_stops_early_and_its_record_has_the_epoch() -> None:
    training = stopping()
    record = training.record()
    losses = [each["loss"]["valid"] for each in training.epochs]
    assert record["stopped"] == len(losses) < 12
    assert right_stop(training.run, losses) == len(losses)
    assert "histogram" in json.dumps(training.epochs[-1]["probes"])
    assert list(training) == []
    assert "stopped" not in trained(run(model=SMALL), digits(64)).record()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study whose runs stop at different epochs."""
    path = tmp_path_factory.mktemp("stopped") / "s"
    keys: dict[str, Any] = {"epochs": 8, "patience": 3, "compare": {"margin": 0.01}}
    study = Study(name="s", activation=["relu", "elu"], seed=[0, 1, 2], **keys)
    study_folder = records.folder(path, study)
    store = Store(study_folder / "runs")
    for number, path in enumerate(sorted((study_folder / "runs").glob("*.json"))):
        record, last = json.loads(path.read_text()), 4 + number % 4
        record["epochs"] = record["epochs"][:last]
        for epoch in record["epochs"]:
            epoch["loss"]["valid"] = 1.0 if epoch["epoch"] == last - 3 else 2.0
        store.add(path.stem, {**record, "stopped": last})
    return study_folder


def test_curves_of_stopped_runs_keep_their_last_value(folder: Path) -> None:
    results = Results.read(folder)
    curves = results.by_epoch("accuracy", "relu")
    assert curves.shape == (3, 8)
    for curve, result in zip(curves, results.of("relu"), strict=True):
        assert 4 <= result.epochs < 8
        assert np.array_equal(curve[: result.epochs], result.curve("accuracy"))
        assert set(curve[result.epochs :]) == {curve[-1]} == {result.score("accuracy")}
        assert result.score("accuracy", at="mean") == pytest.approx(curve.mean())
        assert result.best("loss") == result.epochs - 4


def test_a_report_of_stopped_runs_can_be_made(folder: Path) -> None:
    results = Results.read(folder)
    assert "after 3 epochs without a lower validation loss" in dict(words(results))["Early stopping"]
    training_curves(results, "relu")
    assert [len(row) for row in by_epoch(results, "f1").rows] == [3] * 8
    assert "after 3 epochs without a lower validation loss" in render(results)


def forged(folder: Path, tmp_path: Path, **changes: Any) -> str:
    """The findings in a folder after a change of one record."""
    copy = Path(shutil.copytree(folder, tmp_path / "s"))
    path = sorted((copy / "runs").glob("*.json"))[0]
    record = {**json.loads(path.read_text()), **changes}
    Store(path.parent).add(path.stem, {k: v for k, v in record.items() if v != "gone"})
    return "\n".join(str(f) for f in verify_folders(copy).findings if path.name in str(f))


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
    epochs = json.loads(sorted((folder / "runs").glob("*.json"))[0].read_text())["epochs"]
    epochs[1]["loss"]["valid"] = 0.5
    message = (
        "a patience of 3 and its validation losses give no early stop, and it stopped after epoch 4"
    )
    assert message in forged(folder, tmp_path, epochs=epochs)


def test_a_record_of_an_older_version_is_the_same_run() -> None:
    record = trained(run(model=SMALL), digits(64)).record()
    older = {**record, "run": {k: v for k, v in record["run"].items() if k not in ("augment", "patience")}}
    assert comparable(RunRecord.read(older)) == comparable(RunRecord.read(record))


def test_an_early_stop_is_shown_in_the_progress() -> None:
    lines: list[str] = []
    one = run()
    progress = Plain(Board([one]), lines.append)
    progress(Started(one))
    progress(Done(one, {"diverged": None, "stopped": 4}))
    assert "done (stopped early, after epoch 4)" in lines[-1]


def test_a_study_by_a_recipe_verifies(tmp_path: Path) -> None:
    recipe: dict[str, Any] = {"augment": "flip", "schedule": "cosine", "patience": 1, "clip_norm": 1.0}
    study = Study(activation="prelu", seed=[0], epochs=2, model=SMALL, optimizer="adamw", lr=0.1, **recipe)
    run_study(study, tmp_path / "out", engine="serial")
    assert verify_folders(tmp_path / "out").contradictions == ()
    shown = dict(words(Results.read(tmp_path / "out")))
    assert shown["Schedule"].startswith("cosine: the rate falls")
    assert shown["Gradients"] == "scaled down to a total norm of 1 where it is larger"
    assert shown["Augmentation"].startswith("flip: half of the images")
