"""Swap the activations of any network: find the sites, choose among them, replace, report."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from reluctant.activations import factory
from reluctant.core.display import quoted
from reluctant.core.errors import ModelError
from reluctant.models.swap.activation_kinds import activation_kind
from reluctant.models.swap.choose import Patterns, read_patterns, reasons_to_skip
from reluctant.models.swap.dispatch import has_changed_class
from reluctant.models.swap.find_sites import CallSite, find_sites
from reluctant.models.swap.forward import (
    clone_sharing_parameters,
    count_multiply_adds,
    count_parameters,
    error_summary,
    materialise_lazy_parameters,
)
from reluctant.models.swap.replace import replace_activations
from reluctant.models.swap.report import SwapReport, describe_sites, join_names


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
    make_activation, only, exclude = factory(activation), read_patterns(only), read_patterns(exclude)

    sites = find_sites(model, example)
    reasons = reasons_to_skip(sites, only, exclude)
    chosen = [site for site in sites if not reasons[site]]
    if not chosen:
        raise ModelError(_why_nothing_is_swapped(model, reasons, example))

    parameters_before = count_parameters(model)
    multiply_adds = None
    trial = clone_sharing_parameters(model)
    replace_activations(trial, sites, chosen, make_activation)
    if example is not None:
        before = count_multiply_adds(clone_sharing_parameters(model), example)
        try:
            multiply_adds = (before, count_multiply_adds(trial, example))
        except Exception as error:
            raise ModelError(
                f"with {quoted(activation)} the network fails on the example: {error_summary(error)}"
            ) from error
    replace_activations(model, sites, chosen, make_activation)
    if example is not None:
        materialise_lazy_parameters(model, example)

    name = activation if isinstance(activation, str) else getattr(activation, "__name__", None)
    return model, SwapReport(
        name or quoted(activation, 40),
        *describe_sites(reasons),
        parameters=(parameters_before, count_parameters(model)),
        multiply_adds=multiply_adds,
        fullgraph_only=any(map(has_changed_class, model.modules())),
    )


def _why_nothing_is_swapped(model: nn.Module, reasons: dict[CallSite, str], example: Any) -> str:
    """The reason, and what to do."""
    kind = type(model).__name__
    if reasons:
        skipped = join_names([f"{site.name} ({reason})" for site, reason in reasons.items()])
        return f"no activation of {kind} was swapped: {skipped}; name in only= the sites to swap"
    if example is None:
        return f"{kind} has no activation module; give example= (a batch of its inputs) to find calls such as F.relu"
    if any(isinstance(module, torch.jit.ScriptModule) for module in model.modules()):
        return f"{kind} is a TorchScript network, which cannot be traced; swap before torch.jit.script"
    return (
        f"no activation was found in {kind}: neither a known activation module nor a call such as F.relu. "
        f"Calls in a compiled function cannot be traced: swap first, compile afterwards"
    )
