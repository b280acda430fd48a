"""Networks from factories: the activation as an argument, or swapped where the factory takes none."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from reluctant.core.errors import StudyError
from reluctant.models import activation_keyword, build, build_with_activation
from reluctant.models.swap import activation_modules
from tests.support.swapped_models import (
    forwards_options,
    swapped_names,
    takes_act_layer,
    takes_nothing,
    takes_own_string,
)

HERE = "tests.support.swapped_models"


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
    "factory",
    ["takes_act_layer", "takes_own_string", "takes_nothing", "forwards_options", "forwards_options(width=7)"],
)
def test_a_user_defined_network_gets_the_activation_whatever_it_takes(factory: str) -> None:
    model = build(f"{HERE}:{factory}", "tangma", (1, 8, 8), 10, seed=3)
    assert [type(m).__name__ for m in activation_modules(model).values()] == ["Formula"]
    other = build(f"{HERE}:{factory}", "relu", (1, 8, 8), 10, seed=3)
    weights = {key: value for key, value in model.state_dict().items() if value.dim() == 2}
    assert all(torch.equal(value, other.state_dict()[key]) for key, value in weights.items())


def test_a_wrong_argument_and_a_network_without_activation_are_refused() -> None:
    with pytest.raises(StudyError, match="unexpected keyword argument 'wdith'"):
        build(f"{HERE}:forwards_options(wdith=3)", "gelu", (1, 8, 8), 10)
    with pytest.raises(StudyError, match="no activation was found in Sequential"):
        build(f"{HERE}:without_activation", "gelu", (1, 8, 8), 10)
