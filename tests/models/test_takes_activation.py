"""Whatever form a factory takes its activation in, the network computes with it, or its own are replaced."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from reluctant.core.user_objects import register_object
from reluctant.data import from_data
from reluctant.models import build
from reluctant.models.build import preview_replacements
from reluctant.study import Study
from reluctant.training import describe_replacements, prepare
from tests.support.takes_activation import FACTORIES, NotEverywhere


def outputs(factory: Callable[..., Any], activation: str) -> Tensor:
    network = build(register_object(factory.__name__, factory), activation, (8,), 2, seed=3)
    with torch.no_grad():
        result: Tensor = network.eval()(torch.linspace(-2, 2, 40).reshape(5, 8))
    return result


def with_function(factory: Callable[..., Any], function: Callable[[Tensor], Tensor]) -> Tensor:
    """What the weights of that network give with this function after each of the first two layers."""
    network = build(register_object(factory.__name__, factory), "relu", (8,), 2, seed=3)
    weights = {name.split(".")[-2] + name.split(".")[-1]: value for name, value in network.state_dict().items()}
    x = torch.linspace(-2, 2, 40).reshape(5, 8)
    for layer in "abc":
        x = x @ weights[f"{layer}weight"].T + weights[f"{layer}bias"]
        x = x if layer == "c" else function(x)
    return x


@pytest.mark.parametrize("factory", FACTORIES, ids=lambda factory: factory.__name__)
@pytest.mark.parametrize(("activation", "function"), [("tanh", torch.tanh), ("silu", torch.nn.functional.silu)])
def test_the_network_computes_with_the_activation_of_the_study(
    factory: Callable[..., Any], activation: str, function: Callable[[Tensor], Tensor]
) -> None:
    torch.testing.assert_close(outputs(factory, activation), with_function(factory, function))


def test_sites_that_keep_their_own_activation_are_named() -> None:
    """The network decides itself where it uses the activation; a reader has to know the rest."""
    name = register_object("NotEverywhere", NotEverywhere)
    assert preview_replacements(name, "tanh", (8,), 2).own == ("#relu",)
    rows = prepare(from_data((np.eye(8, dtype=np.float32).repeat(8, axis=0), np.arange(64) % 2)), 0.8)
    (sentence,) = describe_replacements(Study(activation="tanh", model=name), {"rows": rows})
    assert "takes the activation; uses one of its own as well, for every activation of the study: " in sentence
