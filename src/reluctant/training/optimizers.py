"""Optimizers from their names, over one flat parameter where that is the same and quicker."""

import importlib
from collections.abc import Collection, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from reluctant.catalogue import OPTIMIZERS
from reluctant.core.errors import StudyError


def optimizer(
    name: str, parameters: Iterable[nn.Parameter], lr: float, spared: Collection[nn.Parameter] = ()
) -> Optimizer:
    """The optimizer of this name over these parameters, in PyTorch's fused form where there is one.

    All of them work on each number by itself, so the parameters are laid into one flat one first: the step
    is then one operation. Use `zero_grad(set_to_none=False)`: the gradients stay in their place.
    `spared` are those that weight decay leaves alone; where there are any, and any decay, they are laid into
    a flat parameter and a group of their own. Frozen parameters (`requires_grad` False) are left out, as
    PyTorch leaves them alone. Those that take no part in the forward pass have gradients of zero here, where
    PyTorch would see none, so weight decay shrinks them too.

    Raises `StudyError` where there is nothing to train.
    """
    trained = [p for p in parameters if p.requires_grad]
    if not trained:
        raise StudyError(
            "the network has no parameter to train: all are frozen, or there are none; "
            "set requires_grad=True on those that are to learn"
        )
    canonical = OPTIMIZERS.canonical(name)
    module, _, attribute = OPTIMIZERS[canonical.head].code.partition(":")
    kind = getattr(importlib.import_module(module), attribute)
    keywords: dict[str, Any] = OPTIMIZERS.arguments(canonical)
    if "beta1" in keywords:
        keywords["betas"] = (keywords.pop("beta1"), keywords.pop("beta2"))
    if canonical.head in ("adam", "adamw", "sgd"):
        keywords["fused"] = True
    made: Optimizer = kind(_groups(trained, spared, keywords["weight_decay"]), lr=lr, **keywords)
    return made


def _groups(
    parameters: list[nn.Parameter], spared: Collection[nn.Parameter], decay: float
) -> list[dict[str, Any]]:
    """One group, flat; or two, the second without decay."""
    apart = {id(p) for p in spared} if decay else set()
    free = [p for p in parameters if id(p) in apart]
    rest = [p for p in parameters if id(p) not in apart]
    groups: list[dict[str, Any]] = [{"params": flattened(rest)}] if rest or not free else []
    return [*groups, {"params": flattened(free), "weight_decay": 0.0}] if free else groups


def set_rate(optimizer: Optimizer, lr: float) -> None:
    """Give every group of an optimizer this learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = lr


def clip(optimizer: Optimizer, norm: float) -> None:
    """Scale all gradients down together where their total norm is above `norm`; 0 leaves them alone.

    Source: Pascanu et al. 2013 (1211.5063). The norm is over all groups; flat ones make it one sum each.
    """
    if norm:
        everything = [p for group in optimizer.param_groups for p in group["params"]]
        nn.utils.clip_grad_norm_(everything, norm)


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
