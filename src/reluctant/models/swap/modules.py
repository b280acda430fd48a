"""The modules of a network: which are activations and of what kind, walked in order, and what sites are called."""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules import activation as torch_activations

from reluctant.activations import MARK
from reluctant.activations.blocks import PairGate
from reluctant.catalogue import ACTIVATIONS
from reluctant.core.display import normalised

# Attributes of modules, and so parts of the keys of stored weights.
FUNCTION_MODULES = "reluctant_sites"  # of a module: the modules that replace its functional calls
CALL_MODULES = "reluctant_turns"  # of a `ModulePerCall`: one module for every call
PAIR_GATE = "pairgate"  # of a feed-forward layer that a swap has replaced
WIDTH_HALVING = frozenset({"glu", PAIR_GATE})  # no activation that keeps the shape can replace these
SOFTMAX = frozenset({"softmax", "logsoftmax", "softmin", "softmax2d", "gumbelsoftmax"})
GATES = frozenset({"sigmoid", "tanh", "hardsigmoid", "softplus", "logsigmoid"})  # more often gates than not
OPTIONAL = GATES | SOFTMAX | WIDTH_HALVING  # a call of these that the trace did not find may run as it is
OUTPUT_ACTIVATIONS = GATES | SOFTMAX | {"hardtanh"}  # after the last weights these shape the output
ACTIVATION_PACKAGES = ("transformers.activations", "timm.layers.activations", "timm.models.layers.activations")
_FUNCTION_NAMES = (
    "relu relu6 leaky_relu prelu rrelu elu celu selu gelu silu mish hardswish hardsigmoid hardtanh threshold "
    "hardshrink softshrink tanhshrink softplus softsign sigmoid logsigmoid tanh glu "
    "softmax log_softmax softmin gumbel_softmax"
)
_ALIASES = {"expit": "sigmoid", "log_sigmoid": "logsigmoid"}
_AMBIGUOUS = {"identity", "linear", "none", "gaussian", "abs", "modulus", "sin", "cos", "sinc", "rational"}
_PREFIXES = ("memoryefficient", "accurate", "quick", "fast", "new", "my")
_SUFFIXES = ("activation", "function", "python", "layer", "jit", "act", "me")


def _collect_functions() -> dict[Any, str]:
    kinds = {**{name: name for name in _FUNCTION_NAMES.split()}, **_ALIASES}
    namespaces: tuple[ModuleType | type, ...] = (F, torch, Tensor, torch._C._nn, torch.special)
    functions = {}
    for namespace in namespaces:
        for name, kind in kinds.items():
            for attribute in (name, name + "_"):
                if hasattr(namespace, attribute):
                    functions[getattr(namespace, attribute)] = kind
    return functions


# PyTorch's activation functions and the kind of each: F.relu, torch.relu_, Tensor.relu, …
# A plain dictionary, because torch.compile traces the look-up.
FUNCTIONS = _collect_functions()
_IN_PLACE = {function: True for function in FUNCTIONS if function.__name__.endswith("_")}


def is_in_place(function: Any, kwargs: dict[str, Any]) -> bool:
    """Whether a call changes its input: `relu_(x)`, `relu(x, inplace=True)`."""
    return bool(kwargs.get("inplace")) or function in _IN_PLACE


def activation_kind(module: nn.Module) -> str:
    """The kind of an activation module; empty for any other module.

    Activations are the modules that `reluctant.activations` makes, PyTorch's activation classes, the classes
    of transformers' and timm's activation modules, and modules without layers whose class has the name of a
    function in the catalogue (`QuickGELU`, `Swish`, `MishActivation`).
    """
    kind = type(module)
    if isinstance(module, PairGate):
        return PAIR_GATE
    if hasattr(module, MARK):
        return str(getattr(getattr(module, "function", None), "__name__", kind.__name__))
    if kind.__module__.startswith(ACTIVATION_PACKAGES):
        return kind.__name__
    if isinstance(module, _torch_classes()):
        original = getattr(kind, "reluctant_original_class", kind)  # a user's subclass may compute something else
        base = next(each for each in original.__mro__ if each in _torch_classes())
        return kind.__name__ if original.forward is base.forward else ""
    has_layers = any(module.children()) or any(p.dim() >= 2 for p in module.parameters(recurse=False))
    return kind.__name__ if not has_layers and base_kind(kind.__name__) in _catalogue_kinds() else ""


def base_kind(kind: str) -> str:
    """A kind in one spelling: `logsoftmax` for `log_softmax`, `gelu` for `NewGELUActivation`."""
    name = normalised(kind)
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix) or name
    for suffix in _SUFFIXES:
        name = name.removesuffix(suffix) or name
    return name


@functools.cache
def _torch_classes() -> tuple[type[nn.Module], ...]:
    names = set(torch_activations.__all__) - {"MultiheadAttention"}
    return tuple(getattr(torch_activations, name) for name in sorted(names))


@functools.cache
def _catalogue_kinds() -> frozenset[str]:
    """The base kinds of the catalogue's element-wise functions, without names that mean other things too."""
    names = {
        base_kind(name) for row in ACTIVATIONS if row.range is not None for name in (row.name, row.title, *row.aliases)
    }
    return frozenset(names - _AMBIGUOUS)


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
