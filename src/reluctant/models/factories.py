"""Networks from any factory: the activation is an argument if the factory takes one, else it is swapped.

What a factory takes is known from its keywords: for an activation, and for the shape of the data.
"""

import copy
from collections.abc import Callable, Mapping
from contextlib import suppress
from inspect import Parameter, isclass, signature
from typing import Any
from weakref import WeakKeyDictionary

from torch import Tensor, nn

from reluctant.activations import factory as activation_factory
from reluctant.core.errors import ModelError
from reluctant.models.by_name import follows_the_name, names_for
from reluctant.models.keywords import activation_keyword, bound_keywords, keyword_parameters, name_keyword
from reluctant.models.swap.find_sites import find_sites
from reluctant.models.swap.forward import preserve_states_of_devices, rewinding
from reluctant.models.swap.report import SwapReport
from reluctant.models.swap.swap import swap_activations

Activation = str | nn.Module | Callable[..., Any]  # a name, a module class, a module or a function of a tensor
# Of factories that are functions: whether every call returns the same weights.
_shares_weights: "WeakKeyDictionary[Callable[..., Any], bool]" = WeakKeyDictionary()


class FreshActivation:
    """Builds a fresh activation at every call and ignores the arguments (`inplace=True`)."""

    def __init__(self, activation: Activation) -> None:
        self.make_activation = activation_factory(activation)

    def __call__(self, *_: Any, **__: Any) -> nn.Module:
        return self.make_activation()


