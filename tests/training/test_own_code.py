"""A loss and an optimizer of the user's own: what they are called with, what is refused, what a record holds."""

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

import reluctant
from reluctant import compare
from reluctant.core.errors import ReluctantError, StudyError
from reluctant.core.user_objects import SESSION_OBJECTS, pack_objects, register_object
from reluctant.study import Run, Study
from reluctant.tasks import Classification
from reluctant.training import Training, build_training, preflight
from reluctant.training.own_code import check_own_loss, own_loss
from tests.support import own_losses, small
from tests.support.own_procedures import Twice
from tests.support.wild_runs import rows

HERE = "tests.support.own_losses"
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _session() -> Iterator[None]:
    yield
    SESSION_OBJECTS.clear()


def finished(**fields: Any) -> Training:
    training = build_training(small.run(model=small.SMALL, **{"epochs": 2, **fields}), small.digits(64))
    list(training)
    return training


class TestLoss:
    @pytest.mark.parametrize("loss", [f"{HERE}:cross_entropy", f"{HERE}:Focal(gamma=0)"])
    def test_the_cross_entropy_written_by_hand_trains_as_the_standard_loss(self, loss: str) -> None:
        own, standard = finished(loss=loss).epochs, finished().epochs
        for one, other in zip(own, standard, strict=True):
            assert one.loss.test == pytest.approx(other.loss.test, rel=1e-4)

    def test_it_is_trained_on_and_the_record_has_the_cross_entropy(self) -> None:
        training = build_training(small.run(loss=f"{HERE}:Focal"), small.digits(64))
        seen: list[tuple[float, float]] = []
        own = training.objective.own
        assert own is not None

        def watched(outputs: Tensor, targets: Tensor) -> Tensor:
            value = own(outputs, targets)
            seen.append((value.item(), F.cross_entropy(outputs, targets).item()))
            return value

        training.objective.own = watched
        training.model.train()
        loss, _ = training.step(training.data.train.inputs[:16], training.data.train.targets[:16])
        ((focal, cross_entropy),) = seen
        assert loss == cross_entropy != focal
        assert finished(loss=f"{HERE}:Focal").epochs[-1].loss.test != finished().epochs[-1].loss.test

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("unreduced", r"returns a tensor of shape \(\d+,\); expected one number in a tensor, such as losses.mean"),
            ("a_float", "returns float; expected one number in a tensor"),
            ("without_gradient", "has no gradient with respect to the outputs; compute it from them without argmax"),
            ("ignores_outputs", "has no gradient with respect to the outputs; it does not use them"),
            ("not_a_number", "or its gradient is NaN or infinite on random outputs; outputs are logits"),
            ("three_arguments", r"is called as loss\(outputs, targets\), and takes outputs, targets, weights"),
            ("fails", r"fails on outputs \(\d+, 10\) and targets \(\d+,\) of int64: "),
            ("Learned", "has parameters to learn, which no optimizer gets"),
            ("Focal(gama=2)", "cannot be made: TypeError: .*unexpected keyword argument 'gama'"),
            ("missing", "has no 'missing'"),
        ],
    )
    def test_what_cannot_be_minimised_is_refused_before_training(self, name: str, message: str) -> None:
        with pytest.raises(StudyError, match=message) as refusal:
            preflight(Study(activation="relu", model=small.SMALL, loss=f"{HERE}:{name}"))
        assert str(refusal.value).count("\n") == 0

    def test_losses_of_pytorch_pass_the_check(self) -> None:
        targets = torch.arange(6) % 3
        for loss in (torch.nn.CrossEntropyLoss(), functools.partial(F.multi_margin_loss, margin=0.5)):
            criterion = own_loss(register_object("loss", loss), CPU)
            assert criterion is not None
            check_own_loss("loss", criterion, Classification(3), targets)

    def test_its_buffers_are_continued(self) -> None:
        run, data = small.run(model=small.SMALL, epochs=2, loss=f"{HERE}:Focal"), small.digits(64)
        whole, half, rest = (build_training(run, data) for _ in range(3))
        list(whole)
        next(iter(half))
        rest.load_state_dict(half.state_dict())
        list(rest)
        assert small.untimed(rest) == small.untimed(whole)
        assert rest.objective.state_dict()["loss"]["calls"] == whole.objective.state_dict()["loss"]["calls"] > 2

    def test_an_object_is_not_changed_by_training(self) -> None:
        loss = own_losses.Focal(1.0)
        before = finished(loss=register_object("focal", loss))
        assert loss.calls == 0
        assert before.epochs[-1].loss == finished(loss=f"{HERE}:Focal(gamma=1)").epochs[-1].loss


