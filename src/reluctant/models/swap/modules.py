"""The modules of a network: in order, those that are activations, and those that may call activations."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import nn

from reluctant.models.swap.activation_kinds import activation_kind


@dataclass(frozen=True)
class RegisteredActivation:
    """An activation module as an attribute of its parent; a shared module has one for every attribute."""

    path: str
    parent: nn.Module
    attribute: str
    module: nn.Module


def walk_modules(
    model: nn.Module, path: str = "", visited: set[int] | None = None
) -> Iterator[tuple[str, nn.Module]]:
    """Every module once, with its first path; nothing inside activation modules and TorchScript modules."""
    visited = set() if visited is None else visited
    if id(model) in visited or isinstance(model, torch.jit.ScriptModule):
        return
    visited.add(id(model))
    yield path, model
    if not activation_kind(model):
        for name, child in model.named_children():
            yield from walk_modules(child, f"{path}.{name}" if path else name, visited)


def registered_activations(model: nn.Module) -> list[RegisteredActivation]:
    """The activation modules of a network, one entry for every attribute of a parent module."""
    return [
        RegisteredActivation(f"{path}.{name}" if path else name, parent, name, module)
        for path, parent in walk_modules(model)
        if not activation_kind(parent)
        for name, module in parent._modules.items()
        if module is not None and activation_kind(module)
    ]


def is_user_defined(module: nn.Module) -> bool:
    """Whether a module's class is not PyTorch's own, so that its forward may call any function."""
    return not type(module).__module__.startswith("torch.nn.")


def may_call_activations(module: nn.Module) -> bool:
    """Whether a module's forward may call activation functions or activation modules."""
    return is_user_defined(module) or any(module.children())
