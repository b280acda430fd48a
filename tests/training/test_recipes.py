"""The recipes people use, in a training: schedules, clipping, decay, augmentation."""

from pathlib import Path
from typing import Any

import pytest
import torch

from reluctant import run as run_study
from reluctant.analysis.study_facts import recipe
from reluctant.records.schema import RunRecord
from reluctant.study import Study
from reluctant.study.schedule import last_rate
from reluctant.training import Training
from reluctant.training.checkpoints import Checkpoint
from reluctant.training.optimizers import clip_gradients, optimizer_from_name
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
    training = small_training(activation="prelu", optimizer="adamw(weight_decay=0.5)")
    before = {name: p.detach().clone() for name, p in training.model.named_parameters()}
    training.optimizer.zero_grad(set_to_none=False)
    training.optimizer.step()
    moved = {n for n, p in training.model.named_parameters() if not torch.equal(p, before[n])}
    assert moved == {n for n in before if not n.startswith("activation")}
    assert len(small_training(optimizer="adamw").optimizer.param_groups) == 1


def gradients(training: Training) -> torch.Tensor:
    return torch.cat([p.grad.flatten() for p in training.model.parameters() if p.grad is not None])


def test_clipping_scales_all_gradients_to_the_norm() -> None:
    training = small_training(activation="prelu", optimizer="adamw")
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
    shown = dict(recipe(results.records, "images"))
    assert shown["Schedule"].startswith("cosine: the rate falls")
    assert shown["Gradients"] == "scaled down to a total norm of 1 where it is larger"
    assert shown["Augmentation"].startswith("flip: half of the images")
