"""Swap the activations of any network: find the sites, choose among them, replace, report.

Modules are replaced by fresh ones, functional calls by modules that run instead.
"""

from collections.abc import Callable
from typing import Any

from torch import nn

from reluctant.activations import factory
from reluctant.activations.build import Factory
from reluctant.core.display import quoted
from reluctant.core.errors import ModelError
from reluctant.models.swap import forward
from reluctant.models.swap.checks import check_recomputation, in_place_matters
from reluctant.models.swap.dispatch import has_changed_class, works_in_place
from reluctant.models.swap.find_sites import CallSite, find_sites
from reluctant.models.swap.gates import GatePlan, plan_gates
from reluctant.models.swap.gates_report import gates_report, inside_warnings, remember_report
from reluctant.models.swap.hidden import hidden_sites
from reluctant.models.swap.modules import activation_kind, registered_activations
from reluctant.models.swap.replace import replace_activations
from reluctant.models.swap.report import Patterns, SwapReport, describe_sites, explain_no_swap, reasons_to_skip
from reluctant.models.swap.site_axes import slopes_of_other_axes, with_feature_axis


def swap_activations(
    model: nn.Module,
    activation: str | nn.Module | Callable[..., Any],
    *,
    only: Patterns = None,
    exclude: Patterns = None,
    example: Any = None,
    feature_axis: int | None = None,
) -> tuple[nn.Module, SwapReport]:
    """The same network, changed in place, with another activation at its sites; and a report.

    Every site gets its own fresh module. Sites are activation modules (one site for every call of a shared
    one) and, if an `example` is given, functional calls such as `F.relu`. A site has the path of its module,
    `layer1.0.act`, or of the caller and the call, `layer1.0#relu_2`. Weights, buffers and random states do
    not change.

    A gated block such as `swiglu` replaces feed-forward layers, down(f(up(x))): both linear layers get new weights
    and another width, with which the network has as many parameters as before (`match` chooses what agrees). Where a
    site is in no feed-forward layer, the block stands inside the network in place of the function at all sites, and
    the report warns of it.

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
        feature_axis: The axis of the features at all sites, for activations of whole layers; by default it follows
            from the layers with weights around each site.

    Raises:
        ModelError: No site is found or matched, the network fails with the new activation, or the activation needs
            the feature axis of a site and it is not known. The network is unchanged then.
    """
    if activation_kind(model):
        raise ModelError(f"{type(model).__name__} is itself an activation; build the other one instead of swapping it")
    make_activation = factory(activation)
    if example is not None:
        forward.materialise_lazy_parameters(model, example)
    with forward.preserve_parameters(model):
        report = _swap(model, activation, make_activation, only, exclude, example, feature_axis)
    return model, report


def _swap(
    model: nn.Module,
    activation: str | nn.Module | Callable[..., Any],
    make_activation: Factory,
    only: Patterns,
    exclude: Patterns,
    example: Any,
    feature_axis: int | None,
) -> SwapReport:
    sites = find_sites(model, example)
    reasons = reasons_to_skip(sites, only, exclude)
    chosen = [site for site in sites if not reasons[site]]
    if not chosen:
        raise ModelError(explain_no_swap(model, reasons, example))
    named = activation if isinstance(activation, str) else getattr(activation, "__name__", quoted(activation, 40))
    before = forward.size_of(model, example)
    plan = plan_gates(model, make_activation(), chosen, before)

    def make_module(site: CallSite) -> nn.Module:
        if isinstance(plan, GatePlan) and site.calls:
            return plan.module_of(site)
        axis = site.feature_axis if feature_axis is None else feature_axis
        return with_feature_axis(make_activation(), axis, site, named)

    def replace_in(network: nn.Module, in_place: bool) -> None:
        replace_activations(network, sites, chosen, make_module, in_place=in_place)
        if isinstance(plan, GatePlan):
            plan.resize(network)

    def swapped_clone(in_place: bool) -> nn.Module:
        clone = forward.clone_sharing_parameters(model)
        replace_in(clone, in_place)
        return clone

    modules = {entry.path: entry.module for entry in registered_activations(model)}
    in_place = any(site.form == "module" and works_in_place(modules[site.path]) for site in chosen)
    in_place = in_place and not isinstance(plan, GatePlan)  # a gate halves the width, so it cannot
    if in_place and example is not None:  # copies cost time, so modules work in place only where it matters
        in_place = in_place_matters(swapped_clone, example)
    trial = swapped_clone(in_place)
    multiply_adds = None
    if example is not None:
        try:
            forward.run_example(trial, example)
        except Exception as error:
            raise ModelError(
                f"{type(model).__name__} with {quoted(activation)} fails {forward.error_summary(error, example)}"
            ) from error
        after = forward.count_multiply_adds(trial, example)
        multiply_adds = (before[1], after) if before[1] is not None and after is not None else None
        check_recomputation(trial, {site.kind for site in chosen if site.form == "functional"}, example)
    hidden = hidden_sites(trial, example)
    odd_slopes = slopes_of_other_axes(modules, chosen)
    replace_in(model, in_place)
    if example is not None:
        forward.materialise_lazy_parameters(model, example)  # of the new modules

    swapped, skipped = describe_sites(reasons)
    parameters = (before[0], forward.count_parameters(model))
    report = SwapReport(
        named,
        swapped,
        (*skipped, *hidden),
        parameters=parameters,
        multiply_adds=multiply_adds,
        fullgraph_only=any(map(has_changed_class, model.modules())),
        gates=gates_report(plan),
        warnings=(*odd_slopes, *inside_warnings(named, make_activation(), plan, chosen, parameters)),
    )
    remember_report(model, report)
    return report
