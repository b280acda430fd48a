"""Which functions and which modules are activations, and what they are called."""

import functools
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules import activation as of_torch

from reluctant.activations import MARK
from reluctant.catalogue import ACTIVATIONS
from reluctant.core.suggestions import normalised

WIDTH = frozenset({"glu"})  # halves the width, so nothing that keeps the shape can stand there
SOFTMAX = frozenset({"softmax", "logsoftmax", "softmin", "softmax2d", "gumbelsoftmax"})
GATES = frozenset({"sigmoid", "tanh", "hardsigmoid", "softplus", "logsigmoid"})  # usually no activation
HEADS = GATES | SOFTMAX | {"hardtanh"}  # what the end of a network is bent with
HOMES = ("transformers.activations", "timm.layers.activations", "timm.models.layers.activations")
_SPELLED = (
    "relu relu6 leaky_relu prelu rrelu elu celu selu gelu silu mish hardswish hardsigmoid hardtanh threshold "
    "hardshrink softshrink tanhshrink softplus softsign sigmoid logsigmoid tanh glu "
    "softmax log_softmax softmin gumbel_softmax"
)
_OTHER_NAMES = {"expit": "sigmoid", "log_sigmoid": "logsigmoid"}
_AMBIGUOUS = {"identity", "linear", "none", "gaussian", "abs", "modulus", "sin", "cos", "sinc", "rational"}
_PREFIXES = ("memoryefficient", "accurate", "quick", "fast", "new", "my")
_SUFFIXES = ("activation", "function", "python", "layer", "jit", "act", "me")


def _functions() -> dict[Any, str]:
    names = {**{name: name for name in _SPELLED.split()}, **_OTHER_NAMES}
    homes: tuple[ModuleType | type, ...] = (F, torch, Tensor, torch._C._nn, torch.special)
    found = {}
    for home in homes:
        for attribute, kind in names.items():
            for spelled in (attribute, attribute + "_"):
                if hasattr(home, spelled):
                    found[getattr(home, spelled)] = kind
    return found


# What PyTorch's activation functions are called, by function: F.relu, torch.relu_, Tensor.relu, …
# A plain table, since torch.compile looks into it.
FUNCTIONS = _functions()
_IN_PLACE = {function: True for function in FUNCTIONS if function.__name__.endswith("_")}


def in_place(function: Any, named: dict[str, Any]) -> bool:
    """Whether a call changes its input: `relu_(x)`, `relu(x, inplace=True)`."""
    return bool(named.get("inplace")) or function in _IN_PLACE


def kind_of(module: nn.Module) -> str:
    """What an activation module is called, nothing for any other module.

    An activation is what `reluctant.activations` made, one of PyTorch's activation classes, a class of
    transformers' or timm's activations, or a module without layers in it whose class is called like a
    function of the catalogue (`QuickGELU`, `Swish`, `MishActivation`).
    """
    kind = type(module)
    if hasattr(module, MARK):
        return str(getattr(getattr(module, "function", None), "__name__", kind.__name__))
    if isinstance(module, _classes()) or kind.__module__.startswith(HOMES):
        return kind.__name__
    bare = not any(module.children()) and all(p.dim() < 2 for p in module.parameters(recurse=False))
    return kind.__name__ if bare and basic(kind.__name__) in _known() else ""


def basic(kind: str) -> str:
    """A name without its ornaments: `logsoftmax` for `log_softmax`, `gelu` for `NewGELUActivation`."""
    name = normalised(kind)
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix) or name
    for suffix in _SUFFIXES:
        name = name.removesuffix(suffix) or name
    return name


@functools.cache
def _classes() -> tuple[type[nn.Module], ...]:
    names = set(of_torch.__all__) - {"MultiheadAttention"}
    return tuple(getattr(of_torch, name) for name in sorted(names))


@functools.cache
def _known() -> frozenset[str]:
    """The basic names of the catalogue's functions of one number."""
    names = {
        basic(name)
        for row in ACTIVATIONS
        if row.range is not None
        for name in (row.name, row.title, *row.aliases)
    }
    return frozenset(names - _AMBIGUOUS)
