"""The modules of a network: walked in order, which are activations, and what sites are called."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import nn

from reluctant.activations import MARK
from reluctant.catalogue import ACTIVATIONS
from reluctant.models.swap.activation_kinds import SOFTMAX, WIDTH_HALVING, activation_kind, base_kind


@dataclass(frozen=True)
class RegisteredActivation:
    """An activation module as an attribute of its parent; a shared module has one for every attribute."""

    path: str
    parent: nn.Module
    attribute: str
    module: nn.Module


def walk_modules(model: nn.Module, path: str = "", visited: set[int] | None = None) -> Iterator[tuple[str, nn.Module]]:
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


# Attributes of modules, and so parts of the keys of stored weights.
FUNCTION_MODULES = "reluctant_sites"  # of a module: the modules that replace its functional calls
CALL_MODULES = "reluctant_turns"  # of a `ModulePerCall`: one module for every call


def activation_modules(model: nn.Module) -> dict[str, nn.Module]:
    """The activation modules of a network by path, in the order of registration; a shared module once.

    These are the modules that `reluctant.activations` makes, those of a class in the catalogue, and others
    whose class has the name of a known activation. Softmax and GLU are not among them.
    """
    catalogue_code = {row.code for row in ACTIVATIONS}

    def is_site(module: nn.Module) -> bool:
        if hasattr(module, MARK):
            return True
        if type(module) is nn.Identity:  # in many networks a placeholder
            return False
        if f"torch.nn:{type(module).__name__}" in catalogue_code:
            return True
        kind = activation_kind(module)
        return bool(kind) and base_kind(kind) not in SOFTMAX | WIDTH_HALVING

    return {path: module for path, module in model.named_modules() if is_site(module)}


def activation_parameters(model: nn.Module) -> list[nn.Parameter]:
    """The parameters of activation modules, each once: slopes of PReLU, weights of SwiGLU."""
    modules = activation_modules(model).values()
    return list({id(p): p for module in modules for p in module.parameters()}.values())


def site_name(path: str) -> str:
    """The name of the site whose activation module lies at `path`.

    `layer1.0#relu` is a functional call, `layer1.0.act#2` the second site of a module that has several.
    """
    path = re.sub(rf"(?:^|\.){FUNCTION_MODULES}\.(\w+)$", r"#\1", path)
    return re.sub(rf"\.{CALL_MODULES}\.(\d+)$", lambda match: "" if match[1] == "1" else f"#{match[1]}", path)
