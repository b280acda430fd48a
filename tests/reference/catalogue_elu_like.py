"""Rows 53 to 66 of the catalogue: relatives of ELU."""

import math

from mpmath import mp  # type: ignore[import-untyped]

from tests.reference.catalogue_parts import (
    INF,
    SILU_STEEPEST,
    Formula,
    Numbers,
    Real,
    Values,
    at_zero,
    clip,
    relu,
    sigmoid,
    silu,
)


def pdelu(x: Real, p: Values) -> Real:
    if x > 0:
        return x
    rest = 1 - p["t"]
    return p["alpha"] * (relu(1 + rest * x) ** (1 / rest) - 1)


def soft_exponential(x: Real, a: Real) -> Real:
    if a == 0:
        return x
    if a > 0:
        return mp.expm1(a * x) / a + a
    argument = 1 - a * (x + a)
    return -mp.log(argument) / a if argument > 0 else mp.nan


def soft_exponential_kinks(p: Numbers) -> tuple[float, ...]:
    a = p["alpha"]
    return (1.0 / a - a,) if a < 0.0 else ()


def talu(x: Real, a: Real) -> Real:
    return x if x >= 0 else mp.tanh(max(x, a))


def xielu(x: Real, p: Values) -> Real:
    if x > 0:
        return p["alpha_p"] * x * x + p["beta"] * x
    return p["alpha_n"] * (mp.expm1(x) - x) + p["beta"] * x


ELU_LIKE: tuple[Formula, ...] = (
    Formula(
        "pelu",
        lambda x, p: p["a"] / p["b"] * x if x >= 0 else p["a"] * mp.expm1(x / p["b"]),
        (-1.0, INF),
        True,
        (-1.0, INF),
        1.0,
        {"a": 1.0, "b": 1.0},
        ({"a": 1.5, "b": 0.8}, {"a": 0.7, "b": 2.0}),
    ),
    Formula(
        "mpelu",
        lambda x, p: x if x > 0 else p["alpha"] * mp.expm1(p["beta"] * x),
        (-1.0, INF),
        True,
        (-1.0, INF),
        1.0,
        {"alpha": 1.0, "beta": 1.0},
        ({"alpha": 0.25, "beta": 1.3}, {"alpha": 2.0, "beta": 0.5}),
        lambda p: () if p["alpha"] * p["beta"] == 1.0 else (0.0,),
        doubt="the paper's experiments also start alpha at 0.25; 1 from the catalogue",
    ),
    Formula(
        "isrlu",
        lambda x, p: x if x >= 0 else x / mp.sqrt(1 + p["alpha"] * x * x),
        (-1.0, INF),
        True,
        (-1.0, INF),
        1.0,
        {"alpha": 1.0},
        ({"alpha": 3.0}, {"alpha": 0.25}),
    ),
    Formula(
        "serlu",
        lambda x, p: p["scale"] * (x if x >= 0 else p["alpha"] * x * mp.exp(x)),
        (-1.07862 * 2.90427 / math.e, INF),
        False,
        (0.0, INF),
        1.07862 * 2.90427,  # at 0 from below
        {"scale": 1.07862, "alpha": 2.90427},
        ({"scale": 0.9, "alpha": 1.4},),
        at_zero,
    ),
    Formula(
        "elish",
        # lowest where e^x = sqrt 2 - 1
        lambda x, p: silu(x) if x >= 0 else mp.expm1(x) * sigmoid(x),
        (2.0 * math.sqrt(2.0) - 3.0, INF),
        False,
        (0.0, INF),
        SILU_STEEPEST,
    ),
    Formula(
        "hard_elish",
        lambda x, p: (x if x >= 0 else mp.expm1(x)) * clip((x + 1) / 2, 0.0, 1.0),
        (-0.09967315152874262, INF),
        False,
        (0.0, INF),
        1.5,  # x + 1/2, at 1 from below
        kinks=lambda p: (-1.0, 1.0),
    ),
    Formula(
        "pdelu",
        pdelu,
        (-1.0, INF),
        True,
        (-1.0, INF),
        1.0,
        {"t": 0.9, "alpha": 1.0},
        ({"t": 0.5, "alpha": 1.3}, {"t": 1.5, "alpha": 0.6}),
        lambda p: () if p["alpha"] == 1.0 else (0.0,),
        doubt="the start of alpha is not in the catalogue's sources (1 taken); t = 1 is the limit ELU",
    ),
    Formula(
        "slu",
        lambda x, p: x if x >= 0 else 2 * mp.log1p(mp.expm1(x) / 2),
        (-2.0 * math.log(2.0), INF),
        True,
        (-2.0 * math.log(2.0), INF),
        1.0,
    ),
    Formula(
        "talu",
        lambda x, p: talu(x, p["alpha"]),
        (math.tanh(-0.75), INF),
        True,
        (math.tanh(-0.75), INF),
        1.0,
        {"alpha": -0.75},
        ({"alpha": -0.5}, {"alpha": -1.5}),
        lambda p: (p["alpha"],),
    ),
    Formula(
        "ptelu",
        lambda x, p: x if x >= 0 else p["alpha"] * mp.tanh(p["beta"] * x),
        (-1.0, INF),
        True,
        (-1.0, INF),
        1.0,
        {"alpha": 1.0, "beta": 1.0},
        ({"alpha": 0.6, "beta": 2.0}, {"alpha": 0.5, "beta": 2.0}),
        lambda p: () if p["alpha"] * p["beta"] == 1.0 else (0.0,),
        doubt="the starts of alpha and beta are not known from the paper; 1 and 1 from the list of names",
    ),
    Formula(
        "soft_exponential",
        lambda x, p: soft_exponential(x, p["alpha"]),
        (-INF, INF),
        True,
        (-INF, INF),
        1.0,
        {"alpha": 0.0},
        ({"alpha": 0.5}, {"alpha": -0.1}),
        soft_exponential_kinks,
        doubt="for alpha < 0 not defined at x <= 1 / alpha - alpha (a pole: minus infinity): nan there. In "
        "alpha at 0 both sides agree: f = x + alpha (1 + x^2 / 2) + O(alpha^2), so df/dalpha = 1 + "
        "x^2 / 2",
    ),
    Formula(
        "xielu",
        xielu,
        # lowest where e^x = 3/8: -1/2 - 0.3 ln(3/8). Rises again to the left, as alpha_n > beta
        (-0.5 - 0.3 * math.log(0.375), INF),
        False,
        (INF, INF),
        INF,
        {"alpha_p": 0.8, "alpha_n": 0.8, "beta": 0.5},
        ({"alpha_p": 0.4, "alpha_n": 1.2, "beta": 0.5}, {"alpha_p": 1.1, "alpha_n": 0.6, "beta": 0.3}),
        doubt="the paper learns alpha_p = softplus(.) and alpha_n = beta + softplus(.), started so that "
        "both are 0.8; here alpha_p and alpha_n are the effective numbers",
    ),
    Formula(
        "colu",
        # the denominator is never below 1 - max(x e^(-x - e^x)) = 0.94: no pole
        lambda x, p: x / (1 - x * mp.exp(-(x + mp.exp(x)))),
        (-0.37715856839612916, INF),
        False,
        (0.0, INF),
        1.0828346006761451,
    ),
)
