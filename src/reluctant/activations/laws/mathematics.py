"""Laws of the function itself: its values and slopes, and what its row says of it."""

import math
from itertools import pairwise

import torch
from torch import Tensor

from reluctant.activations.laws.law import Law, Subject, value_and_slope, worst

FINE = 2e-11  # relative, in double precision
FAR = 1e4
EPS = 1e-9


def _values(subject: Subject) -> str:
    x = _points()
    got, wanted = subject.module()(x.clone()), subject.trusted()(x)
    return worst(x, got.detach(), wanted.detach(), FINE * (1 + wanted.detach().abs()))


def _slopes(subject: Subject) -> str:
    x = subject.smooth_points()
    (_, got), (_, wanted) = value_and_slope(subject.module(), x), value_and_slope(subject.trusted(), x)
    fault = worst(x, got, wanted, 1e-9 * (1 + wanted.abs()))
    return f"its slope: {fault}" if fault else ""


def _gradcheck(subject: Subject) -> str:
    """Autograd's slope against the difference quotient, away from kinks."""
    x, module, h = subject.smooth_points(), subject.module(), 1e-5
    _, slope = value_and_slope(module, x)
    with torch.no_grad():
        quotient = (module(x - 2 * h) - 8 * module(x - h) + 8 * module(x + h) - module(x + 2 * h)) / (12 * h)
    fault = worst(x, slope, quotient, 1e-7 * (1 + slope.abs()))
    return f"its slope: {fault} (difference quotient)" if fault else ""


def _continuity(subject: Subject) -> str:
    if "discontinuous" in subject.row.traits or not subject.row.kinks:
        return ""
    kinks = torch.tensor(subject.row.kinks, dtype=torch.float64)
    with torch.no_grad():
        module = subject.module()
        below, above = module(kinks - EPS), module(kinks + EPS)
    fault = worst(kinks, above, below, torch.full_like(kinks, 1e-6))
    return f"it jumps: just above, {fault} as just below" if fault else ""


def _range(subject: Subject) -> str:
    if subject.row.range is None:
        return ""
    low, high = subject.row.range
    x = _points()
    with torch.no_grad():
        y = subject.module()(x)
    least, most = float(y.min()), float(y.max())
    slack = 1e-9 * (1 + max((abs(v) for v in (low, high) if math.isfinite(v)), default=0))
    if least < low - slack or most > high + slack:
        return (
            f"its values reach from {least:.10g} to {most:.10g}, beyond the stated [{low:.10g}, {high:.10g}]"
        )
    for stated, found in ((low, least), (high, most)):
        if math.isfinite(stated) and abs(found - stated) > 2e-3 * (1 + abs(stated)):
            return f"its values never come near {stated:.10g}: they reach from {least:.10g} to {most:.10g}"
        if not math.isfinite(stated) and abs(found) < 1 + float(y[x.abs() <= FAR / 100].abs().max()):
            return f"it is said to be unbounded and stays between {least:.10g} and {most:.10g}"
    return ""


def _monotone(subject: Subject) -> str:
    with torch.no_grad():
        y = subject.module()(torch.linspace(-30, 30, 60_001, dtype=torch.float64))
    falls = bool((y.diff() < -1e-12).any())
    if falls and "monotone" in subject.row.traits:
        return "it falls somewhere, and is said to be monotone"
    if not falls and "monotone" not in subject.row.traits:
        return "it never falls, and is not said to be monotone"
    return ""


def _limits(subject: Subject) -> str:
    found = {}
    for sign, stated in zip((-1, 1), subject.row.limits, strict=True):
        if stated is None:
            continue
        x = sign * torch.tensor([1e2, 1e3, FAR], dtype=torch.float64)
        with torch.no_grad():
            y = subject.module()(x)
        if not _tends(y, stated):
            found[f"{'−' if sign < 0 else ''}∞"] = (stated, y.tolist())
    return "; ".join(f"at {where} it does not tend to {s}: {y}" for where, (s, y) in found.items())


def _tends(y: Tensor, stated: float) -> bool:
    """Whether values at 100, 1,000 and 10,000 come nearer and nearer to a limit."""
    if math.isinf(stated):
        up: list[float] = (y * math.copysign(1, stated)).tolist()
        return all(b >= a for a, b in pairwise(up)) and up[-1] > 5
    error: list[float] = (y - stated).abs().tolist()
    return error[-1] < 0.02 and error[-1] <= error[0] + 1e-12


def _smooth(subject: Subject) -> str:
    """A smooth row's slope does not jump: between neighbours it changes little, at any place."""
    if "smooth" not in subject.row.traits:
        return ""
    x = torch.linspace(-8, 8, 160_001, dtype=torch.float64)
    _, slope = value_and_slope(subject.module(), x)
    jump = slope.diff().abs()
    at = int(jump.argmax())
    limit = 0.05 * (1 + float(slope.abs().max()))
    return (
        f"its slope jumps by {float(jump[at]):.4g} at {float(x[at]):.5g}" if float(jump[at]) > limit else ""
    )


def _points() -> Tensor:
    """Dense near zero, sparse far out, both signs, zero included."""
    near = torch.linspace(-12, 12, 24_001, dtype=torch.float64)
    far = torch.logspace(-12, 4, 400, dtype=torch.float64)
    return torch.cat([near, far, -far])


MATHEMATICS = (
    Law("values", "its values are the catalogue's in double precision", _values),
    Law("slopes", "so are its slopes", _slopes),
    Law("gradient", "autograd's slope is the difference quotient, away from kinks", _gradcheck),
    Law("continuity", "it does not jump at its breakpoints", _continuity),
    Law("range", "its values fill the stated range and no more", _range),
    Law("monotone", "it never falls exactly where its row says so", _monotone),
    Law("limits", "it tends to the stated limits", _limits),
    Law("smooth", "its slope has no jump where it is said to be smooth", _smooth),
)
