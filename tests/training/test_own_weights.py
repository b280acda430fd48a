"""A network's own initial weights are kept and follow the seed; what is drawn anew is said before training."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from reluctant import compare
from reluctant.core.errors import StudyError
from reluctant.core.user_objects import SESSION_OBJECTS, register_object
from reluctant.data import from_data
from reluctant.records.store import Store
from reluctant.study import Run, Study
from reluctant.training import TensorData, Training, describe_replacements, fingerprint, prepare


class Plain(nn.Module):
    def __init__(self, in_features: int = 8, num_classes: int = 2) -> None:
        super().__init__()
        self.first, self.act, self.norm = nn.Linear(in_features, 16), nn.ReLU(), nn.LayerNorm(16)
        self.second, self.out = nn.Linear(16, 16), nn.Linear(16, num_classes)

    def forward(self, x: Tensor) -> Any:
        return self.out(self.act(self.second(self.norm(self.act(self.first(x))))))


class WithInit(Plain):
    """`nn.init` in the constructor, in one layer."""

    def __init__(self, **sizes: int) -> None:
        super().__init__(**sizes)
        nn.init.orthogonal_(self.second.weight, 2**0.5)


class Applied(Plain):
    def __init__(self, **sizes: int) -> None:
        super().__init__(**sizes)
        self.apply(self.draw)

    @staticmethod
    def draw(module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            nn.init.orthogonal_(module.weight, 2**0.5)


class ThroughData(Plain):
    """As transformers do it."""

    def __init__(self, **sizes: int) -> None:
        super().__init__(**sizes)
        self.second.weight.data.normal_(0.0, 0.02)


class Assigned(Plain):
    def __init__(self, **sizes: int) -> None:
        super().__init__(**sizes)
        self.second.weight = nn.Parameter(torch.randn(16, 16))


class OfTheNetwork(Plain):
    """A `reset_parameters` of the network, which has no parameter of its own."""

    def __init__(self, **sizes: int) -> None:
        super().__init__(**sizes)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        nn.init.zeros_(self.out.weight)


def loaded(in_features: int = 8, num_classes: int = 2) -> nn.Module:
    network = Plain(in_features, num_classes)
    network.load_state_dict({name: torch.full_like(p, 0.5) for name, p in network.state_dict().items()})
    return network


class Orthogonal(nn.Linear):
    def reset_parameters(self) -> None:
        super().reset_parameters()
        nn.init.orthogonal_(self.weight)


class OwnLayer(Plain):
    """A layer with a `reset_parameters` of its own, which is drawn by that, layer by layer."""

    def __init__(self, **sizes: int) -> None:
        super().__init__(**sizes)
        self.second = Orthogonal(16, 16)


class Tied(Plain):
    def __init__(self, **sizes: int) -> None:
        super().__init__(**sizes)
        self.third = nn.Linear(16, 16)
        self.third.weight = self.second.weight


class Attention(Plain):
    """PyTorch itself sets a bias of attention after the layer is made."""

    def __init__(self, **sizes: int) -> None:
        super().__init__(**sizes)
        self.block = nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 2, 16), 2, enable_nested_tensor=False)


class Doubled(Plain):
    """Converted in the constructor."""

    def __init__(self, **sizes: int) -> None:
        super().__init__(**sizes)
        self.double()

    def forward(self, x: Tensor) -> Any:
        return super().forward(x.double()).float()


OWN: dict[Callable[..., nn.Module], tuple[str, ...]] = {
    WithInit: ("second",), Applied: ("first", "second", "out"), ThroughData: ("second",), Assigned: ("second",),
    OfTheNetwork: ("out",), loaded: ("first", "norm", "second", "out"),
}  # fmt: skip
NONE = (Plain, OwnLayer, Tied, Attention, Doubled)


@pytest.fixture(autouse=True)
def _session() -> Iterator[None]:
    yield
    SESSION_OBJECTS.clear()


def table() -> TensorData:
    x = np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32)
    return prepare(from_data((x, (x[:, 0] > 0).astype(int))), 0.8)


def training(factory: Callable[..., nn.Module], seed: int = 0, activation: str = "relu", **fields: Any) -> Training:
    return Training(Run(activation, seed, model=register_object("Net", factory), **fields), table())


@pytest.mark.parametrize("factory", OWN, ids=lambda factory: factory.__name__)
def test_own_weights_are_kept_and_every_other_layer_is_drawn_as_before(factory: Callable[..., nn.Module]) -> None:
    network, plain = training(factory), training(Plain).model.state_dict()
    assert network.own_weights == OWN[factory]
    for name, values in network.model.state_dict().items():
        layer = name.rpartition(".")[0]
        assert torch.equal(values, plain[name]) or layer in OWN[factory]
    if factory in (WithInit, Applied):
        weight = network.model.get_parameter("second.weight").detach()
        torch.testing.assert_close(weight @ weight.T, 2 * torch.eye(16))


@pytest.mark.parametrize("factory", [WithInit, Applied, ThroughData, Assigned])
def test_they_follow_the_seed_and_are_the_same_for_every_activation(factory: Callable[..., nn.Module]) -> None:
    first = fingerprint(training(factory).model)
    assert first == fingerprint(training(factory, activation="gelu").model)
    assert first != fingerprint(training(factory, 1).model)


@pytest.mark.parametrize("factory", NONE, ids=lambda factory: factory.__name__)
def test_a_network_without_any_is_drawn_layer_by_layer(factory: Callable[..., nn.Module]) -> None:
    """Its numbers are those of earlier versions."""
    network = training(factory)
    assert network.own_weights == ()
    anew = training(factory, init="pytorch")
    assert fingerprint(network.model) == fingerprint(anew.model)
    assert "sources" not in network.state_dict()["data"]


def test_other_initialisations_draw_every_layer() -> None:
    assert fingerprint(training(Applied, init="pytorch").model) == fingerprint(training(Plain).model)
    assert fingerprint(training(Applied, init="normal").model) == fingerprint(training(Plain, init="normal").model)


def test_the_classes_of_pytorch_are_as_before() -> None:
    before = nn.Linear.reset_parameters
    assert nn.Linear.reset_parameters is before
    network = training(WithInit).model
    assert nn.Linear.reset_parameters is before
    assert not any("_reluctant_as_reset" in vars(module) for module in network.modules())


class ByGain(Plain):
    """Draws its weights by the gain of the activation."""

    def __init__(self, in_features: int = 8, num_classes: int = 2, activation: str = "relu") -> None:
        super().__init__(in_features, num_classes)
        self.act = {"relu": nn.ReLU(), "tanh": nn.Tanh()}[activation]  # type: ignore[assignment]
        nn.init.xavier_uniform_(self.second.weight, nn.init.calculate_gain(activation))  # type: ignore[arg-type]


LAYER = nn.Linear(8, 8)


def made_before(in_features: int = 8, num_classes: int = 2) -> nn.Module:
    return nn.Sequential(LAYER, nn.ReLU(), nn.Linear(8, num_classes))


def sentence(factory: Callable[..., nn.Module], **fields: Any) -> str:
    study = Study(**{"activation": "relu", "model": register_object("Net", factory), **fields})
    return "".join(describe_replacements(study, {"table": table()}))


def test_what_is_kept_and_what_is_drawn_anew_is_said() -> None:
    assert sentence(Applied).endswith("; keeps its own initial weights: 3 layers: first, second, out")
    assert sentence(WithInit, init="kaiming").endswith(
        "; init = kaiming draws anew what the network initialises itself: 1 layer: second"
    )
    assert sentence(made_before).endswith(
        "; weights that existed before the network was built are drawn anew: 1 layer: 0; init = 'as_made' keeps them"
    )
    assert "weights" not in sentence(Plain)
    assert "not the same" not in sentence(Applied, activation=["relu", "tanh"])
    assert sentence(ByGain, activation=["relu", "tanh"]).endswith(
        "keeps its own initial weights: 1 layer: second; with one seed they are not the same for relu and tanh, as in "
        "second"
    )
    assert "keeps its own initial weights with init = default" in sentence(WithInit, init=["default", "pytorch"])


def test_records_of_a_version_that_drew_them_anew_are_not_continued(tmp_path: Path) -> None:
    x, y = (table().train.inputs.numpy(), table().train.targets.numpy())
    options: dict[str, Any] = {"data": (x, y), "folder": tmp_path, "engine": "serial", "epochs": 1}
    compare(["relu"], model=WithInit, seeds=1, **options)
    compare(["relu"], model=WithInit, seeds=2, **options)
    store = Store(tmp_path / "runs")
    for key in list(store):
        record = store.read(key)
        assert record.sources.pop("here:WithInit: initial weights") == "own"
        store.add(key, record)
    with pytest.raises(StudyError, match="was trained by a version that drew them anew"):
        compare(["relu"], model=WithInit, seeds=3, **options)
