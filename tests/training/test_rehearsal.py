"""What would fail after an epoch, or train something else in silence, is refused before anything trains."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from reluctant.cli.main import execute
from reluctant.core.errors import ReluctantError
from reluctant.core.user_objects import SESSION_OBJECTS, register_object
from reluctant.data import from_data
from reluctant.study import Study
from reluctant.training import build_training, preflight
from tests.support import late_failures as networks

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 4)).astype(np.float32)
Y = (X[:, 0] > 0).astype(int)


@pytest.fixture(autouse=True)
def _session() -> Iterator[None]:
    yield
    SESSION_OBJECTS.clear()


def study(network: Any, rows: int = 150, **fields: Any) -> Study:
    """A study of a network and so many training items, some of which are for validation."""
    data = from_data((X[:rows], Y[:rows], X[rows:], Y[rows:]))
    model, dataset = register_object(network.__name__, network), register_object(f"rows_{rows}", data)
    return Study(
        **{"activation": ["relu", "tanh"], "model": model, "dataset": dataset, "train_fraction": 0.8, **fields}
    )


def test_a_sound_network_passes() -> None:
    preflight(study(networks.Plain))


LATE = {
    "a last batch of one": (
        networks.NormOfTheBatch,
        {"rows": 161, "batch_size": 32},  # 129 to train on
        r"fails in training on the last batch, which holds 1 of 129 rows: ValueError: Expected more than 1 value .*; "
        r"write batch_size = 33",
    ),
    "a tuple in evaluation": (networks.TupleInEvaluation, {}, "in evaluation mode, returns tuple"),
    "a cache of one batch": (networks.CacheOfOneBatch, {"batch_size": 32}, "fails .*size of tensor"),
    "one item": (networks.FailsOnOne, {"rows": 161, "batch_size": 32}, "fails in training on the last batch"),
    "dropout in evaluation": (
        networks.DropoutInEvaluation,
        {},
        r"returns other outputs for the same inputs in evaluation mode: .*F.dropout\(x, p, training=self.training\)",
    ),
    "weights without a seed": (networks.UnseededWeights, {}, "is not the same twice for one seed"),
    "a state that is not stored": (networks.CountsItsSteps, {}, "keeps a state that its state_dict lacks.*interrupted"),
    "a parameter of the class": (networks.ParameterOfTheClass, {}, r"OfTheClass.gain is a parameter of the class"),
    "layers in a list": (networks.ListOfLayers, {}, "middle is a list that holds parameters.*nn.ModuleList"),
    "a detached layer": (networks.Detaches, {}, r"no gradient with respect to first.weight.*\.detach\(\)"),
    "NumPy in forward": (networks.ComputesInNumPy, {}, "no gradient with respect to first.weight.*NumPy"),
    "an activation not used": (
        networks.TakesAndIgnores,
        {},
        "takes activation= and does not use it before its last weights; let it call",
    ),
}


@pytest.mark.parametrize("case", LATE)
def test_what_fails_late_is_refused_before_training(case: str) -> None:
    network, fields, message = LATE[case]
    with pytest.raises(ReluctantError, match=message):
        preflight(study(network, **fields))


@pytest.mark.parametrize("case", LATE)
def test_doctor_names_it(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    network, fields, message = LATE[case]
    values = {"rows": 150, "batch_size": 32, **fields}
    (tmp_path / "late.toml").write_text(
        f"""
activation = ["relu", "tanh"]
model = "tests.support.late_failures:{network.__name__}"
dataset = "tests.support.late_failures:rows(n={values["rows"]})"
train_fraction = 0.8
batch_size = {values["batch_size"]}
"""
    )
    assert execute(["doctor", str(tmp_path / "late.toml")]) == 2
    assert re.search(message, capsys.readouterr().err)


@pytest.mark.filterwarnings("ignore:.*weight_norm` is deprecated:FutureWarning")
@pytest.mark.parametrize("network", [networks.OldWeightNorm, networks.Scripted, networks.NumPyWeights, networks.View,
                                     networks.Strided, networks.NormOfTheBatch])  # fmt: skip
def test_what_works_is_trained(network: Any) -> None:
    """Among them networks that an earlier version refused, or trained and then failed to record."""
    if issubclass(network, networks.View):
        fields = {"model": register_object("Viewing", network), "dataset": "digits"}
        planned = Study(activation=["relu", "tanh"], epochs=1, **fields)
    else:
        planned = study(network, epochs=1)
    data = preflight(planned)[planned.dataset[0]]
    training = build_training(next(iter(planned.runs())), data)
    list(training)
    assert training.record().epochs


def trained(network: Any, activation: str = "relu") -> Any:
    """The record of a short run without what times it."""
    planned = study(network, activation=[activation], epochs=2, lr=0.01)
    training = build_training(next(iter(planned.runs())), preflight(planned)[planned.dataset[0]])
    list(training)
    return training


def test_a_network_that_writes_into_its_input_trains_like_one_that_does_not() -> None:
    writing, copying = trained(networks.WritesIntoItsInput), trained(networks.ScalesACopy)
    for name, weight in writing.model.state_dict().items():
        assert torch.equal(weight, copying.model.state_dict()[name])
    losses = [[each.loss for each in training.record().epochs] for training in (writing, copying)]
    assert losses[0] == losses[1]


def test_random_numbers_of_numpy_and_python_follow_the_seed() -> None:
    """And not the state of the process, which one and two workers do not share."""
    states = []
    for _ in range(2):
        np.random.normal(size=3)
        states.append(trained(networks.NumPyWeights).model.state_dict())
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_the_memory_format_does_not_change_numbers() -> None:
    """`Strided` reads another pixel where a convolution's output is channels-last."""
    planned = Study(activation="relu", model=register_object("Strided", networks.Strided), epochs=1)
    data = preflight(planned)["digits"]
    training = build_training(next(iter(planned.runs())), data)
    assert training.data.train.inputs.is_contiguous()
    assert not any(p.is_contiguous(memory_format=torch.channels_last) and p.dim() == 4 and p.shape[1] > 1
                   for p in training.model.parameters())  # fmt: skip


CALLS: list[int] = []


def split_anew() -> Any:
    """A data function that forgets its seed."""
    CALLS.append(1)
    order = np.random.default_rng(len(CALLS)).permutation(len(X))
    return X[order[:150]], Y[order[:150]], X[order[150:]], Y[order[150:]]


def test_data_that_are_not_the_same_twice_are_refused() -> None:
    with pytest.raises(ReluctantError, match=r"returns other data at each call, .*numpy.random.default_rng"):
        preflight(Study(activation="relu", model="mlp", dataset="tests.training.test_rehearsal:split_anew"))


def test_a_layer_that_is_not_used_is_no_fault() -> None:
    preflight(study(networks.Unused))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("step", "is a step function: its slope is 0"),
        ("smooth_sign", "is a step function"),
        ("detached", "has no gradient with respect to its input"),
        ("through_numpy", "has no gradient with respect to its input"),
    ],
)
def test_an_activation_without_a_gradient_is_refused(name: str, message: str) -> None:
    with pytest.raises(ReluctantError, match=f"activation tests.support.own_activations:{name} {message}"):
        preflight(study(networks.Plain, activation=["relu", f"tests.support.own_activations:{name}"]))
