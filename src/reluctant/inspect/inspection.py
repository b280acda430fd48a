"""One probe of one network: values, units and gradients at every site and layer, and warnings about them."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from torch import nn

from reluctant.analysis.units import percent
from reluctant.core.errors import StudyError
from reluctant.inspect.target import load_target
from reluctant.models import activation_modules
from reluctant.models.swap.forward import error_summary
from reluctant.records.parts import LayerProbe, ProbeSnapshot, SiteProbe
from reluctant.records.probe_table import compact
from reluctant.training.machine import limit_threads
from reluctant.training.probes import Probes

# From here on there is a warning: a share of units, a share of values, powers of ten.
DEAD_SHARE, SATURATED_SHARE, GRADIENT_RATIO = 0.1, 0.9, 2.0


@dataclass(frozen=True)
class Inspection:
    """What one probe with a number of `inputs` measured.

    `description` names the network and the inputs. `sites` has one record per activation site in the order of
    use, `layers` one per layer; `weight_layers` are the layers with weights: no normalisation, no activation.
    """

    description: str
    inputs: int
    sites: Mapping[str, SiteProbe]
    layers: Mapping[str, LayerProbe]
    weight_layers: tuple[str, ...]


def inspect_network(source: str, data: str | None = None, folder: str | None = None) -> Inspection:
    """Probe a network once, with gradients of frozen parameters too.

    Args:
        source: A weights file or checkpoint of a study, or `module:factory`.
        data: The data set that gives the inputs; the default for a weights file is the data set of its run.
        folder: Where data sets are stored.

    Raises `ReluctantError`: the network cannot be loaded, or it fails on the inputs.
    """
    target = load_target(source, data, folder)
    probes = Probes(target.model, target.inputs)
    with limit_threads(target.threads), _all_parameters_trainable(target.model):
        try:
            snapshot = probes.snapshot(detailed=True)
        except Exception as error:
            raise StudyError(f"{source}: the network fails {error_summary(error, target.inputs.inputs)}") from error
    record = ProbeSnapshot.read(compact(snapshot, first=True))
    sites = activation_modules(target.model)
    weight_layers = tuple(
        name
        for name in record.layers
        if "Norm" not in type(target.model.get_submodule(name)).__name__
        and not any(f"{name}.".startswith(f"{site}.") for site in sites)
    )
    return Inspection(target.description, len(probes.targets), record.sites, record.layers, weight_layers)


@contextmanager
def _all_parameters_trainable(model: nn.Module) -> Iterator[None]:
    """Frozen parameters get gradients too; afterwards they are frozen again."""
    frozen = [p for p in model.parameters() if not p.requires_grad and p.is_floating_point()]
    for p in frozen:
        p.requires_grad_(True)
    try:
        yield
    finally:
        for p in frozen:
            p.requires_grad_(False)


def diagnose(inspection: Inspection) -> tuple[str, ...]:
    """One sentence for every warning; empty if there is none."""
    if not inspection.sites:
        return ("no activation was found, neither a module nor a functional call",)
    warnings = [_site_warning(name, site, inspection.inputs) for name, site in inspection.sites.items()]
    return tuple(warning for warning in (*warnings, _gradient_warning(inspection)) if warning)


def _site_warning(name: str, site: SiteProbe, inputs: int) -> str:
    """The most serious warning about a site; empty if there is none."""
    if None in (*site.inputs, *site.outputs):
        return f"{name}: its values are not finite"
    dead, nearly_dead, saturated = map(site.share, ("dead", "nearly", "saturated"))
    if dead == 1:
        return f"{name} is dead: its slope is 0 for all {inputs} inputs, so no layer before it learns through it"
    if dead >= DEAD_SHARE:
        return f"{name}: {percent(dead)} of its units are dead (slope 0 for all {inputs} inputs)"
    if nearly_dead >= DEAD_SHARE:
        return f"{name}: {percent(nearly_dead)} of its units are nearly dead (slope below 0.001 for all inputs)"
    if saturated >= SATURATED_SHARE:
        return f"{name} is saturated: the slope is below 0.05 for {percent(saturated)} of its values"
    return ""


def _gradient_warning(inspection: Inspection) -> str:
    """A warning about gradients that vanish or explode from the last weight layer to the first."""
    norms = {}
    for name in inspection.weight_layers:
        norm = inspection.layers[name].gradient
        if norm is None:
            return "the gradients are not finite"
        norms[name] = norm
    if zero := [name for name, norm in norms.items() if norm == 0]:
        more = f" and {len(zero) - 1} more" if len(zero) > 1 else ""
        return f"no gradient reaches {zero[0]}{more}"
    if len(norms) < 2:
        return ""
    (first, first_norm), *_, (last, last_norm) = norms.items()
    exponent = math.log10(first_norm / last_norm)
    if abs(exponent) < GRADIENT_RATIO:
        return ""
    kind, relation = ("vanishing", "smaller") if exponent < 0 else ("exploding", "larger")
    ratio = f"{10 ** abs(exponent):,.0f}" if abs(exponent) < 6 else f"10^{abs(exponent):.0f}"
    return f"{kind} gradient: its norm is {ratio} times {relation} at {first} than at {last}"
