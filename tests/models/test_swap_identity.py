"""The law of identity: a network's own activation, put in its own place, changes no bit of a training step."""

from pathlib import Path

import pytest
import torch
from torch import nn

from reluctant.models import SwapReport, swap_activations
from tests.support.identity_table import GROUPS, page
from tests.support.zoo import Network, build_original, build_seeded, clone_example, list_differences, observe_step
from tests.support.zoo_failures import KNOWN_FAILURES
from tests.support.zoo_transformers import LIBRARY_NETWORKS

NETWORKS = {name: network for networks in GROUPS.values() for name, network in networks.items()}
PAGE = Path(__file__).parent.parent.parent / "docs" / "identity.md"

FAILURES = (AssertionError, RuntimeError)
pytestmark = [
    pytest.mark.filterwarnings("ignore:Lazy modules are a new feature:UserWarning"),
    pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad=True:UserWarning"),  # tracing a checkpoint
    pytest.mark.filterwarnings("ignore:.*weight_norm` is deprecated:FutureWarning"),
    pytest.mark.filterwarnings("ignore:.gradient_checkpointing_enable. is deprecated:FutureWarning"),
    pytest.mark.filterwarnings("ignore:.*spectral_norm` is deprecated:FutureWarning"),
]


def swap(network: Network, activation: str) -> tuple[nn.Module, SwapReport]:
    return swap_activations(build_seeded(network), activation, only=network.only, example=clone_example(network))


def check_identity(network: Network) -> None:
    """Compares the network with its swapped copy in both modes; then another activation changes the output."""
    original, (swapped, report) = build_original(network), swap(network, network.activation)
    assert report.swapped
    for training in (False, True):
        expected = observe_step(original, network, training)
        assert list_differences(expected, observe_step(swapped, network, training)) == []
        assert [name for name, _ in swapped.named_parameters()] == [name for name, _ in original.named_parameters()]
        assert [name for name, _ in swapped.named_buffers()] == [name for name, _ in original.named_buffers()]
    other, _ = swap(network, network.other)
    first_output = observe_step(other, network, training=True)["output 0"]
    expected_output = expected["output 0"]
    assert first_output is not None
    assert expected_output is not None
    assert not torch.equal(first_output, expected_output)


@pytest.mark.parametrize("name", NETWORKS)
def test_swapping_a_network_s_own_activation_changes_no_bit(name: str) -> None:
    if name in LIBRARY_NETWORKS:
        pytest.importorskip("transformers")
    check_identity(NETWORKS[name])


@pytest.mark.parametrize(
    "network",
    [
        pytest.param(network, marks=pytest.mark.xfail(strict=True, reason=difference, raises=FAILURES), id=name)
        for name, (network, difference) in KNOWN_FAILURES.items()
    ],
)
def test_the_law_fails_for_known_failures(network: Network) -> None:
    """Strict: a network for which the law holds again belongs in the zoo."""
    check_identity(network)


def test_the_page_lists_every_network() -> None:
    assert page() == PAGE.read_text("utf-8")
    assert len(NETWORKS) == sum(map(len, GROUPS.values()))
