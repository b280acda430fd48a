"""Parts whose activations a swap cannot see: TorchScript, recurrent layers, autograd functions of the user's."""

import warnings
from collections import Counter
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves, tree_map

from reluctant.models.swap import forward
from reluctant.models.swap.report import ReportedSite

_LIBRARIES = ("torch", "reluctant")  # their autograd functions are no activations


def hidden_sites(model: nn.Module, example: Any = None) -> tuple[ReportedSite, ...]:
    """The parts of a network that may hold activations and are not swapped, each with the reason.

    Autograd functions are found on an `example` only.
    """
    sites: list[ReportedSite] = []
    for path, module in model.named_modules():
        if isinstance(module, torch.jit.ScriptModule):
            inside = any(path.startswith(f"{site.name}.") for site in sites)
            if not inside:
                reason = "TorchScript cannot be traced; swap before torch.jit.script"
                sites.append(ReportedSite(path, "TorchScript", "module", 0, reason))
        elif isinstance(module, nn.RNNBase):
            reason = "its activations are inside PyTorch's kernel"
            sites.append(ReportedSite(path, type(module).__name__, "module", 0, reason))
    functions = Counter() if example is None else Counter(_autograd_functions(model, example))
    for name, calls in functions.items():
        reason = "an autograd function cannot be replaced; call it in a module of its own"
        sites.append(ReportedSite(name, "autograd function", "functional", calls, reason))
    return tuple(sites)


def _autograd_functions(model: nn.Module, example: Any) -> Iterator[str]:
    """The names of the autograd functions in one forward pass, once for every call."""
    clone = forward.clone_sharing_parameters(model)
    try:
        with forward.preserve_states_of_devices(clone), torch.enable_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            inputs = tree_map(lambda x: x.detach().requires_grad_() if forward.is_float(x) else x, example)
            output = forward.call_network(forward.set_training_mode(clone, training=False), inputs)
    except Exception:  # the search for sites reports what fails
        return
    for node in user_autograd_nodes(output):
        yield type(node)._forward_cls.__name__  # type: ignore[attr-defined]


def user_autograd_nodes(output: Any) -> Iterator[torch.autograd.graph.Node]:
    """The calls of the user's own autograd functions that an output was computed with."""
    waiting = [leaf.grad_fn for leaf in tree_leaves(output) if isinstance(leaf, Tensor)]
    visited: set[Any] = set()
    while waiting:
        node = waiting.pop()
        if node is None or node in visited:
            continue
        visited.add(node)
        waiting += [following for following, _ in node.next_functions]
        written = getattr(type(node), "_forward_cls", None)
        if written is not None and written.__module__.partition(".")[0] not in _LIBRARIES:
            yield node
