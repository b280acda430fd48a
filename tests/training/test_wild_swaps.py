"""Networks as users write them: swaps change their activations and nothing else, or are refused."""

from functools import partial
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from reluctant.core.errors import ReluctantError
from reluctant.models import swap_activations
from tests.support.wild_networks_checkpoints import CheckpointsInTrainingOnly, DiffusionNet, MemoryEfficientDenseNet
from tests.support.wild_networks_in_place import FlatView, FlatViewTanh, HalfActivated, TanhInPlace, TappedVGG
from tests.support.wild_networks_shared_parts import (
    EfficientNetLike,
    PlainDictDiscriminator,
    SmallTransformer,
    TanhTransformer,
)
from tests.support.wild_networks_state import ActNormNet, MemoryBank, NormalisesItsInputInPlace
from tests.support.wild_runs import rows
from tests.support.wild_swaps import assert_equal, assert_only_the_activation_changes, build, swapped, two_steps
from tests.support.zoo import normal

# Checkpoints


def test_checkpointed_closure_of_a_dense_layer_is_swapped() -> None:
    """Both layers and the head are swapped, in the forward pass and in the one of backward."""
    with_tanh = partial(MemoryEfficientDenseNet, nn.Tanh, torch.tanh)
    assert_only_the_activation_changes(MemoryEfficientDenseNet, normal(3, 3, 6, 6), "relu", 5, with_tanh)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("activation", ["silu", "tanh"])
def test_checkpoint_written_by_hand_is_refused(activation: str, training: bool) -> None:
    """Backward would compute the parts that it repeats with the old function."""
    with pytest.raises(ReluctantError, match=r"runs a part again in backward .*, where silu cannot be replaced"):
        swap_activations(build(DiffusionNet, training), activation, example=normal(2, 2, 8))


def test_blocks_checkpointed_in_training_only_are_swapped() -> None:
    with_tanh = partial(CheckpointsInTrainingOnly, torch.tanh)
    assert_only_the_activation_changes(CheckpointsInTrainingOnly, normal(2, 5, 6), "gelu", 4, with_tanh)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("activation", "call"), [("gelu", F.gelu), ("tanh", torch.tanh)])
def test_a_swap_in_one_mode_holds_in_the_other(activation: str, call: Any, training: bool) -> None:
    """The same blocks run with checkpoints in one mode and without them in the other."""
    x = normal(2, 5, 6)
    network = swapped(build(CheckpointsInTrainingOnly, training), activation, x, 4).train(not training)
    assert_equal(two_steps(network, x), two_steps(build(partial(CheckpointsInTrainingOnly, call), not training), x))


# In-place activations


def test_in_place_activation_is_written_into_a_slice() -> None:
    with_tanh = partial(HalfActivated, TanhInPlace)
    assert_only_the_activation_changes(HalfActivated, normal(2, 3, 6, 6), "relu", 1, with_tanh)


def test_in_place_activation_changes_features_stored_before_it() -> None:
    with_tanh = partial(TappedVGG, TanhInPlace)
    assert_only_the_activation_changes(TappedVGG, normal(2, 3, 9, 9), "relu", 3, with_tanh)


def test_in_place_call_is_written_through_a_flattened_view() -> None:
    assert_only_the_activation_changes(FlatView, normal(2, 2, 7), "relu", 2, FlatViewTanh)


# State


def test_network_that_writes_into_its_input_is_swapped() -> None:
    assert_only_the_activation_changes(partial(NormalisesItsInputInPlace, 6, 2), rows(4)[0], "relu", 1)


def test_example_is_no_first_batch() -> None:
    """It sets neither the weights nor the attribute of a layer that its first batch initialises."""
    x, _ = rows(8)
    assert not swapped(build(ActNormNet, True), "relu", x, 1).ready
    assert_only_the_activation_changes(ActNormNet, x, "relu", 1)


def test_memory_bank_stays_as_it_is() -> None:
    """The swap leaves queue, pointer and list alone, so that two steps are equal to the bit."""
    x, _ = rows(5)
    assert_only_the_activation_changes(MemoryBank, x, "elu", 1)
    network = swapped(build(MemoryBank, True), "tanh", x, 1)
    assert network.pointer == 0
    assert network.seen == []


# Shared parts


@pytest.mark.parametrize("training", [True, False])
def test_fused_path_of_a_transformer_is_replaced(training: bool) -> None:
    """The new activation also counts on the fused path; with ReLU that path may differ by rounding only."""
    x = normal(2, 4, 8)
    original = two_steps(build(SmallTransformer, training), x)
    for activation, make in (("relu", SmallTransformer), ("tanh", TanhTransformer)):
        steps = two_steps(swapped(build(SmallTransformer, training), activation, x, 2), x)
        expected = two_steps(build(make, training), x)
        torch.testing.assert_close(steps.without_gradient, expected.without_gradient, rtol=1e-5, atol=1e-5)
        assert_equal(steps._replace(without_gradient=expected.without_gradient), expected)
    assert not torch.allclose(steps.without_gradient, original.without_gradient, atol=1e-3)


@pytest.mark.parametrize("training", [True, False])
def test_custom_function_of_the_memory_efficient_swish_is_swapped(training: bool) -> None:
    """The report names both custom activations beside the ReLU."""
    x = normal(2, 3, 6, 6)
    network, report = swap_activations(build(EfficientNetLike, training), "tanh", example=x)
    assert [site.name for site in report.swapped] == ["swish", "swish2", "relu"]
    assert_equal(two_steps(network, x), two_steps(build(partial(EfficientNetLike, nn.Tanh, nn.Tanh), training), x))


def test_activation_in_a_plain_dict_is_swapped_at_both_calls() -> None:
    """The vectors of spectral norm do not move."""
    with_tanh = partial(PlainDictDiscriminator, nn.Tanh)
    own = "leaky_relu(negative_slope=0.2)"
    assert_only_the_activation_changes(PlainDictDiscriminator, normal(2, 3, 7, 7), own, 2, with_tanh)
