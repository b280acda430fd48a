"""The layers of a network: initial weights that follow from a seed, and a table of kinds, shapes and parameters."""

import copy
from collections.abc import Collection
from functools import partial
from math import sqrt
from typing import Any

import torch
from torch import Tensor, nn

from reluctant.activations import gain
from reluctant.catalogue import INITIALISATIONS
from reluctant.core.randomness import torch_seed
from reluctant.models.swap.forward import clone_sharing_parameters, evaluation_mode, run_example, seeded

WEIGHTED = nn.Conv1d | nn.Conv2d | nn.Conv3d | nn.Linear


def initialise(model: nn.Module, init: str, seed: int, activation: str = "relu", own: Collection[str] = ()) -> None:
    """Draw new weights for every layer that has parameters and a `reset_parameters`.

    The numbers of a layer follow from the seed and the layer's name alone: layers of one name and shape get the same
    weights in every network; with `kaiming` they differ by a factor, the gain of the activation. `own` names layers
    with initial weights of the network's own, which `default` leaves as they are. `as_made` changes nothing. PyTorch's
    global random state does not change.
    """
    name = INITIALISATIONS.canonical(init)
    if name.head == "as_made":
        return
    factor = gain(activation) if name.head == "kaiming" else 1.0
    last = [module for module in model.modules() if isinstance(module, WEIGHTED)][-1:]
    for path, module in model.named_modules():
        if path in own and name.head == "default":
            continue
        reset: Any = _pytorch_reset(module) if name.head == "pytorch" else getattr(module, "reset_parameters", None)
        if not callable(reset) or not any(True for _ in module.parameters(recurse=False)):
            continue
        with seeded(torch_seed(seed, "weights", path)):
            reset()
            if not isinstance(module, WEIGHTED) or name.head in ("default", "pytorch"):
                continue
            if name.head == "normal":
                nn.init.normal_(module.weight, std=INITIALISATIONS.arguments(name)["std"])
            elif name.head == "kaiming":
                fan_in = module.weight[0].numel()
                nn.init.normal_(module.weight, std=(1.0 if module in last else factor) / sqrt(fan_in))
            elif name.head == "xavier_uniform":
                nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def _pytorch_reset(module: nn.Module) -> Any:
    """A layer's `reset_parameters`; of a layer of this package that of PyTorch's class, if it derives from one."""
    for kind in type(module).__mro__:
        if kind.__module__.startswith("torch.nn.") and hasattr(kind, "reset_parameters"):
            return partial(kind.reset_parameters, module)
        if not kind.__module__.startswith("reluctant."):
            break
    return getattr(module, "reset_parameters", None)


def channels_first(x: Tensor) -> Tensor:
    """The same numbers in contiguous memory, with the strides of that format.

    A tensor with one channel is contiguous in both formats; layers choose the format of their output by its strides.
    """
    return x.contiguous().view(-1).view(x.shape)


def suits_channels_last(model: nn.Module, images: Tensor) -> bool:
    """Whether a network works in channels-last memory, which is faster, and returns the same there.

    A user's network may not: `x.view(len(x), -1)` after a convolution fails, `as_strided` reads other numbers.
    """
    if type(model).__module__.startswith("reluctant."):
        return True
    outputs: list[Any] = []
    for memory_format in (torch.contiguous_format, torch.channels_last):
        clone = clone_sharing_parameters(model)
        if memory_format == torch.channels_last:
            clone = copy.deepcopy(clone).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        try:
            batch = images.to(memory_format=torch.channels_last) if outputs else channels_first(images)
            outputs.append(run_example(clone, batch))
        except Exception:
            return not outputs  # a fault of its own in both formats is reported elsewhere
    plain, last = outputs
    if not (isinstance(plain, Tensor) and isinstance(last, Tensor)):
        return True
    return plain.shape == last.shape and torch.allclose(plain, last, rtol=1e-3, atol=1e-3 * float(plain.abs().max()))


def layer_table(model: nn.Module, example: Tensor) -> list[dict[str, Any]]:
    """One row per layer in the order of use: `name`, `kind`, `shape` (without the batch), `parameters`."""
    rows: dict[str, dict[str, Any]] = {}

    def add_row(name: str, module: nn.Module, _: object, output: object) -> None:
        shape = list(output.shape[1:]) if isinstance(output, Tensor) else []
        count = sum(p.numel() for p in module.parameters())
        rows[name] = {"name": name, "kind": type(module).__name__, "shape": shape, "parameters": count}

    leaves = [
        (name, module)
        for name, module in model.named_modules()
        if not any(module.children()) and not isinstance(module, torch.jit.ScriptModule)  # it takes no hooks
    ]
    hooks = [module.register_forward_hook(partial(add_row, name)) for name, module in leaves if name]
    try:
        with torch.no_grad(), evaluation_mode(model):
            model(example)
    finally:
        for hook in hooks:
            hook.remove()
    return list(rows.values())
