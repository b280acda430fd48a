"""What a swap must not change: values that an in-place module leaves behind, and parts that run again in backward."""

import copy
import sys
import warnings
from collections.abc import Callable, Collection
from typing import Any

import torch
import torch.utils.checkpoint
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode, _get_current_function_mode_stack
from torch.utils._pytree import tree_leaves, tree_map

from reluctant.core.errors import ModelError
from reluctant.models.swap import forward
from reluctant.models.swap.dispatch import ModulePerCall, OutsideNetworkError
from reluctant.models.swap.hidden import user_autograd_nodes
from reluctant.models.swap.modules import FUNCTIONS

_CHECKPOINT_FILE = torch.utils.checkpoint.__file__


def in_place_matters(build_trial: Callable[[bool], nn.Module], example: Any) -> bool:
    """Whether the network uses what an in-place module leaves in its input, as in `self.act(h); return self.b(h)`.

    Args:
        build_trial: A copy of the swapped network, with new modules that work in place or not.
        example: The network's inputs; their numbers are replaced by random ones.
    """
    outputs = []
    for in_place in (False, True):
        trial = build_trial(in_place)
        generator = torch.Generator().manual_seed(0)  # zeros, a usual example, are the same after many activations
        noise = tree_map(
            lambda x, g=generator: torch.randn(x.shape, generator=g).to(x) if forward.is_float(x) else x, example
        )
        try:
            runs = [forward.run_example(copy.deepcopy(trial), noise, training=training) for training in (False, True)]
        except Exception:  # it needs more than its inputs in training, or inputs of another kind
            return True
        outputs.append([leaf for leaf in tree_leaves(runs) if isinstance(leaf, Tensor)])
    return len(outputs[0]) != len(outputs[1]) or not all(map(torch.equal, *outputs))


def check_recomputation(trial: nn.Module, kinds: Collection[str], example: Any) -> None:
    """Refuse a network whose replaced calls run again in backward without the dispatch.

    `torch.utils.checkpoint` runs its argument again in backward, and so do autograd functions that are written for
    this. For a module the dispatch is active then, for a method or a function it is not.

    Args:
        trial: A swapped copy of the network, which shares its parameters.
        kinds: The kinds of the functional calls that were replaced.

    Raises:
        ModelError: A replaced call runs again in backward outside a module.
    """
    if not kinds and not any(isinstance(module, ModulePerCall) for module in trial.modules()):
        return
    gradients = [(p, p.grad) for p in trial.parameters()]
    watch = _RecomputationWatch(kinds)
    try:
        with forward.preserve_states_of_devices(trial), torch.enable_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            inputs = tree_map(lambda x: x.detach().requires_grad_() * 1 if forward.is_float(x) else x, example)
            output = forward.call_network(forward.set_training_mode(trial, training=True), inputs)
            leaves = [leaf for leaf in tree_leaves(output) if isinstance(leaf, Tensor) and leaf.requires_grad]
            total = torch.stack([leaf.sum() for leaf in leaves]).sum()
            for node in user_autograd_nodes(output):
                node.register_prehook(watch.enter)
            # PyTorch leaves all modes when a backward pass begins; those that one node enters are gone in the next.
            total.register_hook(watch.enter)  # type: ignore[no-untyped-call]
            total.backward()  # type: ignore[no-untyped-call]
    except OutsideNetworkError:
        watch.recomputed.add("a shared activation module")
    except Exception:  # it needs more than its inputs in training; the rehearsal of the study reports it
        pass
    finally:
        while watch in _get_current_function_mode_stack():  # type: ignore[no-untyped-call]
            watch.__exit__(None, None, None)  # type: ignore[no-untyped-call]
        for parameter, gradient in gradients:
            parameter.grad = gradient
    if watch.recomputed:
        raise ModelError(
            f"{type(trial).__name__} runs a part again in backward (torch.utils.checkpoint of a method or function), "
            f"where {', '.join(sorted(watch.recomputed))} cannot be replaced; checkpoint a module, or call one "
            f"activation module per site in that part"
        )


class _RecomputationWatch(TorchFunctionMode):
    """Notes activation functions that a checkpointed part calls in backward."""

    def __init__(self, kinds: Collection[str]) -> None:
        super().__init__()
        self.kinds = kinds
        self.recomputed: set[str] = set()

    def enter(self, _: Tensor | tuple[Tensor, ...]) -> None:
        """Watch from now on; a hook of a tensor's gradient, or of a node of the graph."""
        self.__enter__()  # type: ignore[no-untyped-call]

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kind = FUNCTIONS.get(func)
        if kind in self.kinds and (_in_checkpoint() or torch.is_grad_enabled()):  # a backward of its own does without
            self.recomputed.add(str(kind))
        return func(*args, **(kwargs or {}))


def _in_checkpoint() -> bool:
    frame = sys._getframe()
    while frame.f_back is not None:
        frame = frame.f_back
        if frame.f_code.co_filename == _CHECKPOINT_FILE:
            return True
    return False