class TestOptimizer:
    def test_it_gets_the_parameters_themselves_and_its_arguments(self) -> None:
        training = build_training(small.run(optimizer=f"{HERE}:Sign(power=2)", lr=0.01), small.digits(64))
        (group,) = training.optimizer.param_groups
        assert [id(p) for p in group["params"]] == [id(p) for p in training.model.parameters()]
        assert (group["lr"], group["power"]) == (0.01, 2)

    def test_one_written_by_hand_trains_as_that_of_pytorch(self) -> None:
        own, standard = finished(optimizer=f"{HERE}:plain_sgd"), finished(optimizer="sgd")
        for one, other in zip(own.epochs, standard.epochs, strict=True):
            assert one.loss.test == pytest.approx(other.loss.test, rel=1e-5)

    def test_what_activations_learn_has_no_weight_decay(self) -> None:
        name = f"{HERE}:Sign(weight_decay=0.1)"
        training = build_training(small.run("prelu", optimizer=name), small.digits(64))
        rest, free = training.optimizer.param_groups
        assert (rest["weight_decay"], free["weight_decay"]) == (0.1, 0.0)
        assert {p.numel() for p in free["params"]} == {1}

    def test_schedule_clipping_and_continuing_work(self) -> None:
        fields: dict[str, Any] = {
            "optimizer": f"{HERE}:Sign",
            "schedule": "linear",
            "clip_norm": 0.5,
            "epochs": 3,
            "lr": 0.01,
        }
        whole, half, rest = (build_training(small.run(model=small.SMALL, **fields), small.digits(64)) for _ in range(3))
        list(whole)
        next(iter(half))
        rest.load_state_dict(half.state_dict())
        list(rest)
        assert small.untimed(rest) == small.untimed(whole)

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("NoOptimizer", "is NoOptimizer, which has no step; derive it from torch.optim.Optimizer"),
            ("Sign(beta=2)", r"cannot be made: TypeError: .*'beta'; it is called as Sign\(parameters, lr=0.001, …\)"),
            ("missing", "has no 'missing'"),
        ],
    )
    def test_what_is_no_optimizer_is_refused_before_training(self, name: str, message: str) -> None:
        with pytest.raises(StudyError, match=message):
            preflight(Study(activation="relu", model=small.SMALL, optimizer=f"{HERE}:{name}"))


def test_a_record_names_their_code() -> None:
    names = f"{HERE}:Focal", f"{HERE}:Sign"
    record = finished(loss=names[0], optimizer=names[1]).record()
    assert set(names) <= set(record.sources)
    assert set(names) <= set(Study(activation="relu", loss=names[0], optimizer=names[1]).user_names)
    assert "sources" not in Training(Run("relu"), small.digits()).state_dict()["data"]


def test_a_study_file_names_code_beside_it(tmp_path: Path) -> None:
    (tmp_path / "my_own_loss.py").write_text(
        "import torch.nn.functional as F\n\n\n"
        "def doubled(outputs, targets):\n    return 2 * F.cross_entropy(outputs, targets)\n"
    )
    file = tmp_path / "mine.toml"
    file.write_text(
        "activation = 'relu'\nseed = 0\nepochs = 1\nmodel = \"mlp(widths='4')\"\nloss = 'my_own_loss:doubled'\n"
        "accumulate = 2\nclass_weights = 'none'\nprecision = 'bf16'\n"
    )
    (result,) = reluctant.run(file, tmp_path / "out", engine="serial")
    assert (result.run.loss, result.run.accumulate, result.run.precision) == ("my_own_loss:doubled", 2, "bf16")
    file.write_text("activation = 'relu'\nloss = 'os.path:join'")
    with pytest.raises(StudyError, match="is part of Python"):
        reluctant.run(file, tmp_path / "other", engine="serial")


def test_tables_tell_the_loss_that_is_minimised_from_the_metric(tmp_path: Path) -> None:
    options: dict[str, Any] = {"data": rows(), "seeds": 1, "epochs": 1, "engine": "serial", "folder": tmp_path}
    losses: list[Any] = ["standard", own_losses.Focal]
    results = compare(["relu", "tanh"], model="mlp(widths='4')", loss=losses, metric="loss", **options)
    frame = results.frame()
    assert set(frame["run_loss"]) == {"standard", "here:Focal"}
    assert frame["loss"].dtype == float
    verdicts = results.verdicts()
    assert set(verdicts["run_loss"]) == {"standard", "here:Focal"}
    assert verdicts["loss"].dtype == float


def test_objects_of_python(tmp_path: Path) -> None:
    options: dict[str, Any] = {"model": "mlp(widths='4')", "data": rows(), "seeds": 1, "epochs": 1, "engine": "serial"}
    calls: tuple[dict[str, Any], ...] = (
        {"loss": own_losses.Focal},
        {"loss": own_losses.Focal(3.0)},
        {"loss": [own_losses.cross_entropy, "standard"]},
        {"loss": lambda outputs, targets: 2 * F.cross_entropy(outputs, targets)},
        {"optimizer": [own_losses.Sign, "adam", functools.partial(own_losses.Sign, power=2)]},
        {"procedure": Twice},
    )
    for i, own in enumerate(calls):
        results = compare(["relu", "tanh"], folder=tmp_path / str(i), **own, **options)
        ((key, value),) = own.items()
        assert len(results) == 2 * (len(value) if isinstance(value, list) else 1)
        names = getattr(results.study, key)
        assert all(name.startswith("here:") or name in ("adam", "standard") for name in names)
        assert pack_objects(name for name in names)
    (first,) = results.study.procedure
    assert first == "here:Twice"


@pytest.mark.parametrize(("key", "value"), [("loss", 3), ("optimizer", None), ("procedure", 1.5)])
def test_other_objects_are_refused(key: str, value: Any) -> None:
    with pytest.raises(ReluctantError, match=f"{key} must be a name, a class or a function"):
        compare(["relu"], model="mlp", data=rows(), **{key: value})


def test_a_class_that_is_no_training_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReluctantError, match=r"is no class derived from reluctant\.training\.Training"):
        compare(["relu"], model="mlp", data=rows(), procedure=dict, folder=tmp_path, engine="serial")


def test_the_folder_of_a_call_without_the_new_options_is_that_of_before() -> None:
    from reluctant.api.folders import folder_name, own_folder
    from reluctant.data import load

    study = Study(activation="relu", name="x")
    assert folder_name(study, load("digits")) == FOLDER
    assert folder_name(study.model_copy(update={"accumulate": (2,)}), load("digits")) != FOLDER
    assert own_folder(study).name == "x-9c841a53"


FOLDER = "x-e7a25116"  # before there were these options
