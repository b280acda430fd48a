"""Rows 95 to 105 of the catalogue: relatives of x times a gate, and the smoothed maxima."""

import math

from mpmath import mp  # type: ignore[import-untyped]

from tests.reference.catalogue_parts import (
    ERF_GATE_STEEPEST,
    INF,
    SILU_LOWEST,
    SILU_STEEPEST,
    TANH_GATE_STEEPEST,
    Formula,
    Real,
    Values,
    normal_cdf,
    sigmoid,
)

# SMU at alpha = 1/4: (1 + alpha) / 2 + (1 - alpha) / 2 times the steepest slope of x erf x.
SMU_STEEPEST = 0.625 + 0.375 * ERF_GATE_STEEPEST


def tanh_soft(x: Real, p: Values) -> Real:
    # ln(delta + e^x), without cancellation on the left at delta = 1 and at delta = 0
    raised, delta = mp.exp(x), p["delta"]
    logarithm = mp.log1p(delta - 1 + raised) if delta > 0.5 else mp.log(delta + raised)
    return mp.tanh(p["alpha"] * x + p["beta"] * mp.exp(p["gamma"] * x)) * logarithm


def acon(x: Real, p: Values) -> Real:
    difference = p["p1"] - p["p2"]
    return difference * x * sigmoid(p["beta"] * difference * x) + p["p2"] * x


def smu(x: Real, p: Values) -> Real:
    rest = 1 - p["alpha"]
    return ((1 + p["alpha"]) * x + rest * x * mp.erf(p["mu"] * rest * x)) / 2


def smu_1(x: Real, p: Values) -> Real:
    rest = 1 - p["alpha"]
    return ((1 + p["alpha"]) * x + mp.sqrt((rest * x) ** 2 + p["mu"] ** 2)) / 2


def sau(x: Real, p: Values) -> Real:
    """Give the mean of leaky_relu(x + sigma Z), Z standard normal."""
    rest, sigma = 1 - p["alpha"], p["sigma"]
    bump = rest * sigma / mp.sqrt(2 * mp.pi) * mp.exp(-((x / sigma) ** 2) / 2)
    return bump + (1 + p["alpha"]) * x / 2 + rest * x / 2 * mp.erf(x / (mp.sqrt(2) * sigma))


SMOOTH: tuple[Formula, ...] = (
    Formula(
        "tanh_soft",
        tanh_soft,
        (-0.2237848745964216, INF),
        False,
        (0.0, INF),
        1.0989160350940965,
        {"alpha": 0.87, "beta": 0.0, "gamma": 0.0, "delta": 1.0},
        (
            {"alpha": 0.0, "beta": 0.6, "gamma": 1.0, "delta": 0.0},
            {"alpha": 0.5, "beta": 0.3, "gamma": 0.7, "delta": 0.8},
        ),
        doubt="delta = 0 with alpha = 0 is the paper's TanhSoft-2, x tanh(beta e^(gamma x)); the logarithm "
        "is ln(delta + e^x)",
    ),
    Formula(
        "dsilu",
        # f(x) + f(-x) = 1, so the lowest is one less the steepest slope of silu; steepest at 0
        lambda x, p: sigmoid(x) * (1 + x * sigmoid(-x)),
        (1.0 - SILU_STEEPEST, SILU_STEEPEST),
        False,
        (0.0, 1.0),
        0.5,
    ),
    Formula(
        "acon_c",
        acon,
        (SILU_LOWEST, INF),
        False,
        (0.0, INF),
        SILU_STEEPEST,
        {"p1": 1.0, "p2": 0.0, "beta": 1.0},
        ({"p1": 1.2, "p2": -0.8, "beta": 0.9}, {"p1": -0.3, "p2": 0.6, "beta": 2.0}),
        doubt="the paper draws p1 and p2 from N(0, 1); the fixed start 1, 0 makes it silu",
    ),
    Formula(
        "smu",
        smu,
        (-INF, INF),
        True,
        (-INF, INF),
        SMU_STEEPEST,
        {"alpha": 0.25, "mu": 1000000.0},
        ({"alpha": 0.25, "mu": 2.0}, {"alpha": 0.0, "mu": math.sqrt(0.5)}),
        doubt="mu = 1000000 is, as far as known, the paper's own start: leaky_relu(0.25) but for |x| < "
        "1e-5; the steepest slope, at |x| near 1.3e-6, is independent of mu and no grid will meet it",
    ),
    Formula(
        "smu_1",
        smu_1,
        (-INF, INF),
        True,
        (-INF, INF),
        1.0,
        {"alpha": 0.25, "mu": 4.352665993287951e-09},
        ({"alpha": 0.25, "mu": 0.5}, {"alpha": 0.0, "mu": 2.0}),
        doubt="f(0) = mu / 2 is not 0",
    ),
    Formula(
        "sau",
        sau,
        (-INF, INF),
        True,
        (-INF, INF),
        1.0,
        {"alpha": 0.15, "sigma": 5e-05},
        ({"alpha": 0.15, "sigma": 0.1}, {"alpha": 0.0, "sigma": 1.0}),
        doubt="the start of sigma: 1 / 20000 from memory of the paper's n = 20000, not confirmed. The "
        "factor 1 - alpha of the bump, which a survey's equation lacks, is right: f is the mean of "
        "leaky_relu(x + sigma Z)",
    ),
    Formula(
        "tangma",
        lambda x, p: x * mp.tanh(x + p["alpha"]) + p["gamma"] * x,
        (0.0, INF),
        False,
        (INF, INF),
        TANH_GATE_STEEPEST,
        {"alpha": 0.0, "gamma": 0.0},
        ({"alpha": 0.5, "gamma": -0.2}, {"alpha": -0.8, "gamma": 0.3}),
    ),
    Formula(
        "gelu_sine",
        lambda x, p: x * normal_cdf(x) + mp.mpf("0.1") * mp.sin(x),
        (-0.24404498113523423, INF),
        False,
        (None, INF),
        1.1543824209495563,
        doubt="far to the left it is 0.1 sin x: no limit",
    ),
    Formula(
        "gelu_sinc",
        lambda x, p: x * normal_cdf(x) * (1 + mp.sincpi(x) / 2),
        (-0.2062674762550847157257, INF),
        False,
        (0.0, INF),
        1.574149238865658293575,
        doubt="the paper writes sinc; implementations take numpy's, sin(pi x) / (pi x)",
    ),
    Formula(
        "aglu",
        lambda x, p: x * (p["lambd"] * mp.exp(-p["kappa"] * x) + 1) ** (-1 / p["lambd"]),
        (SILU_LOWEST, INF),
        False,
        (0.0, INF),
        SILU_STEEPEST,
        {"kappa": 1.0, "lambd": 1.0},
        ({"kappa": 1.3, "lambd": 0.6}, {"kappa": 0.7, "lambd": 2.5}),
        doubt="the authors' code draws kappa and lambda uniformly from [0, 1] and clamps lambda from below; "
        "1 and 1 from the list of names",
    ),
    Formula("seagull", lambda x, p: mp.log1p(x * x), (0.0, INF), False, (INF, INF), 1.0),
)
