"""The feature axis of every site, for activations of whole layers; gates in networks that were built with them."""

from collections.abc import Collection, Mapping
from typing import Any

from torch import nn

from reluctant.activations import needs_feature_axis, set_feature_axis
from reluctant.core.errors import ModelError
from reluctant.models.swap import forward
from reluctant.models.swap.find_sites import CallSite, find_sites
from reluctant.models.swap.gates import GatePlan, activation_in, plan_gates
from reluctant.models.swap.gates_report import gates_report, inside_warnings, remember_report
from reluctant.models.swap.modules import activation_kind, registered_activations
from reluctant.models.swap.report import SwapReport, describe_sites


def with_feature_axis(module: nn.Module, axis: int | None, site: CallSite, name: str) -> nn.Module:
    """A fresh activation for a site, with the axis of its features.

    Raises:
        ModelError: The activation needs the axis and it is not known; or it is a PReLU whose slopes are those of axis
            1, and the features are another one.
    """
    set_feature_axis(module, axis)
    if site.dimensions > 2 and needs_feature_axis(module):
        raise ModelError(
            f"{name} needs to know which axis the features are, and at {site.name or 'a site'} no layer with weights "
            f"shows it (the input has {site.dimensions} axes); give feature_axis=, 1 after convolutions and −1 after "
            f"linear layers: in swap_activations(…, feature_axis=-1), or as an attribute of the module in your network"
        )
    if site.dimensions > 2 and axis not in (None, 1):
        for part in module.modules():
            if isinstance(part, nn.PReLU) and part.num_parameters > 1:
                raise ModelError(
                    f"nn.PReLU(num_parameters={part.num_parameters}) has one slope for each index of axis 1, and at "
                    f"{site.name or 'a site'} the features are the last axis; use nn.PReLU() with one slope"
                )
    return module


def slopes_of_other_axes(modules: Mapping[str, nn.Module], sites: Collection[CallSite]) -> list[str]:
    """Warnings of a network's own PReLUs whose slopes are not those of its features."""
    warnings = []
    for site in sites:
        old = modules.get(site.path) if site.form == "module" else None
        several = isinstance(old, nn.PReLU) and old.num_parameters > 1
        if several and site.dimensions > 2 and site.feature_axis not in (None, 1):
            warnings.append(
                f"nn.PReLU(num_parameters={old.num_parameters}), which was at {site.name}, had one slope for each "  # type: ignore[union-attr]
                f"index of axis 1, and the features there are the last axis"
            )
    return warnings


def complete_blocks(model: nn.Module, name: str, example: Any) -> SwapReport | None:
    """Give the blocks in a network that was built with them their feature axes, or put gates in their place.

    Args:
        model: A network whose blocks have no weights yet, as built under `undecided_axes`.
        name: The activation's name.
        example: A tensor, or a tuple or mapping of the network's inputs.

    Returns:
        The report, or None where no block needs an axis.

    Raises:
        ModelError: The axis of a site is not known, or the network fails with the blocks.
    """
    entries = [entry for entry in registered_activations(model) if needs_feature_axis(entry.module)]
    if not entries or activation_kind(model):
        return None
    modules = {entry.path: entry.module for entry in entries}
    sites = find_sites(model, example)
    chosen = [site for site in sites if site.form == "module" and site.path in modules]
    first, before = entries[0].module, forward.size_of(model, example)
    plan = plan_gates(model, first, chosen, before)
    if isinstance(plan, GatePlan):
        called = {site.path: site for site in chosen if site.calls}
        for entry in entries:
            if entry.path in called:
                module = plan.module_of(called[entry.path]).train(entry.module.training)
                if activation_in(entry.module) is entry.module:
                    setattr(entry.parent, entry.attribute, module)
                else:
                    entry.module.function = module
        plan.resize(model)
    else:
        for site in chosen:
            with_feature_axis(modules[site.path], site.feature_axis, site, name)
    forward.materialise_lazy_parameters(model, example)
    after = forward.size_of(model, example)
    multiply_adds = (before[1], after[1]) if before[1] is not None and after[1] is not None else None
    report = SwapReport(
        name,
        describe_sites(dict.fromkeys(chosen, ""))[0],
        (),
        parameters=(before[0], after[0]),
        multiply_adds=multiply_adds,
        fullgraph_only=False,
        gates=gates_report(plan),
        warnings=tuple(inside_warnings(name, first, plan, chosen, (before[0], after[0]))),
    )
    remember_report(model, report)
    return report
