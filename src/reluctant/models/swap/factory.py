"""Networks from factories: an activation handed over where the factory takes one, swapped in where not."""

import copy
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from inspect import Parameter, isclass, signature
from typing import Any
from weakref import WeakKeyDictionary

from torch import nn

from reluctant.activations import factory as activations
from reluctant.core.errors import ModelError
from reluctant.models.swap.forward import undisturbed
from reluctant.models.swap.swap import Swap, swap_activations

KEYWORDS = ("activation", "act_layer", "act", "act_fn", "activation_function", "nonlinearity", "hidden_act")
Activation = str | nn.Module | Callable[..., Any]
# of every factory met, whether it gives the same weights again
_repeats: "WeakKeyDictionary[Callable[..., Any], bool]" = WeakKeyDictionary()


class Fresh:
    """Makes a fresh activation whenever it is called, with whatever arguments (`inplace=True`)."""

    def __init__(self, activation: Activation) -> None:
        self.make = activations(activation)

    def __call__(self, *_: Any, **__: Any) -> nn.Module:
        return self.make()


def takes_activation(factory: Callable[..., Any]) -> str | None:
    """Under which keyword a factory takes an activation: the first of `KEYWORDS` it has; None without."""
    known = _parameters(factory)
    return next((keyword for keyword in KEYWORDS if keyword in known), None)


def give_or_swap(
    factory: Callable[..., Any],
    activation: Activation,
    arguments: Mapping[str, Any] | None = None,
    example: Any = None,
    offers: Mapping[str, Any] | None = None,
) -> tuple[Any, Swap | None]:
    """What a factory makes with `arguments`, with this activation, and what was swapped if anything was.

    A keyword `activation` gets what was given, or a factory of fresh modules where its default can be
    called; the other keywords get such a factory. One whose default is a text, a module or a function of a
    tensor wants something else, so the network is built as it is and swapped. `offers` are arguments that
    are handed over where the factory takes them; a factory of `**anything` is asked by trying. What a
    function gives every time is copied, so that no network trains on from another (`_apart`).
    """
    arguments, known = dict(arguments or {}), _parameters(factory)
    open_ended = any(p.kind is Parameter.VAR_KEYWORD for p in known.values()) or not known
    offered = {key: value for key, value in (offers or {}).items() if open_ended or key in known}
    keyword = takes_activation(factory) or ("activation" if open_ended else None)
    if keyword is not None and keyword not in arguments:
        offered |= _wanted(keyword, known.get(keyword), activation)
    offered = {key: value for key, value in offered.items() if key not in arguments}
    made, taken = _called(factory, arguments, offered, known)
    if not isinstance(made, nn.Module):
        return made, None
    made = _apart(made, factory, {**arguments, **offered})
    if keyword in taken:
        return made, None
    return swap_activations(made, activation, example=example)


def _wanted(keyword: str, parameter: Parameter | None, activation: Activation) -> dict[str, Any]:
    """What to hand over under a keyword; nothing where its default tells of another kind of thing."""
    default = Parameter.empty if parameter is None else parameter.default
    called = isclass(default) or (
        callable(default) and not isinstance(default, nn.Module) and not _of_a_tensor(default)
    )
    if default is Parameter.empty or default is None:
        return {keyword: activation if keyword == "activation" else Fresh(activation)}
    if called:
        return {keyword: Fresh(activation)}
    return {keyword: activation} if keyword == "activation" and isinstance(default, str) else {}


def _of_a_tensor(default: Callable[..., Any]) -> bool:
    """Whether a default is itself the function: it cannot be called without an argument."""
    try:
        return any(p.default is p.empty for p in signature(default).parameters.values())
    except (TypeError, ValueError):  # built in, such as torch.relu
        return True


def _called(
    factory: Callable[..., Any],
    arguments: Mapping[str, Any],
    offered: dict[str, Any],
    declared: Collection[str],
) -> tuple[Any, set[str]]:
    """What the factory makes, and which offers it took: what is refused by name is not offered again."""
    while True:
        try:
            return factory(**arguments, **offered), set(offered)
        except TypeError as fault:
            refused = [key for key in offered if f"unexpected keyword argument '{key}'" in str(fault)]
            if not refused or refused[0] in declared:
                raise
            del offered[refused[0]]


def _apart(made: nn.Module, factory: Callable[..., Any], arguments: Mapping[str, Any]) -> nn.Module:
    """The network itself, or a copy where the factory keeps its weights and would give them again.

    A function is called once more to find out, the first time it is met; a class makes its own anew. Not
    everything is copied, since a closure over a module of the network would go on using the old one.
    """
    if isclass(factory):
        return made
    try:
        repeats = _repeats.get(factory)
    except TypeError:  # what has no hash or no weak reference is asked every time
        repeats = None
    if repeats is None:
        repeats = _gives_again(made, factory, arguments)
        with suppress(TypeError):
            _repeats[factory] = repeats
    if not repeats:
        return made
    try:
        return copy.deepcopy(made)
    except Exception as fault:
        raise ModelError(
            f"the factory gives the same weights every time, and they cannot be copied "
            f"({type(fault).__name__}: {fault}); let it make them anew"
        ) from fault


def _gives_again(made: nn.Module, factory: Callable[..., Any], arguments: Mapping[str, Any]) -> bool:
    """Whether the factory, called as it was, gives a network with parameters or buffers of the first one."""
    try:
        with undisturbed(made):
            other = factory(**arguments)
    except Exception:  # it works once only; the next network it is asked for says so
        return False
    return other is made or not _weights(other).isdisjoint(_weights(made))


def _weights(made: Any) -> set[int]:
    if not isinstance(made, nn.Module):
        return set()
    return {id(each) for each in (*made.parameters(), *made.buffers())}


def _parameters(factory: Callable[..., Any]) -> dict[str, Parameter]:
    """The parameters that may be given by keyword, `**anything` among them; none where nobody knows."""
    try:
        found = signature(factory).parameters
    except (TypeError, ValueError):
        return {}
    return {name: p for name, p in found.items() if p.kind is not Parameter.POSITIONAL_ONLY}
