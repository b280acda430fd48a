"""Swap the activations of any network: find the sites, choose among them, replace, report.

Modules are replaced by fresh ones, functional calls by modules that run instead.
"""

from collections import defaultdict
from collections.abc import Callable, Collection
from typing import Any

import torch
from torch import nn

from reluctant.activations import factory
from reluctant.core.display import quoted
from reluctant.core.errors import ModelError
from reluctant.models.swap import forward
from reluctant.models.swap.checks import check_recomputation, in_place_matters
from reluctant.models.swap.dispatch import (
    KnownCalls,
    ModulePerCall,
    dispatch_calls,
    has_changed_class,
    works_in_place,
    write_output_into_input,
)
from reluctant.models.swap.find_sites import CallSite, find_sites
from reluctant.models.swap.hidden import hidden_sites
from reluctant.models.swap.modules import (
    FUNCTION_MODULES,
    activation_kind,
    is_user_defined,
    registered_activations,
    walk_modules,
)
from reluctant.models.swap.report import Patterns, SwapReport, describe_sites, explain_no_swap, reasons_to_skip


def swap_activations(
    model: nn.Module,
    activation: str | nn.Module | Callable[..., Any],
    *,
    only: Patterns = None,
    exclude: Patterns = None,
    example: Any = None,
) -> tuple[nn.Module, SwapReport]:
    """The same network, changed in place, with another activation at its sites; and a report.

    Every site gets its own fresh module. Sites are activation modules (one site for every call of a shared
    one) and, if an `example` is given, functional calls such as `F.relu`. A site has the path of its module,
    `layer1.0.act`, or of the caller and the call, `layer1.0#relu_2`. Weights, buffers and random states do
    not change.

    Not swapped unless `only` names them: sigmoid, tanh and softplus if their output is a factor or the
    network has other activations too; softmax; activations of the output. `max` and `clamp` do not count as
    activations. Calls in TorchScript, or past a module's `forward`, cannot be traced.
    A later activation call that did not happen on the example raises RuntimeError: it would run the old
    function next to the new one.

    Args:
        model: Any network.
        activation: A name, a module class, a module or a function of a tensor.
        only: Patterns of site names, `*.act`; only these sites are swapped.
        exclude: Patterns of site names that are not swapped.
        example: A tensor, or a tuple or mapping of the network's inputs.

    Raises:
        ModelError: No site is found or matched, or the network fails with the new activation. The network is
            unchanged then.
    """
    if activation_kind(model):
        raise ModelError(f"{type(model).__name__} is itself an activation; build the other one instead of swapping it")
    make_activation = factory(activation)
    if example is not None:
        forward.materialise_lazy_parameters(model, example)
    with forward.preserve_parameters(model):
        report = _swap(model, activation, make_activation, only, exclude, example)
    return model, report


def _swap(
    model: nn.Module,
    activation: str | nn.Module | Callable[..., Any],
    make_activation: "ActivationFactory",
    only: Patterns,
    exclude: Patterns,
    example: Any,
) -> SwapReport:
    sites = find_sites(model, example)
    reasons = reasons_to_skip(sites, only, exclude)
    chosen = [site for site in sites if not reasons[site]]
    if not chosen:
        raise ModelError(explain_no_swap(model, reasons, example))

    parameters_before = forward.count_parameters(model)
    multiply_adds = None

    def swapped_clone(in_place: bool) -> nn.Module:
        clone = forward.clone_sharing_parameters(model)
        replace_activations(clone, sites, chosen, make_activation, in_place=in_place)
        return clone

    modules = {entry.path: entry.module for entry in registered_activations(model)}
    in_place = any(site.form == "module" and works_in_place(modules[site.path]) for site in chosen)
    if in_place and example is not None:  # copies cost time, so modules work in place only where it matters
        in_place = in_place_matters(swapped_clone, example)
    trial = swapped_clone(in_place)
    if example is not None:
        try:
            forward.run_example(trial, example)
        except Exception as error:
            raise ModelError(
                f"{type(model).__name__} with {quoted(activation)} fails {forward.error_summary(error, example)}"
            ) from error
        counts = [forward.count_multiply_adds(net, example) for net in (forward.clone_sharing_parameters(model), trial)]
        if counts[0] is not None and counts[1] is not None:
            multiply_adds = (counts[0], counts[1])
        check_recomputation(trial, {site.kind for site in chosen if site.form == "functional"}, example)
    hidden = hidden_sites(trial, example)
    replace_activations(model, sites, chosen, make_activation, in_place=in_place)
    if example is not None:
        forward.materialise_lazy_parameters(model, example)  # of the new modules

    name = activation if isinstance(activation, str) else getattr(activation, "__name__", None)
    swapped, skipped = describe_sites(reasons)
    return SwapReport(
        name or quoted(activation, 40),
        swapped,
        (*skipped, *hidden),
        parameters=(parameters_before, forward.count_parameters(model)),
        multiply_adds=multiply_adds,
        fullgraph_only=any(map(has_changed_class, model.modules())),
    )


ActivationFactory = Callable[[], nn.Module]


def replace_activations(
    model: nn.Module,
    sites: Collection[CallSite],
    chosen: Collection[CallSite],
    make_activation: ActivationFactory,
    *,
    in_place: bool,
) -> None:
    """Give each of the `chosen` among all `sites` of a network a fresh activation module.

    A new module gets the device, precision and mode of its neighbours. Nothing else changes. With `in_place`, one
    that replaces a module with `inplace=True` works in place too.
    """
    callers = replace_modules(model, sites, set(chosen), make_activation, in_place=in_place)
    callers |= replace_function_calls(model, chosen, make_activation)
    if callers or any(map(has_changed_class, model.modules())):
        _dispatch_network(model, sites, set(chosen), callers)


def replace_modules(
    model: nn.Module,
    sites: Collection[CallSite],
    chosen: Collection[CallSite],
    make_activation: ActivationFactory,
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
            site.call: _match_neighbours(make_activation(), entry.parent, model) if site in chosen else entry.module
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


def replace_function_calls(
    model: nn.Module, chosen: Collection[CallSite], make_activation: ActivationFactory
) -> set[str]:
    """Attach a module for every chosen functional call to the calling module; returns the callers' paths."""
    modules = dict(walk_modules(model))
    calls = sorted((site for site in chosen if site.form == "functional"), key=lambda site: site.name)
    for site in calls:
        caller = modules[site.path]
        if not hasattr(caller, FUNCTION_MODULES):
            setattr(caller, FUNCTION_MODULES, nn.ModuleDict().train(caller.training))
        new = _match_neighbours(make_activation(), caller, model).train(caller.training)
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
