"""Optimizers from their names, over one flat parameter where that is the same and faster."""

from collections.abc import Collection, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from reluctant.catalogue import OPTIMIZERS
from reluctant.core.errors import StudyError
from reluctant.core.extensions import load_object
from reluctant.training.own_code import own_optimizer


def optimizer_from_name(
    name: str, parameters: Iterable[nn.Parameter], lr: float, no_decay: Collection[nn.Parameter] = ()
) -> Optimizer:
    """The optimizer of this name over these parameters, in PyTorch's fused form where there is one.

    All of them work on each number by itself, so the parameters are laid into one flat one first: the step
    is then one operation. Use `zero_grad(set_to_none=False)`: the gradients stay in their memory. Frozen
    parameters (`requires_grad` False) are left out, as PyTorch leaves them alone. Those that take no part in
    the forward pass have gradients of zero here, where PyTorch would see none, so weight decay shrinks them
    too. An optimizer of the user's gets the parameters themselves. Raises `StudyError` where there is nothing to train.

    Args:
        name: As in a study, `adamw(weight_decay=0.1)`.
        no_decay: Parameters without weight decay; where there are any, and any decay, they are laid into a
            separate flat parameter and group.
    """
    trained = [p for p in parameters if p.requires_grad]
    if not trained:
        raise StudyError(
            "the network has no parameter to train: all are frozen, or there are none; "
            "set requires_grad=True on those that are to learn"
        )
    canonical = OPTIMIZERS.canonical(name)
    if canonical.is_user_defined:
        return own_optimizer(canonical, trained, lr, no_decay)
    keywords: dict[str, Any] = OPTIMIZERS.arguments(canonical)
    if keywords.pop("decay", "all") == "matrices":
        no_decay = [*no_decay, *(p for p in trained if p.dim() < 2)]
    if "beta1" in keywords:
        keywords["betas"] = (keywords.pop("beta1"), keywords.pop("beta2"))
    if canonical.head in ("adam", "adamw", "sgd"):
        keywords["fused"] = True
    groups = _parameter_groups(trained, no_decay if keywords["weight_decay"] else ())
    optimizer: Optimizer = load_object(OPTIMIZERS[canonical.head].code)(groups, lr=lr, **keywords)
    return optimizer


def _parameter_groups(parameters: list[nn.Parameter], no_decay: Collection[nn.Parameter]) -> list[dict[str, Any]]:
    """One flat group; or two, the second without decay."""
    ids = {id(p) for p in no_decay}
    free = [p for p in parameters if id(p) in ids]
    rest = [p for p in parameters if id(p) not in ids]
    groups: list[dict[str, Any]] = [{"params": flatten_parameters(rest)}] if rest or not free else []
    return [*groups, {"params": flatten_parameters(free), "weight_decay": 0.0}] if free else groups


def flatten_parameters(parameters: list[nn.Parameter]) -> list[nn.Parameter]:
    """One flat parameter whose memory all these share, gradients too; as they are where types differ."""
    if len({(p.dtype, p.device) for p in parameters}) != 1:
        return parameters
    flat = nn.Parameter(parameters[0].new_empty(sum(p.numel() for p in parameters)))
    flat.grad = torch.zeros_like(flat)
    channels_last = any(p.dim() == 4 and not p.is_contiguous() for p in parameters)
    start = 0
    for parameter in parameters:
        piece = slice(start, start + parameter.numel())
        values = parameter.detach().clone()
        parameter.data = _view_like(flat.detach()[piece], parameter, channels_last).copy_(values)
        parameter.grad = _view_like(flat.grad[piece], parameter, channels_last)
        start = piece.stop
    return [flat]


def _view_like(piece: Tensor, parameter: Tensor, channels_last: bool) -> Tensor:
    """A piece of the flat memory in the shape of a parameter; a convolution's weights in the network's format."""
    if parameter.dim() != 4 or not channels_last:
        return piece.view(parameter.shape)
    out, channels, height, width = parameter.shape
    return piece.view(out, height, width, channels).permute(0, 3, 1, 2)


def clip_gradients(optimizer: Optimizer, norm: float) -> None:
    """Scale all gradients down together where their total norm is above `norm`; 0 leaves them alone.

    Source: Pascanu et al. 2013 (1211.5063). The norm is over all groups; flat ones make it one sum each.
    """
    if norm:
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        nn.utils.clip_grad_norm_(parameters, norm)
