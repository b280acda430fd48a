"""One row of the zoo of networks, and everything that can be observed of a training step of a network."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.lazy import LazyModuleMixin
from torch.utils._pytree import tree_leaves, tree_map

Observations = dict[str, Tensor | None]


@dataclass(frozen=True)
class Network:
    """A network, an example of its inputs and the activation that it uses.

    `other` is an activation that changes the outputs; `only` chooses sites, in networks with several activations.
    """

    build: Callable[[], nn.Module]
    example: Any
    activation: str = "relu"
    other: str = "softplus"
    only: str | tuple[str, ...] | None = None


def normal(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """The same standard normal numbers for every shape and type."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(5), dtype=torch.float64).to(dtype)


ROWS = normal(5, 6)
IMAGES = normal(3, 3, 8, 8)
SEQUENCES = normal(3, 7, 8)  # batch, time, features
SIGNALS = normal(3, 4, 16)  # batch, channels, time


def build_seeded(network: Network) -> nn.Module:
    torch.manual_seed(11)
    return network.build()


def build_original(network: Network) -> nn.Module:
    """The network before the swap. Lazy layers draw their weights in the first pass; a swap runs one."""
    model = build_seeded(network)
    if any(isinstance(module, LazyModuleMixin) for module in model.modules()):
        call(model.eval(), clone_example(network))
    return model


def clone_example(network: Network) -> Any:
    """A copy, because a network may write into its inputs."""
    return tree_map(lambda leaf: leaf.clone() if isinstance(leaf, Tensor) else leaf, network.example)


def call(model: nn.Module, example: Any) -> Any:
    if isinstance(example, Mapping):
        return model(**example)
    return model(*example) if isinstance(example, tuple) else model(example)


def tensors(tree: Any) -> list[Tensor]:
    """All tensor leaves of nested dicts, lists and tuples."""
    leaves = tree_leaves(dict(tree) if isinstance(tree, Mapping) else tree)
    return [leaf for leaf in leaves if isinstance(leaf, Tensor)]


def observe_step(model: nn.Module, network: Network, training: bool) -> Observations:
    """Outputs, inputs after the pass, gradients, buffers and the random state of one forward and backward pass.

    The network gets copies of the inputs: it may write into them, and the originals are leaves with gradients.
    """
    example = clone_example(network)
    leaves = [leaf for leaf in tensors(example) if leaf.is_floating_point()]
    for leaf in leaves:
        leaf.requires_grad_()
    inputs = tree_map(lambda leaf: leaf * 1 if isinstance(leaf, Tensor) else leaf, example)
    model.train(training).zero_grad()
    torch.manual_seed(3)
    outputs = tensors(call(model, inputs))
    assert outputs, "the network has no output tensor"
    differentiable = [output for output in outputs if output.requires_grad]
    loss: Any = sum((output * normal(*output.shape, dtype=output.dtype)).sum() for output in differentiable)
    loss.backward()
    observations: Observations = {f"output {i}": output.detach() for i, output in enumerate(outputs)}
    observations |= {f"input {i} after the pass": value.detach() for i, value in enumerate(tensors(inputs))}
    observations |= {f"gradient of input {i}": leaf.grad for i, leaf in enumerate(leaves)}
    observations |= {f"gradient of {name}": parameter.grad for name, parameter in model.named_parameters()}
    observations |= {f"buffer {name}": value.detach().clone() for name, value in model.named_buffers()}
    return observations | {"random state": torch.get_rng_state()}


def list_differences(first: Observations, second: Observations) -> list[str]:
    """The observations of which a bit differs, or that one of the two lacks."""
    names = [*first, *(name for name in second if name not in first)]
    return [name for name in names if not _same(first.get(name, name), second.get(name, name))]


def _same(first: Tensor | str | None, second: Tensor | str | None) -> bool:
    if isinstance(first, Tensor) and isinstance(second, Tensor):
        return first.dtype == second.dtype and torch.equal(first, second)
    return first is second
