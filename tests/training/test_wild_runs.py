"""Networks as users write them: each trains as it would without its trap, or is refused before anything trains."""

from pathlib import Path
from typing import Any

import pytest
import torch

from reluctant.core.errors import ReluctantError
from reluctant.study import Study
from reluctant.training import preflight
from reluctant.training.evaluation import BATCH
from tests.support.wild_networks_checkpoints import CheckpointedClassifier
from tests.support.wild_networks_factories import FallsBackToReLU, TakesAnInstance, UsesItForTheGainOnly
from tests.support.wild_networks_late_failures import AttachedState, Squeezes
from tests.support.wild_networks_plain import Plain
from tests.support.wild_networks_state import (
    ActNormNet,
    FourierFeatures,
    ManifoldMixup,
    NoisyHead,
    NormalisesACopy,
    NormalisesItsInputInPlace,
)
from tests.support.wild_runs import losses, rows
from tests.support.wild_swaps import seed_all


def test_checkpoint_written_by_hand_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReluctantError, match=r"runs a part again in backward .*, where relu cannot be replaced"):
        losses(CheckpointedClassifier, tmp_path)


# Factories


def test_factory_whose_activation_is_a_ready_module_trains(tmp_path: Path) -> None:
    """It trains as the same network without a parameter does."""
    assert losses(TakesAnInstance, tmp_path / "instance") == losses(Plain, tmp_path / "plain")


def test_factory_that_falls_back_to_relu_is_swapped(tmp_path: Path) -> None:
    """Its table does not know GELU, which would be a second ReLU."""
    swapped = losses(FallsBackToReLU, tmp_path / "falls_back", activations=("gelu",))
    assert swapped == losses(Plain, tmp_path / "plain", activations=("gelu",))


def test_factory_that_uses_the_activation_for_the_gain_only_is_swapped(tmp_path: Path) -> None:
    """Its outputs differ by the weights' gain already, and yet its ReLU is replaced."""
    UsesItForTheGainOnly.negative.clear()
    losses(UsesItForTheGainOnly, tmp_path)
    assert any(UsesItForTheGainOnly.negative), "trained with ReLU under both names"


# Writes into inputs and attributes


def test_network_that_normalises_its_input_in_place_trains(tmp_path: Path) -> None:
    """It trains as its twin that copies, and the user's tensors stay as they are."""
    x, y = rows()
    before = x.clone()
    in_place = losses(NormalisesItsInputInPlace, tmp_path / "write", data=(x, y))
    assert torch.equal(x, before)
    assert in_place == losses(NormalisesACopy, tmp_path / "copy", data=(x, y))


def test_layer_that_its_first_batch_initialises_is_refused(tmp_path: Path) -> None:
    """Measurements before the first epoch would initialise it."""
    with pytest.raises(ReluctantError, match="sets its parameter scale when it is evaluated"):
        losses(ActNormNet, tmp_path)


# Randomness outside torch's seed


def test_share_that_numpy_draws_is_the_same_in_every_call(tmp_path: Path) -> None:
    """Whatever the state of NumPy and random was before."""
    seed_all(1)
    first = losses(ManifoldMixup, tmp_path / "1")
    seed_all(2)
    assert first == losses(ManifoldMixup, tmp_path / "2")


@pytest.mark.parametrize("network", [FourierFeatures, NoisyHead])
@pytest.mark.parametrize("seed", [1, 2])
def test_generator_without_a_seed_is_refused(network: Any, seed: int, tmp_path: Path) -> None:
    seed_all(seed)
    with pytest.raises(ReluctantError, match=r"is not the same twice for one seed: .* that the seed does not set"):
        losses(network, tmp_path)


# Late failures


def test_auxiliary_logits_in_training_are_refused() -> None:
    model = "tests.support.wild_networks_late_failures:GoogLeNetLike"
    with pytest.raises(ReluctantError, match="returns Outputs; expected a tensor: let its forward return"):
        preflight(Study(activation=["relu", "tanh"], model=model, dataset="digits"))


@pytest.mark.parametrize("batch_size", [11, 16, 64])
def test_state_that_is_not_detached_is_refused(batch_size: int, tmp_path: Path) -> None:
    """It fails at the second step, which is not a fault of the last batch."""
    with pytest.raises(ReluctantError, match=r"second training step: .*state\.detach") as refusal:
        losses(AttachedState, tmp_path, batch_size=batch_size)
    assert "batch_size" not in str(refusal.value)


def split_rows(train: int, test: int) -> tuple[torch.Tensor, ...]:
    """A table with so many rows to train on, some of them for validation, and so many to test on."""
    x, y = rows(train + test)
    return x[:train], y[:train], x[train:], y[train:]


def test_squeeze_trains_where_no_batch_holds_one_row(tmp_path: Path) -> None:
    """It trains as it would without the squeeze."""
    data = split_rows(train=35, test=17)
    assert losses(Squeezes, tmp_path / "squeeze", data=data) == losses(Plain, tmp_path / "plain", data=data)


def test_squeeze_is_refused_with_a_last_training_batch_of_one(tmp_path: Path) -> None:
    with pytest.raises(ReluctantError, match="fails in training on the last batch, which holds 1 of 33 rows"):
        losses(Squeezes, tmp_path, data=split_rows(train=36, test=17))


def test_squeeze_is_refused_with_a_last_test_batch_of_one(tmp_path: Path) -> None:
    with pytest.raises(ReluctantError, match="fails in evaluation"):
        losses(Squeezes, tmp_path, data=split_rows(train=35, test=BATCH + 1))
