"""Fresh activations put into a network: modules in the place of modules, and behind calls of functions."""

from collections.abc import Callable, Iterable, Mapping

import torch
from torch import nn

from reluctant.models.swap.activation_types import kind_of
from reluctant.models.swap.dispatch import Heard, Turns, attend, is_attended
from reluctant.models.swap.sites import CALLS
from reluctant.models.swap.sites_found import Place, registered
from reluctant.models.swap.tracer import own, walk


def put(
    model: nn.Module, places: Iterable[Place], chosen: Iterable[Place], fresh: Callable[[], nn.Module]
) -> None:
    """Put a fresh module at each of the `chosen` among all `places` of a network.

    Every module comes to the device and in the precision of its neighbours. Nothing else changes.
    """
    places, chosen = list(places), set(chosen)
    several = _put_modules(model, places, chosen, fresh)
    owners = _put_calls(model, [place for place in chosen if place.form == "functional"], fresh)
    if several or owners or any(map(is_attended, model.modules())):
        _attend(model, places, {*owners, *several}, {place for place in chosen if place.form == "functional"})


def _put_modules(
    model: nn.Module, places: list[Place], chosen: set[Place], fresh: Callable[[], nn.Module]
) -> set[str]:
    """Put modules for modules; the paths of those that call one of them at several places."""
    by_path: dict[str, list[Place]] = {}
    for place in places:
        if place.form == "module":
            by_path.setdefault(place.path, []).append(place)
    callers = set()
    for each in registered(model):
        here = by_path[each.path]
        if chosen.isdisjoint(here):
            continue
        if len(here) == 1:
            new: nn.Module = _beside(fresh(), each.parent, model)
        else:
            modules = {
                p.call: _beside(fresh(), each.parent, model) if p in chosen else each.module for p in here
            }
            new = Turns(each.path, modules)
            callers |= {place.call.rpartition("#")[0] for place in here}
        setattr(each.parent, each.name, new.train(each.module.training))
        _slow(each.parent)
    return callers


def _put_calls(model: nn.Module, calls: list[Place], fresh: Callable[[], nn.Module]) -> set[str]:
    """Put modules behind calls of functions; the paths of those that call."""
    modules = dict(walk(model))
    for place in sorted(calls, key=lambda place: place.name):
        owner = modules[place.path]
        if not hasattr(owner, CALLS):
            setattr(owner, CALLS, nn.ModuleDict().train(owner.training))
        getattr(owner, CALLS)[place.call] = _beside(fresh(), owner, model).train(owner.training)
        _slow(owner)
    return {place.path for place in calls}


def _attend(model: nn.Module, places: list[Place], callers: set[str], answered: set[Place]) -> None:
    """Let every module that may call an activation be attended to, and close the activations themselves."""
    calls: dict[str, set[str]] = {}
    kinds: dict[str, set[str]] = {}
    for place in places:
        if place.form == "functional":
            calls.setdefault(place.path, set()).add(place.call)
            if place in answered:
                kinds.setdefault(place.path, set()).add(place.kind)
    for path, module in list(walk(model)):
        if kind_of(module):
            attend(module, None)
        elif isinstance(module, Turns) or is_attended(module):
            continue
        elif own(module) or path in callers:
            attend(module, _known(path, calls, kinds))


def _known(path: str, calls: Mapping[str, set[str]], kinds: Mapping[str, set[str]]) -> Heard:
    return Heard(path, frozenset(calls.get(path, ())), frozenset(kinds.get(path, ())))


def _beside(new: nn.Module, parent: nn.Module, model: nn.Module) -> nn.Module:
    """The module on the device and in the precision of the numbers around it."""
    for module in (parent, model):
        like = next((p for p in module.parameters() if torch.is_floating_point(p)), None)
        if like is not None:
            return new.to(like.device, like.dtype)
    return new


def _slow(parent: nn.Module) -> None:
    """Keep PyTorch's encoder layer from its shortcut, which computes the old activation by itself."""
    if isinstance(parent, nn.TransformerEncoderLayer):
        parent.activation_relu_or_gelu = 0
