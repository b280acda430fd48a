"""Warnings about a probed network: dead and saturated sites, vanishing and exploding gradients."""

import math

from reluctant.analysis.units import percent
from reluctant.inspect.inspection import Inspection
from reluctant.records.parts import SiteProbe

# From here on there is a warning: a share of units, a share of values, powers of ten.
DEAD_SHARE, SATURATED_SHARE, GRADIENT_RATIO = 0.1, 0.9, 2.0


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
    zero = [name for name, norm in norms.items() if norm == 0]
    if zero:
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
