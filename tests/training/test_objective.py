"""Precision, accumulated gradients and class weights: what they change, and what they leave as it was."""

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.utils.class_weight import compute_class_weight
from torch import Tensor

from reluctant.core.errors import StudyError
from reluctant.core.user_objects import register_object
from reluctant.data import from_data
from reluctant.study import Run, Study
from reluctant.study.class_weights import canonical_weights
from reluctant.tasks import Classification, Regression
from reluctant.training import TensorData, Training, preflight, prepare
from reluctant.training.batches import EpochPlan
from reluctant.training.objective import Group, Objective
from tests.support import own_losses, small

MLP = "mlp(widths='6')"


def unbalanced() -> TensorData:
    """Three classes, the last with a twelfth of the items."""
    rng = np.random.default_rng(0)
    y = np.array([0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2] * 10)
    return prepare(from_data((rng.normal(size=(120, 4)).astype(np.float32) + y[:, None], y)), 0.75)


def groups_of(run: Run, items: int) -> list[Group]:
    x, y = np.random.default_rng(0).normal(size=(items + 4, 3)).astype(np.float32), np.arange(items + 4) % 2
    data = prepare(from_data((x, y, x[:4] + 1, y[:4])), items / (items + 4))
    assert len(data.train) == items
    return [batch.group for batch in EpochPlan(run, data, 1)]


def trained(data: TensorData, **fields: Any) -> Training:
    defaults: dict[str, Any] = {"model": MLP, "optimizer": "sgd", "lr": 0.1, "epochs": 1}
    training = Training(Run("tanh", **{**defaults, **fields}), data)
    list(training)
    return training


class TestAccumulation:
    @pytest.mark.parametrize("fields", [{}, {"clip_norm": 0.1}, {"optimizer": "tests.support.own_losses:plain_sgd"}])
    def test_groups_of_batches_are_those_of_a_larger_batch(self, fields: dict[str, Any]) -> None:
        """72 items: groups of 20, 20, 20 and 12, whose last batch holds 2."""
        data = unbalanced()
        assert len(data.train) == 72
        split = trained(data, batch_size=5, accumulate=4, **fields)
        whole = trained(data, batch_size=20, **fields)
        for one, other in zip(split.model.parameters(), whole.model.parameters(), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)
        assert not torch.equal(
            next(split.model.parameters()), next(trained(data, batch_size=5, **fields).model.parameters())
        )

    def test_where_a_batch_stands(self) -> None:
        run = Run("relu", batch_size=5, accumulate=3)
        groups = groups_of(run, 22)
        third = pytest.approx(1 / 3)
        assert groups == [
            (third, True, False), (third, False, False), (third, False, True),
            (5 / 7, True, False), (2 / 7, False, True),
        ]  # fmt: skip
        assert groups_of(Run("relu", batch_size=5), 22)[1] == Group()

    def test_fewer_items_than_a_group_make_one_step(self) -> None:
        assert groups_of(Run("relu", batch_size=5, accumulate=9), 8) == [(5 / 8, True, False), (3 / 8, False, True)]


class TestPrecision:
    def test_the_forward_pass_is_in_bfloat16_and_the_loss_in_float32(self) -> None:
        training = Training(Run("relu", model=MLP, precision="bf16"), unbalanced())
        inside: list[torch.dtype] = []
        losses: list[torch.dtype] = []
        layer = next(module for module in training.model.modules() if isinstance(module, torch.nn.Linear))
        layer.register_forward_hook(lambda module, inputs, output: inside.append(output.dtype))
        objective = training.objective

        def watched(outputs: Tensor, targets: Tensor) -> Tensor:
            losses.append(outputs.dtype)
            return objective(outputs, targets)

        watched.reported = objective.reported  # type: ignore[attr-defined]
        training.objective = watched  # type: ignore[assignment]
        _, outputs = training.step(training.data.train.inputs[:8], training.data.train.targets[:8])
        assert set(inside) == {torch.bfloat16}
        assert losses == [torch.float32]
        assert outputs.dtype == torch.float32
        assert all(p.dtype == torch.float32 for p in training.model.parameters())

    @pytest.mark.parametrize("model", [MLP, "convnet(dropout=0.1)", small.SMALL])
    def test_a_run_trains_and_differs_a_little(self, model: str) -> None:
        half, full = (
            small.trained(small.run(model=model, precision=precision), small.digits(64))
            for precision in ("bf16", "float32")
        )
        one, other = half.epochs[-1].loss.test, full.epochs[-1].loss.test
        assert one != other
        assert one == pytest.approx(other, rel=0.1)
        assert half.record().final is not None
        assert half.record().kernels == [], "compiled kernels compute in float32"

    def test_it_can_be_rehearsed_and_repeated(self) -> None:
        preflight(Study(activation="relu", precision=["float32", "bf16"], model=small.SMALL))


