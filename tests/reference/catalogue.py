"""Scalar references for the catalogue of activations, with mpmath, independent of the code under test.

`value` and `slope` take the canonical name of the row, a float and a complete set of parameters: a formula's
`parameters` or one of its `variants`. They work with 20 digits more than the 40 promised and round once.
`slope` is the two-sided derivative: leave the kinks out, and the points within 1e-9 of one.
"""

from collections.abc import Mapping

from mpmath import mp  # type: ignore[import-untyped]

from tests.reference.catalogue_elu_like import ELU_LIKE
from tests.reference.catalogue_gates import GATES
from tests.reference.catalogue_parts import Formula, Real, sigmoid
from tests.reference.catalogue_rectifiers import RECTIFIERS
from tests.reference.catalogue_shapes import SHAPES
from tests.reference.catalogue_smooth import SMOOTH

# Where GELU, SiLU and Mish are lowest, as (x, f(x)): the root of the derivative, with 40 digits.
GELU_MINIMUM = (-0.7517915246935644574579, -0.1699712074799036616939)
SILU_MINIMUM = (-1.278464542761073795109, -0.2784645427610737951094)
MISH_MINIMUM = (-1.192431214515495212138, -0.3088434130172504066288)

# SELU's fixed point: for Z standard normal E f(Z) = 0 and E f(Z)^2 = 1, solved with
# E[e^Z; Z < 0] = sqrt(e) Phi(-1) and E[e^2Z; Z < 0] = e^2 Phi(-2), and confirmed by quadrature.
SELU_ALPHA = 1.673263242354377284817
SELU_SCALE = 1.050700987355480493419

# 1 / sqrt(E f(Z)^2), Z standard normal: mpmath's quadrature in pieces up to |z| = 40, the same with 40 and
# with 55 digits. GELU is the erf form; relu's is sqrt 2.
GAINS: Mapping[str, float] = {
    "relu": 1.414213562373095048801689,
    "tanh": 1.592537419722831427770439,
    "selu": 1.0,
    "gelu": 1.533530441195535233767746,
    "silu": 1.676532470331091158604258,
    "sigmoid": 1.846228545338605412960881,
    "elu": 1.245198300700706550286952,
}

FORMULAS: tuple[Formula, ...] = (*RECTIFIERS, *ELU_LIKE, *GATES, *SMOOTH, *SHAPES)
BY_NAME: Mapping[str, Formula] = {formula.name: formula for formula in FORMULAS}

DIGITS = 60


def exact(parameters: Mapping[str, float]) -> dict[str, Real]:
    return {key: mp.mpf(number) for key, number in parameters.items()}


def value(name: str, x: float, parameters: Mapping[str, float]) -> float:
    with mp.workdps(DIGITS):
        return float(BY_NAME[name].value(mp.mpf(x), exact(parameters)))


def slope(name: str, x: float, parameters: Mapping[str, float]) -> float:
    formula, p = BY_NAME[name], exact(parameters)
    with mp.workdps(DIGITS):
        return float(mp.diff(lambda t: formula.value(t, p), mp.mpf(x)))


def sugar_slope(x: float, alpha: float) -> float:
    """Give the surrogate gradient of SUGAR: the derivative of B-SiLU, (x + alpha) sigmoid(x) - alpha / 2."""
    with mp.workdps(DIGITS):
        t = mp.mpf(x)
        return float(sigmoid(t) * (1 + (t + mp.mpf(alpha)) * sigmoid(-t)))
