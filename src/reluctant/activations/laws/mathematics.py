"""Laws of the function itself: its values, its slopes, and what its row of the catalogue states."""

import math

import numpy as np
import torch
from torch import Tensor

from reluctant.activations.laws.law import CheckedActivation, Law, worst_difference
from reluctant.activations.numerics import (
    difference_quotient,
    end_behaviour,
    never_falls,
    observed_range,
    values_and_slopes,
)

VALUE_TOLERANCE = 2e-11  # relative, in double precision
KINK_STEP = 1e-9


def check_values(activation: CheckedActivation) -> str:
    """Compare values over a grid with those of the catalogue's function."""
    near = torch.linspace(-12, 12, 24_001, dtype=torch.float64)
    far = torch.logspace(-12, 4, 400, dtype=torch.float64)
    x = torch.cat([near, far, -far])
    actual, expected = activation.module()(x.clone()).detach(), activation.reference()(x).detach()
    return worst_difference(x, actual, expected, VALUE_TOLERANCE * (1 + expected.abs()))


def check_slopes(activation: CheckedActivation) -> str:
    """Compare autograd's slopes with those of the catalogue's function, away from kinks."""
    x = activation.smooth_points()
    _, actual = values_and_slopes(activation.module(), x)
    _, expected = values_and_slopes(activation.reference(), x)
    fault = worst_difference(x, actual, expected, 1e-9 * (1 + expected.abs()))
    return f"its slope: {fault}" if fault else ""


def check_gradient(activation: CheckedActivation) -> str:
    """Compare autograd's slopes with difference quotients, away from kinks."""
    x, module = activation.smooth_points(), activation.module()
    _, slope = values_and_slopes(module, x)
    with torch.no_grad():
        quotient = difference_quotient(module, x)
    fault = worst_difference(x, slope, quotient, 1e-7 * (1 + slope.abs()))
    return f"its slope: {fault} (difference quotient)" if fault else ""


def check_continuity(activation: CheckedActivation) -> str:
    """Compare the values just below and just above every kink."""
    if "discontinuous" in activation.row.traits or not activation.row.kinks:
        return ""
    kinks = torch.tensor(activation.row.kinks, dtype=torch.float64)
    with torch.no_grad():
        module = activation.module()
        below, above = module(kinks - KINK_STEP), module(kinks + KINK_STEP)
    fault = worst_difference(kinks, above, below, torch.full_like(kinks, 1e-6))
    return f"it jumps: just above, {fault} as just below" if fault else ""


def check_range(activation: CheckedActivation) -> str:
    """Compare the smallest and largest value with the stated range."""
    if activation.row.range is None:
        return ""
    f = activation.function()
    least, most = observed_range(f)
    near = float(np.abs(f(np.linspace(-100, 100, 2001))).max())
    low, high = activation.row.range
    slack = 1e-9 * (1 + max((abs(v) for v in (low, high) if math.isfinite(v)), default=0))
    if least < low - slack or most > high + slack:
        return f"its values go from {least:.10g} to {most:.10g}, beyond the stated [{low:.10g}, {high:.10g}]"
    for stated, value in ((low, least), (high, most)):
        if math.isfinite(stated) and abs(value - stated) > 2e-3 * (1 + abs(stated)):
            return f"its values never come near {stated:.10g}: they go from {least:.10g} to {most:.10g}"
        if not math.isfinite(stated) and abs(value) < 1 + near:
            return f"its row states that it is unbounded, but it stays between {least:.10g} and {most:.10g}"
    return ""


def check_monotone(activation: CheckedActivation) -> str:
    """Compare whether the function ever falls with the row's trait."""
    rises, stated = never_falls(activation.function()), "monotone" in activation.row.traits
    if rises == stated:
        return ""
    fault = "never falls, but its row does not state" if rises else "falls somewhere, but its row states"
    return f"it {fault} that it is monotone"


def check_limits(activation: CheckedActivation) -> str:
    """Compare the behaviour at −∞ and ∞ with the stated limits."""
    f, faults = activation.function(), []
    for sign, end, stated in zip((-1, 1), ("−∞", "∞"), activation.row.limits, strict=True):
        if stated is None:
            continue
        limit = end_behaviour(f, sign).limit
        if limit is None or not math.isclose(limit, stated, abs_tol=2e-6, rel_tol=2e-6):
            values = ", ".join(f"{v:.6g}" for v in f(sign * np.array([1e2, 1e3, 1e4])))
            faults.append(f"at {end} it does not tend to {stated:g}; at ±100, ±1,000, ±10,000 it is {values}")
    return "; ".join(faults)


def check_smoothness(activation: CheckedActivation) -> str:
    """Look for a jump of the slope between neighbours on a fine grid, if the row states "smooth"."""
    if "smooth" not in activation.row.traits:
        return ""
    x = torch.linspace(-8, 8, 160_001, dtype=torch.float64)
    _, slope = values_and_slopes(activation.module(), x)
    jumps: Tensor = slope.diff().abs()
    at = int(jumps.argmax())
    if float(jumps[at]) > 0.05 * (1 + float(slope.abs().max())):
        return f"its slope jumps by {float(jumps[at]):.4g} at {float(x[at]):.5g}"
    return ""


MATHEMATICS = (
    Law("values", "In double precision the values equal those of the catalogue's function.", check_values),
    Law("slopes", "In double precision the slopes equal those of the catalogue's function.", check_slopes),
    Law("gradient", "Away from kinks, autograd's slope equals the difference quotient.", check_gradient),
    Law("continuity", "The function does not jump at its kinks, unless its row states that it does.",
        check_continuity),
    Law("range", "The values fill the stated range and do not leave it.", check_range),
    Law("monotone", "The function never falls if and only if its row states that it is monotone.",
        check_monotone),
    Law("limits", "At −∞ and at ∞ the function tends to the stated limits.", check_limits),
    Law("smooth", "The slope does not jump if the row states that the function is smooth.", check_smoothness),
)  # fmt: skip
