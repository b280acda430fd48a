"""Two steps of a network before and after a swap: its own activation changes nothing, another one only itself."""

import copy
import random
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from reluctant.models import swap_activations

Network = TypeVar("Network", bound=nn.Module)


class TwoSteps(NamedTuple):
    """What a network computes in two steps."""

    outputs: list[Tensor]
    gradients: dict[str, Tensor]
    without_gradient: Tensor


def seed_all(seed: int) -> None:
    """Set every usual source of random numbers."""
    torch.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)


def build(make: Callable[[], Network], training: bool) -> Network:
    """A network in one of the two modes; networks with the same layers get the same weights."""
    seed_all(1)
    network = make()
    network.train(training)
    return network


def two_steps(network: nn.Module, x: Tensor) -> TwoSteps:
    """Outputs of two steps, gradients of the input and of the weights, and the output without gradients."""
    seed_all(7)
    network.zero_grad()
    leaf = x.clone().requires_grad_()
    outputs = [network(leaf * 1), network(leaf * 1.5)]
    sum((out * torch.linspace(0.5, 2, out.numel()).view_as(out)).sum() for out in outputs).backward()
    gradients = {name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None}
    assert leaf.grad is not None
    gradients["input"] = leaf.grad.clone()
    with torch.no_grad():
        return TwoSteps([out.detach().clone() for out in outputs], gradients, network(x.clone()).clone())


def assert_equal(steps: TwoSteps, expected: TwoSteps) -> None:
    """All values are equal to the bit."""
    torch.testing.assert_close(steps, expected, rtol=0, atol=0)


def swapped(network: Network, activation: str, x: Tensor, sites: int) -> Network:
    """The network with another activation, after a look at what the swap must leave alone."""
    training, state, example = network.training, copy.deepcopy(network.state_dict()), x.clone()
    result, report = swap_activations(network, activation, example=example)
    assert result is network
    assert network.training is training
    assert torch.equal(example, x), "the example was changed"
    for name, value in state.items():
        assert torch.equal(network.state_dict()[name], value), f"{name} was changed"
    assert len(report.swapped) == sites, str(report)
    return network


def assert_only_the_activation_changes(
    make: Callable[[], nn.Module], x: Tensor, own: str, sites: int, with_tanh: Callable[[], nn.Module] | None = None
) -> None:
    """Its own activation changes nothing; tanh changes the output, to that of the network `with_tanh` if any."""
    for training in (True, False):
        network = build(make, training)
        expected = two_steps(copy.deepcopy(network), x)
        assert_equal(two_steps(swapped(copy.deepcopy(network), own, x, sites), x), expected)
        changed = two_steps(swapped(copy.deepcopy(network), "tanh", x, sites), x)
        for one, two in zip(changed.outputs, expected.outputs, strict=True):
            assert not torch.allclose(one, two, atol=1e-4)
        assert not torch.allclose(changed.without_gradient, expected.without_gradient, atol=1e-4)
        if with_tanh is not None:
            assert_equal(changed, two_steps(build(with_tanh, training), x))
