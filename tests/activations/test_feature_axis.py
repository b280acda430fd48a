"""Blocks on every axis of the features: which axis they mix, and what they say where they cannot know it."""

import pytest
import torch
from torch import Tensor, nn

from reluctant.activations import check_activation, make, needs_feature_axis, set_feature_axis, undecided_axes
from reluctant.catalogue import ACTIVATIONS
from reluctant.core.errors import ModelError

BLOCKS = [row.name for row in ACTIVATIONS if row.family == "block"]
OF_SAMPLES = ("abrelu", "kwta")  # on axis 1 all values of a sample count together
each_block = pytest.mark.parametrize("name", BLOCKS)


def block(name: str, axis: int | None, width: int = 5) -> nn.Module:
    """A block with weights that follow from a seed."""
    torch.manual_seed(0)
    module = make(name, feature_axis=axis)
    with torch.no_grad():
        module(torch.ones(2, width))
        for p in module.parameters():
            p.normal_()
    return module


@each_block
def test_the_axis_follows_the_features_wherever_they_are(name: str) -> None:
    x = torch.randn(3, 4, 6, 5)
    last = block(name, -1)(x)
    moved = block(name, 2)(x.movedim(-1, 2)).movedim(2, -1)
    assert torch.allclose(last, moved, atol=1e-6)
    rows = block(name, None)(x.reshape(-1, 5)).reshape(x.shape)  # every token alone
    assert torch.allclose(last, rows, atol=1e-6)
    first = block(name, 1)(x.movedim(-1, 1)).movedim(1, -1)
    assert torch.allclose(last, first, atol=1e-6) == (name not in OF_SAMPLES)


@each_block
def test_a_block_on_tokens_moves_no_other_token_and_takes_any_number(name: str) -> None:
    module, x = block(name, -1), torch.randn(2, 7, 5)
    changed = x.clone()
    changed[:, 4] += 1
    moved = (module(x) != module(changed)).any(-1)
    assert moved[:, 4].any()
    assert not moved[:, [0, 1, 2, 3, 5, 6]].any()
    assert module(x[:, :3]).shape == (2, 3, 5)


@each_block
def test_a_block_that_cannot_know_the_axis_says_what_to_write(name: str) -> None:
    module = make(name)
    assert needs_feature_axis(module)
    with pytest.raises(ModelError, match=r"which axis of \(2, 4, 5\) the features are: give feature_axis=, −1 after"):
        module(torch.randn(2, 4, 5))
    assert module(torch.randn(2, 5)).shape == (2, 5)


@each_block
def test_an_open_axis_passes_values_on_only_while_it_is_open(name: str) -> None:
    module, x = make(name), torch.randn(2, 4, 5)
    with undecided_axes():
        assert module(x) is x
    set_feature_axis(module, -1)
    with undecided_axes():
        assert not torch.equal(module(x), x)
    assert module(x).shape == x.shape
    assert [p.shape for p in module.parameters()] == [p.shape for p in block(name, -1).parameters()]


def test_an_axis_that_is_set_stays() -> None:
    module = set_feature_axis(make("kwta", feature_axis=1), -1)
    assert module.feature_axis == 1
    assert not hasattr(set_feature_axis(make("relu"), None), "feature_axis")


def test_values_by_hand() -> None:
    x = torch.tensor([[[1.0, 2, 3, 4, 10], [5, 4, 3, 2, 1]]])
    assert make("kwta", feature_axis=-1)(x).tolist() == [[[0, 0, 0, 0, 10], [5, 0, 0, 0, 0]]]
    assert make("kwta(ratio=0.1)", feature_axis=1)(x).tolist() == [[[0, 0, 0, 0, 10], [0, 0, 0, 0, 0]]]
    assert make("abrelu", feature_axis=-1)(x).tolist() == [[[0, 0, 0, 0, 6], [2, 1, 0, 0, 0]]]
    assert make("abrelu", feature_axis=1)(x).tolist() == [[[0, 0, 0, 0.5, 6.5], [1.5, 0.5, 0, 0, 0]]]


@each_block
def test_blocks_pass_the_check_before_a_study(name: str) -> None:
    out: Tensor = check_activation(name)(torch.randn(2, 5))
    assert out.shape == (2, 5)
