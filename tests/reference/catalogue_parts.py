"""The building blocks of the formulas in `reference_catalogue`: mpmath scalars, which do not overflow."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mpmath import mp  # type: ignore[import-untyped]

Real = Any  # an mpf: mpmath is untyped
Numbers = Mapping[str, float]
Values = Mapping[str, Real]

INF = math.inf
# Where x times a bounded gate is steepest. For x tanh x: u tanh u = 1, and there the slope is u itself.
# For x erf x (any scale of x) it is at x = 1, for x Phi(x) at sqrt 2.
TANH_GATE_STEEPEST = 1.199678640257733833916
ERF_GATE_STEEPEST = 1.257808290370309572681  # erf 1 + 2 / (e sqrt pi)
# x sigmoid x: x = -1 - W(1/e) and f = -W(1/e) for the lowest, x tanh(x / 2) = 2 for the steepest.
SILU_LOWEST = -0.2784645427610737951094
SILU_STEEPEST = 1.099839320128866916958


def none(p: Numbers) -> tuple[float, ...]:
    return ()


def at_zero(p: Numbers) -> tuple[float, ...]:
    return (0.0,)


@dataclass(frozen=True)
class Formula:
    """One activation; everything except value and kinks holds for the default parameters."""

    name: str
    # Correct to the working precision, also in the tails; `parameters` and x arrive as mpf.
    value: Callable[[Real, Values], Real]
    # Infimum and supremum, reached or not.
    range: tuple[float, float]
    # Never falling.
    monotone: bool
    # At minus infinity, at plus infinity; None if there is none.
    limits: tuple[float | None, float | None]
    # The least upper bound of |f'| away from the kinks, or infinity, also where f itself jumps.
    lipschitz: float
    # Defaults; for learned parameters the initial values.
    parameters: Numbers = field(default_factory=dict)
    # Other complete sets.
    variants: tuple[Numbers, ...] = ()
    # Where f or f' is not continuous.
    kinks: Callable[[Numbers], tuple[float, ...]] = none
    # If the catalogue's formula is ambiguous or seems wrong: the doubt, the decision, and the reason.
    doubt: str = ""


def relu(x: Real) -> Real:
    return max(x, mp.zero)


def clip(x: Real, low: float, high: float) -> Real:
    return min(max(x, mp.mpf(low)), mp.mpf(high))


def sigmoid(x: Real) -> Real:
    return 1 / (1 + mp.exp(-x))


def softplus(x: Real) -> Real:
    return mp.log1p(mp.exp(x))


def silu(x: Real) -> Real:
    return x * sigmoid(x)


def normal_cdf(x: Real) -> Real:
    return mp.erfc(-x / mp.sqrt(2)) / 2


def elu(x: Real) -> Real:
    return x if x > 0 else mp.expm1(x)
