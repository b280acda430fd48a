"""Optimizers: those of PyTorch, weight decay, frozen parameters, clipped gradients."""

import functools
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import nn

from reluctant.core.errors import StudyError
from reluctant.core.user_objects import SESSION_OBJECTS, register_object
from reluctant.study import Run
from reluctant.training import Training
from reluctant.training.optimizers import clip_gradients, optimizer_from_name
from tests.support.own_models import PartlyFrozen
from tests.support.small import digits, run, small_training


@pytest.fixture(autouse=True)
def _session() -> Iterator[None]:
    yield
    SESSION_OBJECTS.clear()


@pytest.mark.parametrize("optimizer", ["adam(beta1=0.89, beta2=0.9, eps=1e-6, weight_decay=0.01)", "adamw",
                                       "sgd(momentum=0.9, nesterov=True, weight_decay=0.1)",
                                       "rmsprop(alpha=0.9, momentum=0.3)"])  # fmt: skip
def test_an_optimizer_is_the_one_of_pytorch(optimizer: str) -> None:
    training = Training(run(optimizer=optimizer, lr=0.003), digits())
    group = training.optimizer.param_groups[0]
    assert type(training.optimizer).__name__.lower() == optimizer.partition("(")[0]
    assert group["lr"] == 0.003
    if optimizer.startswith("adam("):
        assert (group["betas"], group["eps"], group["weight_decay"]) == ((0.89, 0.9), 1e-6, 0.01)
    if optimizer.startswith("sgd"):
        assert (group["momentum"], group["nesterov"], group["weight_decay"]) == (0.9, True, 0.1)
    if optimizer.startswith("rms"):
        assert (group["alpha"], group["momentum"]) == (0.9, 0.3)


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


class TestFrozen:
    @pytest.mark.parametrize("kind", ["adamw(weight_decay=0.5)", "sgd(weight_decay=0.5)"])
    def test_a_frozen_parameter_does_not_change(self, kind: str) -> None:
        frozen = nn.Parameter(torch.ones(3), requires_grad=False)
        learns = nn.Parameter(torch.ones(2))
        optimizer_from_name(kind, [frozen, learns], 0.1, no_decay=[frozen]).step()
        assert torch.equal(frozen, torch.ones(3))
        assert frozen.grad is None
        assert (learns < 1).all()

    def test_nothing_to_train_is_refused(self) -> None:
        with pytest.raises(StudyError, match="no parameter to train: all are frozen"):
            optimizer_from_name("adam", [nn.Parameter(torch.ones(3), requires_grad=False)], 0.1)

    def test_a_frozen_layer_is_the_same_after_a_training(self) -> None:
        data = digits(64)
        size = int(np.prod(data.input_shape))
        name = register_object("partly", functools.partial(PartlyFrozen, size=size))
        training = Training(Run("tanh", model=name, epochs=1, optimizer="adamw(weight_decay=0.5)"), data)
        before = {key: value.clone() for key, value in training.model.state_dict().items()}
        list(training)
        after = training.model.state_dict()
        changed = {key for key in after if not torch.equal(after[key], before[key])}
        assert changed == {"last.weight", "last.bias"}
