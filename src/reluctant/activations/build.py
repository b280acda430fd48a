"""From a name or any callable to fresh activation modules, one per place, so that nothing is shared."""

import copy
import functools
import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from reluctant.activations.formula import Formula
from reluctant.catalogue import ACTIVATIONS
from reluctant.core.errors import ModelError
from reluctant.core.names import Name
from reluctant.core.user_objects import load_user_object

Factory = Callable[[], nn.Module]
MARK = "reluctant_activation"  # what tells a network's activations from its other modules
Source = str | nn.Module | Callable[..., Any]


class Elementwise(nn.Module):
    """A function of one's own as a module; `keywords` are handed to it with every call."""

    def __init__(self, function: Callable[..., Tensor], keywords: Mapping[str, Any]) -> None:
        super().__init__()
        self.function = functools.partial(function, **keywords) if keywords else function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)

    def extra_repr(self) -> str:
        return str(getattr(self.function, "__name__", self.function))


def make(source: Source) -> nn.Module:
    """A fresh activation module.

    `source` is a name (`"elu(alpha=0.5)"`, `"my_module:MyAct(beta=2)"`), a module class, a module (copied),
    a function of a tensor, or a factory without arguments. Random states are left as they are.
    Raises `StudyError` for an unknown name, `ModelError` for an object that makes no activation.
    """
    return factory(source)()


def factory(source: Source) -> Factory:
    """What makes a fresh activation module at every call, and leaves random states as they are."""
    return functools.partial(_undisturbed, builder(source))


def builder(source: Source) -> Factory:
    """What makes a module as its author wrote it, random draws and all; for an audit."""
    if isinstance(source, str):
        return _named(ACTIVATIONS.canonical(source))
    return _from(source, {}, repr(source))


def _undisturbed(build: Factory) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        made = build()
    setattr(made, MARK, True)
    return made


def _named(name: Name) -> Factory:
    if name.is_user_defined:
        return _from(load_user_object(name.head, "activation"), name.arguments, str(name))
    row, arguments = ACTIVATIONS[name.head], ACTIVATIONS.arguments(name)
    module, _, attribute = row.code.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
    if inspect.isclass(found):
        return functools.partial(_call, found, arguments, str(name))
    return functools.partial(Formula, found, arguments, [p.name for p in row.parameters if p.learned])


def _from(found: object, keywords: Mapping[str, Any], written: str) -> Factory:
    if isinstance(found, nn.Module):
        if keywords:
            raise ModelError(f"activation {written}: an object takes no arguments; name its class instead")
        return functools.partial(copy.deepcopy, found)
    if not callable(found):
        raise ModelError(
            f"activation {written}: {type(found).__name__} is neither a class, a function nor a factory"
        )
    return functools.partial(_call, found, dict(keywords), written)


def _call(found: Callable[..., Any], keywords: dict[str, Any], written: str) -> nn.Module:
    if _takes_a_tensor(found, keywords):
        return Elementwise(found, keywords)
    try:
        made = found(**keywords)
    except Exception as fault:
        raise ModelError(f"activation {written} cannot be made: {type(fault).__name__}: {fault}") from fault
    if isinstance(made, nn.Module):
        return made
    if callable(made):
        return Elementwise(made, {})
    raise ModelError(
        f"activation {written} made a {type(made).__name__}; a torch module or a function is wanted"
    )


def _takes_a_tensor(found: Callable[..., Any], keywords: Mapping[str, Any]) -> bool:
    """Whether this is itself the function: it wants one more positional argument than was given."""
    if inspect.isclass(found):
        return False
    try:
        parameters = inspect.signature(found).parameters.values()
    except (TypeError, ValueError):  # built in, such as torch.relu
        return True
    return any(
        p.default is p.empty
        and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        and p.name not in keywords
        for p in parameters
    )
