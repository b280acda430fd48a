"""The recipes people use, in a training: schedules, clipping, decay, augmentation."""

from pathlib import Path
from typing import Any

import pytest

from reluctant import run as run_study
from reluctant.analysis.study_facts import recipe
from reluctant.records.schema import RunRecord
from reluctant.study import Study
from reluctant.study.schedule import last_rate
from reluctant.training.checkpoints import Checkpoint
from reluctant.verification.folder import verify_folders
from reluctant.verification.retraining import comparable
from tests.support.small import SMALL, digits, run, small_training, trained, untimed

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


@pytest.mark.resume
@each_recipe
@pytest.mark.parametrize("epochs", [1, 2])
def test_a_run_by_a_recipe_continues_to_the_bit(name: str, epochs: int, tmp_path: Path) -> None:
    complete, first, again = (small_training(**RECIPES[name]) for _ in range(3))
    list(complete)
    for _ in zip(range(epochs), first, strict=False):
        pass
    file = Checkpoint(tmp_path / "checkpoints" / "key.pt", {})
    assert file.save(first) == ""
    assert file.restore(again).startswith(f"continues after epoch {epochs}")
    list(again)
    assert untimed(again) == untimed(complete)


@pytest.mark.parametrize(
    "fields", [{"schedule": "linear"}, {"clip_norm": 0.01}, {"label_smoothing": 0.2}, {"augment": "noise"}], ids=str
)
def test_every_part_of_a_recipe_changes_the_numbers(fields: dict[str, Any]) -> None:
    plain, changed = small_training(epochs=1), small_training(epochs=1, **fields)
    assert next(iter(plain)).loss != next(iter(changed)).loss


def test_a_record_has_the_learning_rate_of_every_epoch() -> None:
    training = small_training(schedule="cosine(warmup=0.5)", batch_size=10)
    list(training)
    assert [each.lr for each in training.epochs] == [last_rate(training.run, n, 6) for n in (1, 2, 3)]
    assert training.optimizer.param_groups[0]["lr"] == training.epochs[-1].lr


def test_a_record_of_an_older_version_is_the_same_run() -> None:
    record = trained(run(model=SMALL), digits(64)).record()
    content = record.to_json()
    for key in ("augment", "patience"):
        del content["run"][key]
    assert comparable(RunRecord.read(content)) == comparable(record)


def test_a_study_by_a_recipe_verifies(tmp_path: Path) -> None:
    fields: dict[str, Any] = {"augment": "flip", "schedule": "cosine", "patience": 1, "clip_norm": 1.0}
    study = Study(activation="prelu", seed=[0], epochs=2, model=SMALL, optimizer="adamw", lr=0.1, **fields)
    results = run_study(study, tmp_path / "out", engine="serial")
    assert verify_folders(tmp_path / "out").contradictions == ()
    terms = dict(recipe(results.records, "images"))
    assert terms["Schedule"].startswith("cosine: the rate falls")
    assert terms["Gradients"] == "scaled down to a total norm of 1 where it is larger"
    assert terms["Augmentation"].startswith("flip: half of the images")
