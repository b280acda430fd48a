"""Linear layers of another size in place of a network's own, with initial weights as the network draws them."""

import copy
from math import sqrt
from typing import Any

import torch
from torch import nn

from reluctant.core.randomness import torch_seed
from reluctant.models.swap.feature_axes import is_conv1d
from reluctant.models.swap.forward import seeded

_CLEARLY = 0.1  # the relative difference of two standard deviations that is not chance


def resized_layer(old: nn.Module, inputs: int, outputs: int, path: str) -> nn.Module:
    """A layer of the same class, hooks and settings with fresh weights for other inputs and outputs.

    They are drawn by the class's `reset_parameters`. Where the old weights clearly have another standard deviation than
    that gives, the network has drawn them itself: the new ones are then normal with that standard deviation. A bias of
    zeros stays one. The numbers follow from `torch.initial_seed()` and the path.

    Args:
        old: An `nn.Linear`, of a subclass too, or transformers' Conv1D.
    """
    new: Any = copy.copy(old)
    for name, value in list(vars(new).items()):
        if isinstance(value, dict):  # of parameters and hooks, which the old layer keeps
            vars(new)[name] = value.copy()
    conv1d, old_weight, old_bias = is_conv1d(old), new.weight, new.bias
    if conv1d:
        new.nx, new.nf = inputs, outputs
    else:
        new.in_features, new.out_features = inputs, outputs
    shape = (inputs, outputs) if conv1d else (outputs, inputs)
    with torch.no_grad(), seeded(torch_seed(torch.initial_seed(), "weights", path)):
        new.weight = nn.Parameter(old_weight.new_empty(shape), requires_grad=old_weight.requires_grad)
        if old_bias is not None:
            new.bias = nn.Parameter(old_bias.new_empty(outputs), requires_grad=old_bias.requires_grad)
        if not conv1d:
            new.reset_parameters()
        if conv1d or _drawn_otherwise(old):
            new.weight.normal_(0, float(old_weight.std()))
        if old_bias is not None and not old_bias.any():
            new.bias.zero_()
        elif conv1d and old_bias is not None:
            new.bias.normal_(float(old_bias.mean()), float(old_bias.std()))
    return new  # type: ignore[no-any-return]


def _drawn_otherwise(old: Any) -> bool:
    """Whether the weights of a layer clearly do not come from the `reset_parameters` of its class."""
    if type(old).reset_parameters is nn.Linear.reset_parameters:
        bound = sqrt(1 / old.in_features)
        expected = bound / sqrt(3)
        if float(old.weight.abs().max()) > bound * 1.001:
            return True
    else:
        fresh = copy.copy(old)
        vars(fresh)["_parameters"] = {name: p if p is None else p.clone() for name, p in old._parameters.items()}
        fresh.reset_parameters()
        expected = float(fresh.weight.std())
    chance = 4 / sqrt(2 * old.weight.numel())
    return abs(float(old.weight.std()) - expected) > max(_CLEARLY, chance) * expected


def replace_layer(model: nn.Module, old: nn.Module, new: nn.Module) -> None:
    """Put a new layer wherever a module of the network has the old one."""
    for parent in list(model.modules()):
        for name, child in list(parent._modules.items()):
            if child is old:
                setattr(parent, name, new)
