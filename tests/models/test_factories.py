"""Networks from factories: the activation and the sizes they receive, and weights that no two networks share."""

import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import nn

from reluctant.activations import make
from reluctant.core.errors import ModelError
from reluctant.core.user_objects import SESSION_OBJECTS, register_object
from reluctant.models import activation_keyword, build, build_with_activation
from reluctant.models.keywords import AMBIGUOUS_KEYWORDS, shape_arguments, shape_keywords
from reluctant.models.swap import activation_modules
from reluctant.training import fingerprint
from tests.support.own_models import Wide
from tests.support.swapped_models import (
    forwards_options,
    swapped_names,
    takes_act_layer,
    takes_nothing,
    takes_own_string,
)

HERE = "tests.support.swapped_models"


@pytest.fixture(autouse=True)
def _session() -> Iterator[None]:
    yield
    SESSION_OBJECTS.clear()


@pytest.mark.parametrize(
    ("factory", "keyword"),
    [(takes_act_layer, "act_layer"), (takes_own_string, "hidden_act"), (takes_nothing, None),
     (forwards_options, None), (nn.TransformerEncoderLayer, "activation"), (nn.RNN, None)],
)  # fmt: skip
def test_the_keyword_of_the_activation_is_found(factory: Callable[..., Any], keyword: str | None) -> None:
    assert activation_keyword(factory) == keyword


def test_a_keyword_for_a_class_gets_a_factory_of_fresh_modules() -> None:
    model, report = build_with_activation(takes_act_layer, "prelu", {"image": (1, 8, 8), "classes": 10})
    assert report is None
    assert isinstance(model[2], nn.PReLU)


def test_a_keyword_for_an_unknown_string_is_left_and_the_network_swapped() -> None:
    model, report = build_with_activation(takes_own_string, "prelu", example=torch.zeros(2, 1, 8, 8))
    assert report is not None
    assert swapped_names(report) == ["2"]
    assert isinstance(model[2], nn.PReLU)


@pytest.mark.parametrize(
    "factory", ["takes_act_layer", "takes_own_string", "takes_nothing", "forwards_options", "forwards_options(width=7)"]
)
def test_a_user_defined_network_gets_the_activation_whatever_it_takes(factory: str) -> None:
    model = build(f"{HERE}:{factory}", "tangma", (1, 8, 8), 10, seed=3)
    assert [type(m).__name__ for m in activation_modules(model).values()] == ["Formula"]
    other = build(f"{HERE}:{factory}", "relu", (1, 8, 8), 10, seed=3)
    weights = {key: value for key, value in model.state_dict().items() if value.dim() == 2}
    assert all(torch.equal(value, other.state_dict()[key]) for key, value in weights.items())


def test_a_wrong_argument_and_a_network_without_activation_are_refused() -> None:
    with pytest.raises(ModelError, match="unexpected keyword argument 'wdith'"):
        build(f"{HERE}:forwards_options(wdith=3)", "gelu", (1, 8, 8), 10)
    with pytest.raises(ModelError, match="no activation was found in Sequential"):
        build(f"{HERE}:without_activation", "gelu", (1, 8, 8), 10)


def factory_with(parameters: str) -> Callable[..., None]:
    """A factory with these parameters."""
    scope: dict[str, Any] = {}
    exec(f"def factory({parameters}): pass", scope)
    factory: Callable[..., None] = scope["factory"]
    return factory


class TestSizes:
    def test_a_width_of_the_network_stays_and_it_receives_the_sizes_of_the_data(self) -> None:
        net = build(register_object("Wide", Wide), "tanh", (4,), 2)
        assert isinstance(net, Wide)
        assert net.widths == (4, 2, 64, 32)

    def test_a_value_that_a_partial_binds_stays(self) -> None:
        name = register_object("Bound", functools.partial(Wide, num_classes=3, features=16))
        net = build(name, "tanh", (4,), 2)
        assert isinstance(net, Wide)
        assert net.widths == (4, 3, 16, 32)

    def test_a_value_stays_that_a_partial_of_any_keywords_binds(self) -> None:
        def any_keywords(**keywords: Any) -> nn.Module:
            return Wide(4, keywords["classes"])

        name = register_object("Any", functools.partial(any_keywords, classes=9))
        assert build(name, "relu", (4,), 2)(torch.zeros(1, 4)).shape == (1, 9)

    @pytest.mark.parametrize(("shape", "size"), [((4,), 4), ((3, 8, 8), 3)])
    def test_every_keyword_without_a_default_receives_its_size(self, shape: tuple[int, ...], size: int) -> None:
        keywords = shape_keywords(shape, 2)
        arguments = shape_arguments(factory_with(", ".join(keywords)), shape, 2)
        assert arguments == keywords
        assert set(arguments.values()) == {size, 2}
        assert {*shape_keywords((4,), 2), *shape_keywords((1, 2, 2), 2)} >= AMBIGUOUS_KEYWORDS

    @pytest.mark.parametrize("keyword", ["in_features", "in_channels", "in_chans", "num_classes", "image"])
    def test_an_unambiguous_keyword_receives_its_size_despite_a_default(self, keyword: str) -> None:
        factory = factory_with(f"{keyword}=1")
        assert keyword in {**shape_arguments(factory, (4,), 2), **shape_arguments(factory, (3, 8, 8), 2)}


SHARED = nn.Linear(4, 5)


def returns_its_default(
    network: nn.Module = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3)),  # noqa: B008
) -> nn.Module:
    return network


def shares_a_layer() -> nn.Module:
    return nn.Sequential(SHARED, nn.ReLU(), nn.Linear(5, 3))


def shares_a_layer_and_takes_the_activation(activation: str, layer: nn.Linear = SHARED) -> nn.Module:
    return nn.Sequential(layer, make(activation))


class TestSharedWeights:
    @pytest.mark.parametrize("factory", [returns_its_default, shares_a_layer, shares_a_layer_and_takes_the_activation])
    def test_two_networks_share_no_parameter(self, factory: Callable[..., nn.Module]) -> None:
        name = register_object("shared", factory)
        before = {key: value.clone() for key, value in SHARED.state_dict().items()}
        one, other = build(name, "tanh", (4,), 3), build(name, "tanh", (4,), 3)
        assert {id(p) for p in one.parameters()}.isdisjoint({id(p) for p in other.parameters()})
        with torch.no_grad():
            for parameter in one.parameters():
                parameter.fill_(9)
        third = build(name, "tanh", (4,), 3)
        assert not any((p == 9).all() for p in third.parameters())
        assert all(torch.equal(SHARED.state_dict()[key], value) for key, value in before.items())

    def test_a_factory_of_fresh_networks_is_not_copied_and_its_weights_follow_the_seed(self) -> None:
        networks: list[nn.Module] = []

        def fresh() -> nn.Module:
            networks.append(nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3)))
            return networks[-1]

        name = register_object("fresh", fresh)
        one, other = build(name, "tanh", (4,), 3), build(name, "tanh", (4,), 3)
        assert one is networks[0]
        assert len(networks) == 3  # one more, to find out
        assert fingerprint(one) == fingerprint(other)

    def test_shared_weights_that_cannot_be_copied_are_refused(self) -> None:
        net = nn.Linear(4, 3)
        net.lock = threading.Lock()  # type: ignore[assignment]
        with pytest.raises(ModelError, match=r"the same weights at every call, and they cannot be copied"):
            build(register_object("locked", lambda activation: net), "relu", (4,), 3)
