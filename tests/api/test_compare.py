"""`reluctant.compare`: what is the same question and what is another, names of objects, and mistakes."""

import functools
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import reluctant
from reluctant.api.run import run as run_study
from reluctant.core.errors import ReluctantError, StudyError
from reluctant.core.user_objects import SESSION_OBJECTS, object_hash, pack_objects, unpack_objects

X = np.random.default_rng(5).normal(size=(60, 4)).astype("float32")
Y = (X[:, 0] > 0).astype(int)
FACTOR = 1.0


class Net(nn.Module):
    def __init__(self, in_features: int, num_classes: int, width: int = 4) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(in_features, width), nn.Linear(width, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(torch.relu(self.first(x)))
        return out * FACTOR


class Scaled(nn.Module):
    def __init__(self, beta: float) -> None:
        super().__init__()
        self.beta = beta

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x) * self.beta


def squash(x: Tensor) -> Tensor:
    return x / (1 + x.abs())


@pytest.fixture(autouse=True)
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    yield
    SESSION_OBJECTS.clear()


def compared(activations: Any = ("relu", "tanh"), **more: Any) -> Any:
    arguments = {"model": Net, "data": (X, Y), "seeds": 2, "epochs": 1, "engine": "serial", **more}
    return reluctant.compare(activations, **arguments)


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many runs each call trained."""
    counted: list[int] = []

    def counting(*args: Any, **more: Any) -> Any:
        done: list[object] = []
        more["watch"] = lambda event: done.append(event) if type(event).__name__ == "Done" else None
        results = run_study(*args, **more)
        counted.append(len(done))
        return results

    monkeypatch.setattr("reluctant.api.folders.run", counting)
    return counted


def test_the_same_question_is_answered_at_once_and_may_be_extended_or_cut(trained: list[int]) -> None:
    first, again = compared(), compared()
    more = compared(["relu", "tanh", "elu"], seeds=3)
    fewer = compared(["tanh", "relu"], seeds=[1])
    assert trained == [4, 0, 5, 0]
    assert first.folder == again.folder == more.folder == fewer.folder
    assert [len(each) for each in (first, again, more, fewer)] == [4, 4, 9, 2]
    assert list(fewer.scores().index) == ["tanh", "relu"]
    assert list(fewer.scores().columns) == [1]


def closed(factor: float) -> Any:
    def bent(x: Tensor) -> Tensor:
        return torch.relu(x) * factor

    return bent


PAIRS = [
    ({"model": functools.partial(Net, width=3)}, {"model": functools.partial(Net, width=5)}),
    ({"activations": {"bent": closed(1.0)}}, {"activations": {"bent": closed(2.0)}}),
    ({"activations": {"own": Scaled(0.1)}}, {"activations": {"own": Scaled(9.0)}}),
    ({"activations": {"leak": functools.partial(F.leaky_relu, negative_slope=0.1)}},
     {"activations": {"leak": functools.partial(F.leaky_relu, negative_slope=0.9)}}),
    ({"data": (X, Y)}, {"data": (X, 1 - Y)}),
    ({"lr": 0.1}, {"lr": 0.2}),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_another_question_gets_a_folder_of_its_own(
    one: dict[str, Any], other: dict[str, Any], trained: list[int]
) -> None:
    assert compared(seeds=1, **one).folder != compared(seeds=1, **other).folder
    assert trained[0] == trained[1] > 0


def test_changed_code_or_data_are_refused_in_a_folder_that_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    compared(folder="mine")
    with monkeypatch.context() as patched:
        patched.setattr("tests.api.test_compare.FACTOR", 2.0)
        with pytest.raises(StudyError, match="the code of here:Net is not the code that mine was trained with"):
            compared(folder="mine")
    with pytest.raises(StudyError, match="mine holds another study"):
        compared(folder="mine", data=(X, 1 - Y))


def test_activations_of_torch_have_the_name_of_the_catalogue() -> None:
    results = compared([F.relu, nn.GELU, squash])
    assert list(results.scores().index) == ["relu", "gelu", "squash"]
    assert results.study.activation == ("relu", "gelu", "here:squash")


def test_a_network_and_an_activation_may_have_one_name() -> None:
    results = compared(
        ["relu", nn.Sequential(nn.Tanh())], model=nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    )
    assert results.study.model == ("here:Sequential_",)
    assert results.study.activation == ("relu", "here:Sequential")


def test_a_network_keeps_its_weights_and_is_not_changed() -> None:
    net = Net(4, 2)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    results = compared(model=net)
    assert results.study.init == ("as_made",)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert compared(model=net).folder == results.folder


def test_objects_travel_as_bytes() -> None:
    compared([squash, "relu"])
    packed, before = pack_objects(["here:squash", "relu"]), object_hash("here:squash")
    SESSION_OBJECTS.clear()
    unpack_objects(packed)
    assert object_hash("here:squash") == before
    assert torch.equal(SESSION_OBJECTS["squash"](torch.ones(2)), torch.full((2,), 0.5))
    SESSION_OBJECTS["gate"] = threading.Lock()
    with pytest.raises(StudyError, match="here:gate cannot be sent to worker processes"):
        pack_objects(["here:gate"])


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"activations": "relu"}, "activations are a list"),
    ({"activations": [lambda x: x]}, "a lambda has no name to stand in tables"),
    ({"activations": [3]}, "an activation is a name, a function of a tensor, or a class, not 3"),
    ({"activations": {"relu": squash}}, "has the name relu, and so has one of the catalogue"),
    ({"activations": {1: squash}}, "the name of an activation is a word such as 'squash', not 1"),
    ({"activations": {"mine": "relu"}}, "no activation is called 'mine'|has a name of its own"),
    ({"model": 3}, "model must be a name, a module, or a class or function that builds one, not 3"),
    ({"model": lambda: 3}, "model here:model returned int; a torch module is expected"),
    ({"model": lambda: 1 / 0}, "here:model cannot be built: ZeroDivisionError"),
    ({"seeds": 0}, r"seeds must be a number of seeds \(5\), a list"),
    ({"seeds": 2.0}, r"seeds must be a number of seeds \(5\), a list"),
    ({"seeds": []}, r"seeds must be a number of seeds \(5\), a list"),
    ({"data": (X * np.nan, Y)}, "not finite"),
    ({"data": (X, Y * 0)}, "at least two classes"),
    ({"baseline": "elu"}, "'elu' is not among the activations"),
]


@pytest.mark.parametrize(("arguments", "words"), WRONG, ids=[words for _, words in WRONG])
def test_a_mistake_gets_one_message(arguments: dict[str, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(ReluctantError, match=words):
        compared(**arguments)
    assert not list(tmp_path.rglob("*.json"))


@pytest.mark.parametrize("name", ["seed", "epoch"])
def test_an_unknown_argument_is_an_error_of_python(name: str) -> None:
    with pytest.raises(TypeError, match=f"unexpected keyword argument '{name}'"):
        compared(**{name: 3})


def test_results_have_the_tables_and_figures() -> None:
    results = compared(["relu", squash], seeds=2)
    table = results.verdicts(baseline="squash")
    assert table.verdict.to_dict()["squash"] == "baseline"
    assert set(results.frame().activation) == {"relu", "squash"}
    assert results.curves("loss").shape == (1, 4)
    for kind in ("scores", "curves", "differences", "cost", "shapes"):
        assert results.plot(kind).axes
    assert results.plot("confusion", activation="squash").axes
    assert "squash" in repr(results)
    assert Path(results.report()).is_file()
    with pytest.raises(StudyError, match=r"confusion is of one activation: plot\('confusion', activation="):
        results.plot("confusion")
    with pytest.raises(StudyError, match="there is no plot 'score'; did you mean 'scores'"):
        results.plot("score")


def test_predicted_numbers_have_a_plot_of_their_own() -> None:
    results = compared(["relu", "tanh"], data=(X, X[:, 0] * X[:, 1]), model="mlp(widths='4')", seeds=2)
    assert results.study.task == "regression"
    assert results.plot("predicted", activation="tanh").axes
    with pytest.raises(StudyError, match="regression has no plot 'confusion'; there are scores"):
        results.plot("confusion", activation="tanh")


def test_seeds_may_be_numpy_integers() -> None:
    assert compared(seeds=np.int64(1)).study.seed == (0,)
    assert compared(seeds=np.arange(2)).study.seed == (0, 1)


def test_how_a_study_grows_is_said_of_one_that_grows() -> None:
    with pytest.raises(StudyError, match=r"until_decided goes with seeds='until decided', not with seeds=7"):
        compared(seeds=7, until_decided={"most": 20})
