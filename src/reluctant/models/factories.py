"""Networks from any factory: the activation is an argument if the factory takes one, else it is swapped.

What a factory takes is known from its keywords: for an activation, and for the shape of the data.
"""

import copy
import functools
from collections.abc import Callable, Mapping
from contextlib import suppress
from inspect import Parameter, isclass, signature
from typing import Any
from weakref import WeakKeyDictionary

from torch import nn

from reluctant.activations import factory as activation_factory
from reluctant.core.errors import ModelError
from reluctant.models.swap.forward import preserve_random_states
from reluctant.models.swap.report import SwapReport
from reluctant.models.swap.swap import swap_activations

Activation = str | nn.Module | Callable[..., Any]  # a name, a module class, a module or a function of a tensor
ACTIVATION_KEYWORDS = (
    "activation", "act_layer", "act", "act_fn", "activation_function", "nonlinearity", "hidden_act"
)  # fmt: skip
OUTPUT_KEYWORDS = ("num_classes", "n_classes", "num_labels", "out_features", "outputs")
FEATURE_KEYWORDS = ("in_features", "n_features", "num_features", "features", "inputs", "input_dim")
CHANNEL_KEYWORDS = ("in_channels", "in_chans", "channels", "num_channels")
SHAPE_KEYWORDS = ("image", "classes", *OUTPUT_KEYWORDS, *FEATURE_KEYWORDS, *CHANNEL_KEYWORDS)  # the data give them
# May also mean a width inside the network, so they are passed only where the parameter has no default.
AMBIGUOUS_KEYWORDS = frozenset(
    ("n_features", "num_features", "features", "inputs", "input_dim", "channels", "num_channels", "outputs",
     "out_features")
)  # fmt: skip
# Of factories that are functions: whether every call returns the same weights.
_shares_weights: "WeakKeyDictionary[Callable[..., Any], bool]" = WeakKeyDictionary()


class FreshActivation:
    """Builds a fresh activation at every call and ignores the arguments (`inplace=True`)."""

    def __init__(self, activation: Activation) -> None:
        self.make_activation = activation_factory(activation)

    def __call__(self, *_: Any, **__: Any) -> nn.Module:
        return self.make_activation()


def build_with_activation(
    factory: Callable[..., Any],
    activation: Activation,
    arguments: Mapping[str, Any] | None = None,
    example: Any = None,
    optional: Mapping[str, Any] | None = None,
) -> tuple[Any, SwapReport | None]:
    """A factory's network with this activation; and a report if activations were swapped.

    The network is built as it is and swapped if the factory takes no activation, or one in a form of its own:
    the default is a string, a module or a function of a tensor. A network that would share weights with
    another one of the same factory is copied.

    Args:
        factory: A class or function that returns a network; its other results are returned as they are.
        example: An input of the network, to find functional calls.
        optional: Keyword arguments for which the factory may have no parameter. One with `**options` gets
            them all; those that it then refuses are dropped.
    """
    arguments, parameters = dict(arguments or {}), keyword_parameters(factory)
    any_keyword = not parameters or any(p.kind is Parameter.VAR_KEYWORD for p in parameters.values())
    extra = {
        key: value
        for key, value in (optional or {}).items()
        if (any_keyword or key in parameters) and key not in bound_keywords(factory)
    }
    keyword = activation_keyword(factory) or ("activation" if any_keyword else None)
    if keyword is not None and keyword not in arguments:
        extra |= _activation_argument(keyword, parameters.get(keyword), activation)
    extra = {key: value for key, value in extra.items() if key not in arguments}

    while True:
        try:
            network = factory(**arguments, **extra)
            break
        except TypeError as error:  # a factory with **options refuses a keyword by name
            refused = [key for key in extra if f"unexpected keyword argument '{key}'" in str(error)]
            if not refused or refused[0] in parameters:
                raise
            del extra[refused[0]]
    if not isinstance(network, nn.Module):
        return network, None
    network = _with_separate_weights(network, factory, {**arguments, **extra})
    if keyword in extra:
        return network, None
    return swap_activations(network, activation, example=example)


