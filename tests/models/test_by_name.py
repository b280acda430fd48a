"""A parameter whose default is a text gets the activation's name, as configurations of transformers want it."""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reluctant.core.errors import ModelError
from reluctant.core.user_objects import SESSION_OBJECTS, register_object
from reluctant.data import from_data
from reluctant.models import build, build_with_activation
from reluctant.study import Study
from reluctant.training import describe_replacements, preflight, prepare

KEYWORDS = ("activation", "act_layer", "act", "act_fn", "activation_function", "nonlinearity", "hidden_act")


@dataclass
class Config:
    in_features: int = 8
    num_classes: int = 2
    hidden_act: str = "gelu"


class Gated(nn.Module):
    """The width follows from the name, so that a gated unit has no more parameters than the others."""

    FUNCTIONS: ClassVar[dict[str, Callable[[Tensor], Tensor]]] = {
        "gelu": F.gelu, "relu": F.relu, "swish": F.silu, "swiglu": F.silu, "leaky_relu": F.leaky_relu
    }  # fmt: skip

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config, self.act = config, self.FUNCTIONS[config.hidden_act]
        self.gate = nn.Linear(config.in_features, 8) if config.hidden_act == "swiglu" else None
        self.up = nn.Linear(config.in_features, 8 if self.gate else 16)
        self.out = nn.Linear(8 if self.gate else 16, config.num_classes)

    def forward(self, x: Tensor) -> Any:
        up = self.up(x)
        return self.out(self.act(up) if self.gate is None else self.act(self.gate(x)) * up)


def from_config(in_features: int = 8, num_classes: int = 2, hidden_act: str = "gelu") -> nn.Module:
    return Gated(Config(in_features, num_classes, hidden_act))


def forgiving(in_features: int = 8, num_classes: int = 2, hidden_act: str = "gelu") -> nn.Module:
    """Falls back to GELU where it does not know a name."""
    return from_config(in_features, num_classes, hidden_act if hidden_act in Gated.FUNCTIONS else "gelu")


def squash(x: Tensor) -> Tensor:
    return x / (1 + x.abs())


@pytest.fixture(autouse=True)
def _session() -> Iterator[None]:
    yield
    SESSION_OBJECTS.clear()


def built(activation: str, factory: Callable[..., nn.Module] = from_config) -> Any:
    return build(register_object("from_config", factory), activation, (8,), 2, seed=3)


@pytest.mark.parametrize("keyword", KEYWORDS)
def test_every_keyword_with_a_text_as_default_gets_the_name(keyword: str) -> None:
    scope: dict[str, Any] = {"from_config": from_config}
    exec(f"def factory({keyword}='gelu'): return from_config(hidden_act={keyword})", scope)
    network, report = build_with_activation(scope["factory"], "relu", example=torch.zeros(2, 8))
    assert report is None
    assert network.config.hidden_act == "relu"


def test_a_matched_gated_unit_is_the_authors_network() -> None:
    """Replaced in the default network it would be twice as wide."""
    network = built("swiglu")
    assert network.gate is not None
    assert sum(p.numel() for p in network.parameters()) - sum(p.numel() for p in built("gelu").parameters()) == -16
    assert network.up.out_features == 8


def test_a_name_is_tried_by_its_aliases_too() -> None:
    assert built("silu").config.hidden_act == "swish"


@pytest.mark.parametrize("factory", [from_config, forgiving])
def test_a_name_that_the_factory_does_not_know_is_swapped_into_its_default(factory: Callable[..., nn.Module]) -> None:
    """A factory that falls back in silence would be the default under another name."""
    network, report = build_with_activation(factory, "tanh", example=torch.zeros(2, 8))
    assert network.config.hidden_act == "gelu"
    assert report is not None
    network.requires_grad_(requires_grad=False)
    x = torch.linspace(-2, 2, 16).reshape(2, 8)
    torch.testing.assert_close(network(x), network.out(torch.tanh(network.up(x))))


@pytest.mark.parametrize("activation", ["leaky_relu(negative_slope=0.2)", "here:squash", squash, nn.GELU])
def test_an_activation_without_a_plain_name_is_refused_with_the_mending(activation: Any) -> None:
    register_object("squash", squash)
    with pytest.raises(ModelError, match=r"takes hidden_act= as a name, such as 'gelu', and no plain name says ") as no:
        build_with_activation(from_config, activation, example=torch.zeros(2, 8))
    assert "functools.partial(factory, hidden_act='gelu')" in str(no.value)


def test_it_is_refused_before_training(tmp_path: Any) -> None:
    model, own = register_object("from_config", from_config), register_object("squash", squash)
    data = register_object("rows", from_data((np.eye(8, dtype=np.float32).repeat(8, 0), np.arange(64) % 2)))
    with pytest.raises(ModelError, match="no plain name says here:squash"):
        preflight(Study(activation=["gelu", own], model=model, dataset=data))
    preflight(Study(activation=["gelu", own], model=f"{model}(hidden_act='gelu')", dataset=data))


@pytest.mark.parametrize("bind", [True, False])
def test_a_bound_name_stays_and_the_network_is_swapped(bind: bool) -> None:
    factory = functools.partial(from_config, hidden_act="relu") if bind else from_config
    arguments = {} if bind else {"hidden_act": "relu"}
    network, report = build_with_activation(factory, squash, arguments, torch.zeros(2, 8))
    assert report is not None
    assert network.config.hidden_act == "relu"


def test_weights_are_those_that_the_seed_gives_however_often_the_factory_is_called() -> None:
    torch.testing.assert_close(built("relu").state_dict(), built("gelu").state_dict(), rtol=0, atol=0)
    state = torch.get_rng_state()
    built("tanh", forgiving)
    assert torch.equal(torch.get_rng_state(), state)


def test_what_is_named_and_what_is_swapped_is_said() -> None:
    rows = prepare(from_data((np.eye(8, dtype=np.float32).repeat(8, axis=0), np.arange(64) % 2)), 0.8)
    study = Study(activation=["relu", "swiglu", "tanh"], model=register_object("from_config", from_config))
    (sentence,) = describe_replacements(study, {"rows": rows})
    assert sentence.startswith(
        "from_config: takes the activation by its name as hidden_act: relu, swiglu; has none for tanh as hidden_act, "
        "so it is swapped into the default network: activations at 1 site"
    )


def test_a_transformers_configuration_gets_the_name() -> None:
    transformers = pytest.importorskip("transformers")

    def bert(hidden_act: str = "gelu") -> Any:
        sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
        return transformers.BertModel(transformers.BertConfig(vocab_size=20, hidden_act=hidden_act, **sizes))

    network, report = build_with_activation(bert, "silu", example=torch.zeros(2, 4, dtype=torch.int64))
    assert report is None
    assert network.config.hidden_act == "silu"
