"""From a name or any callable to fresh activation modules, and their check before a training."""

import copy
import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from reluctant.activations.feature_axis import set_feature_axis
from reluctant.activations.formula import Formula
from reluctant.catalogue import ACTIVATIONS
from reluctant.core.errors import ModelError, build_error
from reluctant.core.extensions import load_object
from reluctant.core.randomness import preserve_random_states
from reluctant.core.user_objects import load_user_object

Factory = Callable[[], nn.Module]
MARK = "reluctant_activation"  # the attribute that marks activations among a network's other modules
Source = str | nn.Module | Callable[..., Any]


class Elementwise(nn.Module):
    """A user-defined function as a module; every call passes `keywords` to the function."""

    def __init__(self, function: Callable[..., Tensor], keywords: Mapping[str, Any]) -> None:
        super().__init__()
        self.function = functools.partial(function, **keywords) if keywords else function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)

    def extra_repr(self) -> str:
        return str(getattr(self.function, "__name__", self.function))


def make(source: Source, *, feature_axis: int | None = None) -> nn.Module:
    """A fresh activation module. PyTorch's global random state does not change.

    Args:
        source: A name (`"elu(alpha=0.5)"`, `"my_module:MyAct(beta=2)"`), a module class, a module (it is copied), a
            function of a tensor, or a factory without arguments.
        feature_axis: The axis of the features, for blocks such as `swiglu` on inputs of more than two axes: −1 after
            linear layers, 1 after convolutions.

    Raises `ModelError`: the name or the object does not give an activation.
    """
    return set_feature_axis(factory(source)(), feature_axis)


def factory(source: Source) -> Factory:
    """A function that builds a fresh module at every call and leaves PyTorch's random state unchanged."""
    return functools.partial(_build_and_mark, raw_factory(source))


def raw_factory(source: Source) -> Factory:
    """A function that builds fresh modules exactly as their author wrote them, for the laws and the audit.

    The author's code may change PyTorch's random state. The modules do not carry `MARK`.
    """
    if not isinstance(source, str):
        return _factory_of_object(source, {}, repr(source))
    name = ACTIVATIONS.canonical(source)
    if name.is_user_defined:
        return _factory_of_object(load_user_object(name.head, "activation"), name.arguments, str(name))
    row, arguments = ACTIVATIONS[name.head], ACTIVATIONS.arguments(name)
    code: Callable[..., Any] = load_object(row.code)
    if inspect.isclass(code):
        return functools.partial(_call, code, arguments, str(name))
    return functools.partial(Formula, code, arguments, [p.name for p in row.parameters if p.learned])


def _build_and_mark(build: Factory) -> nn.Module:
    with preserve_random_states():
        module = build()
    setattr(module, MARK, True)
    return module


def _factory_of_object(source: object, keywords: Mapping[str, Any], written: str) -> Factory:
    if isinstance(source, nn.Module):
        if keywords:
            raise ModelError(f"activation {written}: an object takes no arguments; name its class instead")
        return functools.partial(copy.deepcopy, source)
    if not callable(source):
        raise ModelError(f"activation {written}: {type(source).__name__} is neither a class, a function nor a factory")
    return functools.partial(_call, source, dict(keywords), written)


def _call(source: Callable[..., Any], keywords: dict[str, Any], written: str) -> nn.Module:
    """The module that a class, a function of a tensor or a factory stands for."""
    if _takes_a_tensor(source, keywords):
        return Elementwise(source, keywords)
    try:
        result = source(**keywords)
    except Exception as fault:
        raise ModelError(f"activation {build_error(written, fault)}") from fault
    if isinstance(result, nn.Module):
        return result
    if callable(result):
        return Elementwise(result, {})
    raise ModelError(f"activation {written} returns {type(result).__name__}; it must be a torch module or a function")


def _takes_a_tensor(source: Callable[..., Any], keywords: Mapping[str, Any]) -> bool:
    """Whether `source` is the function itself: a positional argument without a default is still missing."""
    if inspect.isclass(source):
        return False
    try:
        parameters = inspect.signature(source).parameters.values()
    except (TypeError, ValueError):  # a built-in function, such as torch.relu
        return True
    return any(
        p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.name not in keywords
        for p in parameters
    )


def check_activation(name: str) -> nn.Module:
    """A fresh module of this name, after others of the same name were tried on two batches.

    Raises `ModelError`: it fails, changes shape or dtype, changes its input, or returns NaN or infinity.
    """
    batch = torch.linspace(-3, 3, 144).reshape(2, 8, 3, 3)
    for before in (batch, batch.flatten(1)):
        x, module = before.clone(), make(name, feature_axis=1)  # a block takes its width from its first batch
        try:
            out = module(x)
        except Exception as raised:
            fault = f"it fails on a batch of shape {tuple(x.shape)}: {type(raised).__name__}: {raised}"
        else:
            fault = output_mismatch(before, x, out)
            if not fault and not torch.isfinite(out).all():
                fault = "it returns NaN or infinity for inputs between −3 and 3"
        if fault:
            raise ModelError(f"activation {name}: {fault}")
    return make(name)


def output_mismatch(before: Tensor, x: Tensor, out: object) -> str:
    """How an output differs from its input in type, shape or dtype, or how x differs from its copy `before`."""
    if not isinstance(out, Tensor):
        return f"it returns {type(out).__name__}; it must return a tensor"
    if out.device != x.device:
        return f"it returns a tensor on {out.device} for one on {x.device}; an activation stays on its input's device"
    if out.shape != x.shape:
        return f"it turns shape {tuple(x.shape)} into {tuple(out.shape)}; an activation keeps the shape"
    if out.dtype != x.dtype:
        return f"it turns {x.dtype} into {out.dtype}; an activation keeps the dtype"
    if not torch.equal(before, x):
        return "it changes its input in place; return a new tensor (inplace=False)"
    return ""