def _activation_argument(keyword: str, parameter: Parameter | None, activation: Activation) -> dict[str, Any]:
    """The argument for an activation, in the form that the parameter's default shows; empty for another form.

    `activation` gets the activation itself, or a factory of fresh modules if its default is called; the other
    keywords get such a factory.
    """
    default = Parameter.empty if parameter is None else parameter.default
    if default is Parameter.empty or default is None:
        return {keyword: activation if keyword == "activation" else FreshActivation(activation)}
    if isclass(default) or (
        callable(default) and not isinstance(default, nn.Module) and not _needs_an_argument(default)
    ):
        return {keyword: FreshActivation(activation)}
    return {keyword: activation} if keyword == "activation" and isinstance(default, str) else {}


def _needs_an_argument(function: Callable[..., Any]) -> bool:
    """Whether a function is an activation function, not a factory: it cannot be called without arguments."""
    try:
        return any(p.default is p.empty for p in signature(function).parameters.values())
    except (TypeError, ValueError):  # built in, such as torch.relu
        return True


def _with_separate_weights(network: nn.Module, factory: Callable[..., Any], arguments: Mapping[str, Any]) -> nn.Module:
    """The network, or a copy if the factory's next network would have the same weights.

    To find out, a function is called once more when it builds its first network; a class always makes new
    weights. Networks are not copied without need: a closure would still use the modules of the original.
    """
    if isclass(factory):
        return network
    try:
        shares = _shares_weights.get(factory)
    except TypeError:  # without a hash or weak references, it is called every time
        shares = None
    if shares is None:
        try:
            with preserve_random_states(network):
                other = factory(**arguments)
        except Exception:  # it works only once; the next build reports the error
            shares = False
        else:
            shares = other is network or not _weight_ids(other).isdisjoint(_weight_ids(network))
        with suppress(TypeError):
            _shares_weights[factory] = shares
    if not shares:
        return network
    try:
        return copy.deepcopy(network)
    except Exception as error:
        raise ModelError(
            f"the factory returns the same weights at every call, and they cannot be copied "
            f"({type(error).__name__}: {error}); let it create them in every call"
        ) from error


def _weight_ids(network: Any) -> set[int]:
    tensors = (*network.parameters(), *network.buffers()) if isinstance(network, nn.Module) else ()
    return {id(tensor) for tensor in tensors}


def keyword_parameters(factory: Callable[..., Any]) -> dict[str, Parameter]:
    """The parameters that accept a keyword, `**options` among them; empty where there is no signature."""
    try:
        parameters = signature(factory).parameters
    except (TypeError, ValueError):
        return {}
    return {name: p for name, p in parameters.items() if p.kind is not Parameter.POSITIONAL_ONLY}


def bound_keywords(factory: Callable[..., Any]) -> Mapping[str, Any]:
    """The keywords that a `functools.partial` has bound, those of partials within it among them."""
    return factory.keywords if isinstance(factory, functools.partial) else {}


def activation_keyword(factory: Callable[..., Any]) -> str | None:
    """The keyword under which a factory takes an activation: the first of `ACTIVATION_KEYWORDS`, or None."""
    parameters = keyword_parameters(factory)
    return next((keyword for keyword in ACTIVATION_KEYWORDS if keyword in parameters), None)


def shape_keywords(shape: tuple[int, ...], outputs: int) -> dict[str, int]:
    """All usual keywords for the size of one input and for the number of outputs, with their values."""
    size_keywords = FEATURE_KEYWORDS if len(shape) == 1 else CHANNEL_KEYWORDS
    return dict.fromkeys(OUTPUT_KEYWORDS, outputs) | dict.fromkeys(size_keywords, shape[0])


def shape_arguments(factory: Callable[..., Any], shape: tuple[int, ...], outputs: int) -> dict[str, Any]:
    """The arguments that tell a factory the shape of the data, for those keywords that it declares.

    The keywords are `image` (the shape of one input), `classes` (the number of outputs) and the
    `shape_keywords`. A value that a `functools.partial` has bound is left, and so is the default of one of
    the `AMBIGUOUS_KEYWORDS`, such as `features=64` for the width of a hidden layer.
    """
    parameters, bound = keyword_parameters(factory), bound_keywords(factory)
    values = {"image": shape, "classes": outputs, **shape_keywords(shape, outputs)}
    return {
        keyword: value
        for keyword, value in values.items()
        if keyword in parameters
        and keyword not in bound
        and (keyword not in AMBIGUOUS_KEYWORDS or parameters[keyword].default is Parameter.empty)
    }
