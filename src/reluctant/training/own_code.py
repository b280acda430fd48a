"""A loss and an optimizer of the user's own: built from their names, and checked before anything trains."""

import copy
import functools
import inspect
import math
from collections.abc import Callable, Collection
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from reluctant.catalogue import LOSSES
from reluctant.core.errors import StudyError, describe_exception
from reluctant.core.names import Name
from reluctant.core.user_objects import load_user_object
from reluctant.tasks import Task, Tokens

OwnLoss = Callable[[Tensor, Tensor], Tensor]
_OF_AN_OPTIMIZER = ("step", "zero_grad", "state_dict", "load_state_dict", "param_groups")


def own_optimizer(
    name: Name, parameters: list[nn.Parameter], lr: float, no_decay: Collection[nn.Parameter]
) -> Optimizer:
    """The optimizer of the user's class or function, called as (parameters, lr=lr, **arguments).

    The `no_decay` parameters are a group without weight decay where it takes `weight_decay`. Raises `StudyError`: it
    does not take these arguments, or returns no optimizer.
    """
    make = load_user_object(name.head, "optimizer")
    ids = {id(p) for p in no_decay}
    groups: list[Any] = parameters
    if ids and "weight_decay" in _parameters_of(make):
        rest, free = ([p for p in parameters if (id(p) in ids) == inside] for inside in (False, True))
        groups = [{"params": rest}] * bool(rest) + [{"params": free, "weight_decay": 0.0}] * bool(free)
    try:
        optimizer: Optimizer = make(groups, lr=lr, **name.arguments)
    except Exception as fault:
        raise StudyError(
            f"optimizer {name} cannot be made: {describe_exception(fault)}; it is called as "
            f"{name.head.rpartition(':')[2]}(parameters, lr={lr:g}, …)"
        ) from fault
    if missing := [each for each in _OF_AN_OPTIMIZER if not hasattr(optimizer, each)]:
        raise StudyError(
            f"optimizer {name} is {type(optimizer).__name__}, which has no {missing[0]}; derive it from "
            f"torch.optim.Optimizer"
        )
    return optimizer


def own_loss(loss: str, device: torch.device) -> OwnLoss | None:
    """The user's loss of a name in a study, a function of (outputs, targets); None for the task's own.

    A class is called with the arguments of the name; an object is copied. Raises `StudyError`: it cannot be made, or
    has parameters, which nothing would train.
    """
    name = LOSSES.canonical(loss)
    if not name.is_user_defined:
        return None
    source = load_user_object(name.head, "loss")
    try:
        if inspect.isclass(source):
            criterion = source(**name.arguments)
        else:
            criterion = (
                copy.deepcopy(source) if isinstance(source, nn.Module) else functools.partial(source, **name.arguments)
            )
    except Exception as fault:
        raise StudyError(f"loss {name} cannot be made: {describe_exception(fault)}") from fault
    if isinstance(criterion, nn.Module):
        if any(p.requires_grad for p in criterion.parameters()):
            raise StudyError(
                f"loss {name} has parameters to learn, which no optimizer gets; make them part of the network"
            )
        criterion = criterion.to(device)
    if not callable(criterion):
        raise StudyError(f"loss {name} is {type(criterion).__name__}; expected a function of (outputs, targets)")
    return criterion


def check_own_loss(name: str, loss: OwnLoss, task: Task, targets: Tensor) -> None:
    """Call a loss with random outputs for these targets. Raises `StudyError` where nothing can be minimised."""
    generator = torch.Generator().manual_seed(0)
    shape = (*(targets.shape if isinstance(task, Tokens) else targets.shape[:1]), task.outputs)
    outputs = torch.randn(shape, generator=generator).to(targets.device).requires_grad_()
    called = loss.forward if isinstance(loss, nn.Module) else loss
    try:
        inspect.signature(called).bind(outputs, targets)
    except TypeError as fault:
        taken = ", ".join(inspect.signature(called).parameters) or "nothing"
        raise StudyError(
            f"loss {name} is called as loss(outputs, targets), and takes {taken} ({fault}); write its further "
            f"arguments into the name, as in {name.partition('(')[0]}(gamma=2)"
        ) from None
    except ValueError:  # without a signature, such as what is built in
        pass
    try:
        value = loss(outputs, targets)
    except Exception as fault:
        raise StudyError(
            f"loss {name} fails on outputs {tuple(outputs.shape)} and targets {tuple(targets.shape)} of "
            f"{str(targets.dtype).removeprefix('torch.')}: {describe_exception(fault)}"
        ) from fault
    if not isinstance(value, Tensor) or value.dim() != 0:
        what = f"a tensor of shape {tuple(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
        raise StudyError(f"loss {name} returns {what}; expected one number in a tensor, such as losses.mean()")
    if not value.requires_grad:
        raise StudyError(
            f"loss {name} has no gradient with respect to the outputs; compute it from them without argmax, .item(), "
            f"detach() or torch.no_grad()"
        )
    (gradient,) = torch.autograd.grad(value, outputs, allow_unused=True)
    if gradient is None:
        raise StudyError(f"loss {name} has no gradient with respect to the outputs; it does not use them")
    if not (math.isfinite(value.item()) and bool(torch.isfinite(gradient).all())):
        raise StudyError(
            f"loss {name} or its gradient is NaN or infinite on random outputs; outputs are logits, so take "
            f"log_softmax where it expects probabilities, and add a small number within logarithms and roots"
        )


def _parameters_of(function: Callable[..., Any]) -> Collection[str]:
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):
        return ()
