"""Put fresh modules at activation sites: in place of modules, and of calls of functions."""

from collections import defaultdict
from collections.abc import Callable, Collection

import torch
from torch import nn

from reluctant.models.swap import forward
from reluctant.models.swap.dispatch import (
    KnownCalls,
    ModulePerCall,
    dispatch_calls,
    has_changed_class,
    works_in_place,
    write_output_into_input,
)
from reluctant.models.swap.find_sites import CallSite
from reluctant.models.swap.modules import (
    FUNCTION_MODULES,
    activation_kind,
    is_user_defined,
    registered_activations,
    walk_modules,
)

ModuleOfSite = Callable[[CallSite], nn.Module]  # makes the fresh module of a site


def replace_activations(
    model: nn.Module,
    sites: Collection[CallSite],
    chosen: Collection[CallSite],
    make_module: ModuleOfSite,
    *,
    in_place: bool,
) -> None:
    """Give each of the `chosen` among all `sites` of a network a fresh activation module.

    A new module gets the device, precision and mode of its neighbours. Nothing else changes. With `in_place`, one
    that replaces a module with `inplace=True` works in place too.
    """
    callers = replace_modules(model, sites, set(chosen), make_module, in_place=in_place)
    callers |= replace_function_calls(model, chosen, make_module)
    if callers or any(map(has_changed_class, model.modules())):
        _dispatch_network(model, sites, set(chosen), callers)


def replace_modules(
    model: nn.Module,
    sites: Collection[CallSite],
    chosen: Collection[CallSite],
    make_module: ModuleOfSite,
    *,
    in_place: bool,
) -> set[str]:
    """Replace activation modules; returns the paths of the callers of those with several sites."""
    sites_by_path: dict[str, list[CallSite]] = defaultdict(list)
    for site in sites:
        if site.form == "module":
            sites_by_path[site.path].append(site)
    callers = set()
    for entry in registered_activations(model):
        local = sites_by_path[entry.path]
        if not any(site in chosen for site in local):
            continue
        new = {
            site.call: _match_neighbours(make_module(site), entry.parent, model) if site in chosen else entry.module
            for site in local
        }
        if in_place and works_in_place(entry.module):
            for module in new.values():
                if module is not entry.module:
                    write_output_into_input(module)
        if len(local) == 1:
            module = new[local[0].call]
        else:
            module = ModulePerCall(entry.path, new)
            callers |= {site.call.rpartition("#")[0] for site in local}
        for replacement in new.values():
            if replacement is not entry.module:
                _copy_hooks(entry.module, replacement)
        setattr(entry.parent, entry.attribute, module.train(entry.module.training))
        _disable_fast_path(entry.parent)
    return callers


def _copy_hooks(old: nn.Module, new: nn.Module) -> None:
    """Register a module's hooks on the module that replaces it."""
    for name in (
        *forward.HOOKS,
        *(f"{name}_with_kwargs" for name in forward.HOOKS[:2]),
        "_forward_hooks_always_called",
    ):
        getattr(new, name).update(getattr(old, name))
    new._is_full_backward_hook = old._is_full_backward_hook


def replace_function_calls(model: nn.Module, chosen: Collection[CallSite], make_module: ModuleOfSite) -> set[str]:
    """Attach a module for every chosen functional call to the calling module; returns the callers' paths."""
    modules = dict(walk_modules(model))
    calls = sorted((site for site in chosen if site.form == "functional"), key=lambda site: site.name)
    for site in calls:
        caller = modules[site.path]
        if not hasattr(caller, FUNCTION_MODULES):
            setattr(caller, FUNCTION_MODULES, nn.ModuleDict().train(caller.training))
        new = _match_neighbours(make_module(site), caller, model).train(caller.training)
        getattr(caller, FUNCTION_MODULES)[site.call] = new
        _disable_fast_path(caller)
    return {site.path for site in calls}


def _dispatch_network(
    model: nn.Module, sites: Collection[CallSite], chosen: Collection[CallSite], callers: Collection[str]
) -> None:
    """Dispatch the calls of every module that may call an activation, but not those inside activations."""
    calls: dict[str, set[str]] = defaultdict(set)
    replaced: dict[str, set[str]] = defaultdict(set)
    for site in sites:
        if site.form == "functional":
            calls[site.path].add(site.call)
            if site in chosen:
                replaced[site.path].add(site.kind)
    for path, module in list(walk_modules(model)):
        if activation_kind(module):
            dispatch_calls(module, None)
        elif isinstance(module, ModulePerCall) or has_changed_class(module):
            continue
        elif is_user_defined(module) or path in callers:
            dispatch_calls(module, KnownCalls(path, frozenset(calls[path]), frozenset(replaced[path])))


def _match_neighbours(new: nn.Module, parent: nn.Module, model: nn.Module) -> nn.Module:
    """The new module with the device and precision of its parent's parameters, or else of the network's."""
    for module in (parent, model):
        for parameter in module.parameters():
            if torch.is_floating_point(parameter):
                return new.to(parameter.device, parameter.dtype)
    return new


def _disable_fast_path(parent: nn.Module) -> None:
    """Turn off the fast path of PyTorch's encoder layer, which computes ReLU or GELU without the module."""
    if isinstance(parent, nn.TransformerEncoderLayer):
        parent.activation_relu_or_gelu = 0
