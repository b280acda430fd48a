"""The weights a seed decides: drawn by the names of the layers, so that every activation starts alike."""

from math import sqrt
from typing import Any

import torch
from torch import nn

from reluctant.activations import gain
from reluctant.catalogue import INITIALISATIONS
from reluctant.core.randomness import torch_seed

WEIGHTED = nn.Conv1d | nn.Conv2d | nn.Conv3d | nn.Linear


def initialise(model: nn.Module, init: str, seed: int, activation: str = "relu") -> None:
    """Draw the weights of all layers that know how to (`reset_parameters`) anew.

    Each layer's numbers follow from the seed and the layer's name alone: layers with the same name and
    shape get the same weights, whatever stands between them; with `kaiming` they differ by the gain of the
    activation, a factor. With `as_made` all stay as they are. PyTorch's global random state is left alone.
    """
    name = INITIALISATIONS.canonical(init)
    if name.head == "as_made":
        return
    factor = gain(activation) if name.head == "kaiming" else 1.0
    last = [m for m in model.modules() if isinstance(m, WEIGHTED)][-1:]
    for path, module in model.named_modules():
        reset: Any = getattr(module, "reset_parameters", None)
        if callable(reset) and any(True for _ in module.parameters(recurse=False)):
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(torch_seed(seed, "weights", path))
                reset()
                if name.head == "normal":
                    _normal(module, INITIALISATIONS.arguments(name)["std"])
                elif name.head == "kaiming" and isinstance(module, WEIGHTED):
                    fan_in = module.weight[0].numel()
                    _normal(module, (1.0 if module in last else factor) / sqrt(fan_in))
                elif name.head == "xavier_uniform" and isinstance(module, WEIGHTED):
                    _uniform(module)


def _normal(module: nn.Module, std: float) -> None:
    if isinstance(module, WEIGHTED):
        nn.init.normal_(module.weight, std=std)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def _uniform(module: nn.Conv1d | nn.Conv2d | nn.Conv3d | nn.Linear) -> None:
    nn.init.xavier_uniform_(module.weight)
    if module.bias is not None:
        nn.init.zeros_(module.bias)
