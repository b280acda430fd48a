"""Optimizers from their names, over one flat parameter where that is the same and quicker."""

import importlib
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from reluctant.catalogue import OPTIMIZERS


def optimizer(name: str, parameters: Iterable[nn.Parameter], lr: float) -> Optimizer:
    """The optimizer of this name over these parameters, in PyTorch's fused form where there is one.

    All of them work on each number by itself, so the parameters are laid into one flat one first: the step
    is then one operation. Use `zero_grad(set_to_none=False)`: the gradients stay in their place.
    """
    canonical = OPTIMIZERS.canonical(name)
    module, _, attribute = OPTIMIZERS[canonical.head].code.partition(":")
    kind = getattr(importlib.import_module(module), attribute)
    keywords: dict[str, Any] = OPTIMIZERS.arguments(canonical)
    if "beta1" in keywords:
        keywords["betas"] = (keywords.pop("beta1"), keywords.pop("beta2"))
    if canonical.head in ("adam", "adamw", "sgd"):
        keywords["fused"] = True
    made: Optimizer = kind(flattened(list(parameters)), lr=lr, **keywords)
    return made


def flattened(parameters: list[nn.Parameter]) -> list[nn.Parameter]:
    """One flat parameter whose memory all the given ones share, gradients too; unless they differ in kind."""
    if len({(p.dtype, p.device) for p in parameters}) != 1:
        return parameters
    flat = nn.Parameter(parameters[0].new_empty(sum(p.numel() for p in parameters)))
    flat.grad = torch.zeros_like(flat)
    start = 0
    for parameter in parameters:
        place = slice(start, start + parameter.numel())
        values = parameter.detach().clone()
        parameter.data = _view(flat.detach()[place], parameter).copy_(values)
        parameter.grad = _view(flat.grad[place], parameter)
        start = place.stop
    return [flat]


def _view(part: Tensor, like: Tensor) -> Tensor:
    """A piece of the flat memory in the shape of a parameter; a convolution's weights channels-last."""
    if like.dim() != 4:
        return part.view(like.shape)
    out, channels, height, width = like.shape
    return part.view(out, height, width, channels).permute(0, 3, 1, 2)