class ActivationArgument(nn.Module):
    """An activation for a factory whose parameter does not show which form it takes.

    Called with a tensor it is a module; called without, it is a factory of fresh modules.
    """

    def __init__(self, activation: Activation) -> None:
        super().__init__()
        self.make_activation = activation_factory(activation)
        self.function = self.make_activation()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if any(isinstance(value, Tensor) for value in (*args, *kwargs.values())):
            return super().__call__(*args, **kwargs)
        return self.make_activation()

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The activation of a tensor of any shape, the first argument; others such as `inplace` are ignored."""
        return self.function(*args[:1], **{key: value for key, value in kwargs.items() if isinstance(value, Tensor)})


def build_with_activation(
    factory: Callable[..., Any],
    activation: Activation,
    arguments: Mapping[str, Any] | None = None,
    example: Any = None,
    optional: Mapping[str, Any] | None = None,
) -> tuple[Any, SwapReport | None]:
    """A factory's network with this activation; and a report if activations were swapped.

    A parameter whose default is a text gets the activation's name. The network is built as it is and swapped if the
    factory takes no activation, takes one in a form of its own (the default is a module or a function of a tensor),
    does not know the name, or if its network does not use the activation that it gets, or only after the last
    weights. A network that would share weights with another one of the same factory is copied.

    Args:
        factory: A class or function that returns a network; its other results are returned as they are.
        example: An input of the network, to find functional calls.
        optional: Keyword arguments for which the factory may have no parameter. One with `**options` gets
            them all; those that it then refuses are dropped.

    Raises `ModelError`: the factory takes a name, and the activation has none that it could know.
    """
    arguments, parameters = dict(arguments or {}), keyword_parameters(factory)
    any_keyword = not parameters or any(p.kind is Parameter.VAR_KEYWORD for p in parameters.values())
    extra = {
        key: value
        for key, value in (optional or {}).items()
        if (any_keyword or key in parameters) and key not in bound_keywords(factory)
    }
    extra = {key: value for key, value in extra.items() if key not in arguments}
    keyword = activation_keyword(factory) or ("activation" if any_keyword else None)
    parameter = parameters.get(keyword or "")
    named = name_keyword(factory)
    if named and named not in arguments:
        network, accepted, followed = _call_by_name(factory, named, activation, arguments, extra, example)
        if followed or not isinstance(network, nn.Module):
            return network, None
        return _swap(network, factory, {**arguments, **accepted}, activation, example)
    if keyword is not None and keyword not in arguments:
        failure: Exception | None = None
        unused = False
        required = parameter is not None and parameter.default is Parameter.empty
        for value in _activation_arguments(parameter, activation):
            if isinstance(value, str) and not (failure or required):
                break  # the network took the activation itself and did not use it
            try:
                network, accepted = _call_factory(factory, arguments, {**extra, keyword: value}, parameters)
            except Exception as error:  # the next form may be right
                failure = failure or error
                continue
            if not isinstance(network, nn.Module):
                return network, None
            if keyword not in accepted:
                return _swap(network, factory, {**arguments, **accepted}, activation, example)
            if _uses_activation(network, value, example):
                return _with_separate_weights(network, factory, {**arguments, **accepted}), None
            unused = True
        if required:
            if failure and not unused:
                raise failure
            raise ModelError(
                f"the network takes {keyword}= and does not use it before its last weights; let it call the "
                f"activation, or give the parameter a default, so that activations are replaced"
            )
    network, accepted = _call_factory(factory, arguments, extra, parameters)
    if not isinstance(network, nn.Module):
        return network, None
    return _swap(network, factory, {**arguments, **accepted}, activation, example)


def _swap(
    network: nn.Module, factory: Callable[..., Any], arguments: dict[str, Any], activation: Activation, example: Any
) -> tuple[nn.Module, SwapReport]:
    network = _with_separate_weights(network, factory, arguments)
    return swap_activations(network, activation, example=example)


def _call_factory(
    factory: Callable[..., Any], arguments: dict[str, Any], extra: dict[str, Any], parameters: dict[str, Parameter]
) -> tuple[Any, dict[str, Any]]:
    """What a factory returns, and which of the extra arguments it accepted."""
    extra = dict(extra)
    while True:
        try:
            return factory(**arguments, **extra), extra
        except TypeError as error:  # a factory with **options refuses a keyword by name
            refused = [key for key in extra if f"unexpected keyword argument '{key}'" in str(error)]
            if not refused or refused[0] in parameters:
                raise
            del extra[refused[0]]


def _call_by_name(
    factory: Callable[..., Any],
    keyword: str,
    activation: Activation,
    arguments: dict[str, Any],
    extra: dict[str, Any],
    example: Any,
) -> tuple[Any, dict[str, Any], bool]:
    """What a factory returns for the activation's name, the extra arguments that it accepted, and whether it followed.

    If it does not, its default network is returned. Every attempt begins with the same random numbers, so that a name
    that one activation has and another has not does not change the weights.
    """
    parameters = keyword_parameters(factory)
    default, rewind = parameters[keyword].default, rewinding()
    for name in names_for(keyword, default, activation):
        with suppress(Exception):  # the factory may know the next name
            network, accepted = _call_factory(factory, arguments, {**extra, keyword: name}, parameters)
            if not isinstance(network, nn.Module):
                return network, accepted, True
            if name == default or follows_the_name(
                network, lambda: _call_factory(factory, arguments, extra, parameters)[0], example
            ):
                return _with_separate_weights(network, factory, {**arguments, **accepted}), accepted, True
        rewind()
    return *_call_factory(factory, arguments, extra, parameters), False


def _activation_arguments(parameter: Parameter | None, activation: Activation) -> list[Any]:
    """The arguments for an activation to try in turn, in the form that the parameter's default shows."""
    default = Parameter.empty if parameter is None else parameter.default
    if default is Parameter.empty or default is None:
        return [ActivationArgument(activation), *([activation] if isinstance(activation, str) else [])]
    if isclass(default) or (
        callable(default) and not isinstance(default, nn.Module) and not _needs_an_argument(default)
    ):
        return [FreshActivation(activation)]
    return []


def _uses_activation(network: nn.Module, value: Any, example: Any) -> bool:
    """Whether a network calls the activation that it was given, before its last weights if it calls others too.

    Of a name it cannot be known how the network builds it.
    """
    if isinstance(value, str):
        return True
    try:
        sites = find_sites(network, example)
    except ModelError:  # the network fails on the example, which is reported elsewhere
        return True
    own = [site for site in sites if site.from_reluctant and (site.calls or example is None)]
    return any(not site.last for site in own) or (bool(own) and len(own) == len(sites))


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
            with preserve_states_of_devices(network):
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