class TestClassWeights:
    def test_balanced_weights_are_those_of_scikit_learn(self) -> None:
        data = unbalanced()
        y = data.train.targets.numpy()
        weights = Objective(Run("relu", class_weights="balanced"), data.task, data.train.targets).weights
        assert weights is not None
        np.testing.assert_allclose(weights, compute_class_weight("balanced", classes=np.arange(3), y=y), rtol=1e-6)

    def test_they_weigh_the_training_loss_alone(self) -> None:
        data = unbalanced()
        weighted, plain = (trained(data, class_weights=weights, lr=1e-9) for weights in ("1,2,30", "none"))
        assert weighted.epochs[0].loss.test == pytest.approx(plain.epochs[0].loss.test, rel=1e-6)
        outputs, targets = torch.randn(6, 3), torch.tensor([0, 1, 2, 2, 1, 0])
        expected = F.cross_entropy(outputs, targets, torch.tensor([1.0, 2, 30]), label_smoothing=0.1)
        run = Run("relu", class_weights="1,2,30", label_smoothing=0.1)
        assert torch.equal(Objective(run, data.task, data.train.targets)(outputs, targets), expected)

    def test_a_list_of_numbers_is_one_value_and_any_other_list_an_axis(self) -> None:
        def read(value: Any) -> tuple[str, ...]:
            return Study(activation="relu", class_weights=value).class_weights

        assert read([1, 2.5]) == ("1,2.5",)
        assert read("Balanced") == ("balanced",)
        assert read(["none", "balanced", [1, 2], "3, 4"]) == ("none", "balanced", "1,2", "3,4")
        study = Study(activation="relu", class_weights=["none", [1, 2.5]])
        assert {run.class_weights for run in study.runs()} == {"none", "1,2.5"}
        assert canonical_weights("1,2.5") == canonical_weights([1.0, 2.5])

    @pytest.mark.parametrize("value", ["heavy", [1, 0], [1, -2], [1, float("nan")], [3], [], 7, [True, False]])
    def test_what_are_no_weights_is_refused(self, value: Any) -> None:
        with pytest.raises(StudyError, match=r"class_weights: .*write 'none', 'balanced', or a list of"):
            Study(activation="relu", class_weights=value)

    def test_weights_that_do_not_fit_the_data_are_refused_before_training(self) -> None:
        with pytest.raises(StudyError, match="class_weights has 2 numbers, and the data have 10 classes; give one per"):
            preflight(Study(activation="relu", class_weights=[1, 2]))
        with pytest.raises(StudyError, match="class_weights are for classes, and here numbers are predicted"):
            Objective(Run("relu", class_weights="balanced"), Regression(), torch.zeros(4, 1))


def test_without_options_the_objective_is_the_loss_of_the_task() -> None:
    outputs, targets = torch.randn(6, 3), torch.tensor([0, 1, 2, 2, 1, 0])
    objective = Objective(Run("relu"), Classification(3), targets)
    assert torch.equal(objective(outputs, targets), F.cross_entropy(outputs, targets))


@pytest.mark.parametrize("field", [{"accumulate": 0}, {"accumulate": 1.5}, {"precision": "fp8"}])
def test_a_wrong_value_is_refused(field: dict[str, Any]) -> None:
    with pytest.raises(StudyError, match=next(iter(field))):
        Study(activation="relu", **field)


def test_a_loss_of_ones_own_and_options_of_the_standard_loss_do_not_mix() -> None:
    name = register_object("mine", own_losses.cross_entropy)
    for field in ({"label_smoothing": [0, 0.1]}, {"class_weights": ["none", "balanced"]}):
        with pytest.raises(StudyError, match=f"{next(iter(field))} belongs to the standard loss"):
            preflight(Study(activation="relu", loss=["standard", name], **field))
