"""Which functions and modules are activations, and what kind each is."""

import functools
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules import activation as torch_activations

from reluctant.activations import MARK
from reluctant.catalogue import ACTIVATIONS
from reluctant.core.display import normalised

WIDTH_HALVING = frozenset({"glu"})  # no activation that keeps the shape can replace these
SOFTMAX = frozenset({"softmax", "logsoftmax", "softmin", "softmax2d", "gumbelsoftmax"})
GATES = frozenset({"sigmoid", "tanh", "hardsigmoid", "softplus", "logsigmoid"})  # more often gates than not
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
    if hasattr(module, MARK):
        return str(getattr(getattr(module, "function", None), "__name__", kind.__name__))
    if isinstance(module, _torch_classes()) or kind.__module__.startswith(ACTIVATION_PACKAGES):
        return kind.__name__
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
