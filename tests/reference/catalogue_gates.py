"""Rows 67 to 94 of the catalogue: x times a gate."""

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
    clip,
    elu,
    normal_cdf,
    relu,
    sigmoid,
    silu,
    softplus,
)


def arctan_gate(x: Real) -> Real:
    """Equals arctan(x) + pi / 2, without cancellation on the left."""
    return mp.atan(x) + mp.pi / 2 if x >= 0 else mp.atan(-1 / x)


def pflu(x: Real) -> Real:
    root = mp.sqrt(1 + x * x)
    return x * (1 + x / root) / 2 if x >= 0 else x / (2 * root * (root - x))


def fpflu(x: Real) -> Real:
    # below zero x + x^2 / root = x (root + x) / root, and (root + x) (root - x) = 1
    root = mp.sqrt(1 + x * x)
    return x if x >= 0 else x / (root * (root - x))


def laplace_cdf(x: Real) -> Real:
    return 1 - mp.exp(-x) / 2 if x >= 0 else mp.exp(x) / 2


GATES: tuple[Formula, ...] = (
    Formula(
        "swish_beta",
        lambda x, p: x * sigmoid(p["beta"] * x),
        (SILU_LOWEST, INF),
        False,
        (0.0, INF),
        SILU_STEEPEST,
        {"beta": 1.0},
        ({"beta": 0.4}, {"beta": 2.5}),
    ),
    Formula(
        "quick_gelu",
        lambda x, p: x * sigmoid(mp.mpf("1.702") * x),
        (SILU_LOWEST / 1.702, INF),
        False,
        (0.0, INF),
        SILU_STEEPEST,
    ),
    Formula(
        "e_swish",
        lambda x, p: p["beta"] * silu(x),
        (1.5 * SILU_LOWEST, INF),
        False,
        (0.0, INF),
        1.5 * SILU_STEEPEST,
        {"beta": 1.5},
        ({"beta": 1.25}, {"beta": 2.0}),
        doubt="the paper tries beta from 1 to 2 and names no default; 1.5 from the list of names",
    ),
    Formula(
        "flatten_t_swish",
        lambda x, p: relu(x) * sigmoid(x) + p["t"],
        (-0.2, INF),
        True,
        (-0.2, INF),
        SILU_STEEPEST,
        {"t": -0.2},
        ({"t": 0.1},),
        lambda p: (0.0,),
    ),
    Formula(
        "hard_mish",
        lambda x, p: x / 2 * clip(x + 2, 0.0, 2.0),
        (-0.5, INF),
        False,
        (0.0, INF),
        1.0,  # x + 1 is -1 at -2 from above
        kinks=lambda p: (-2.0,),
    ),
    Formula(
        "hard_gelu",
        lambda x, p: x if x >= 1.5 else mp.zero if x <= -1.5 else x * (x + 1.5) / 3,
        (-0.1875, INF),
        False,
        (0.0, INF),
        1.5,  # (2 x + 3/2) / 3 is -1/2 at -3/2 and 3/2 at 3/2
        kinks=lambda p: (-1.5, 1.5),
    ),
    Formula("lisht", lambda x, p: x * mp.tanh(x), (0.0, INF), False, (INF, INF), TANH_GATE_STEEPEST),
    Formula(
        "tanh_exp",
        lambda x, p: x * mp.tanh(mp.exp(x)),
        (-0.35328577784821125, INF),
        False,
        (0.0, INF),
        1.061975308717916,
    ),
    Formula(
        "telu_mercioni",
        lambda x, p: x * mp.tanh(elu(p["alpha"] * x)),
        (0.0, INF),
        False,
        (INF, INF),
        TANH_GATE_STEEPEST,
        {"alpha": 1.0},
        ({"alpha": 0.5}, {"alpha": 2.0}),
        doubt="the gate is tanh(-1) far to the left, so f rises to plus infinity there; ELU's own alpha is 1",
    ),
    Formula(
        "serf", lambda x, p: x * mp.erf(softplus(x)), (-0.3484374587596064, INF), False, (0.0, INF), 1.086125444150997
    ),
    Formula(
        "smish",
        lambda x, p: p["alpha"] * x * mp.tanh(mp.log1p(sigmoid(p["beta"] * x))),
        (-0.24999366366012948, INF),
        False,
        (0.0, INF),
        0.6368842228812263,
        {"alpha": 1.0, "beta": 1.0},
        ({"alpha": 1.2, "beta": 0.7},),
    ),
    Formula(
        "logish",
        lambda x, p: p["alpha"] * x * mp.log1p(sigmoid(p["beta"] * x)),
        (-0.25276881678944035, INF),
        False,
        (0.0, INF),
        0.7463111804127397,
        {"alpha": 1.0, "beta": 1.0},
        ({"alpha": 1.2, "beta": 0.7}, {"alpha": 1.0, "beta": 10.0}),
    ),
    Formula(
        "gish",
        lambda x, p: x * mp.log1p(-mp.expm1(-mp.exp(x))),
        (-0.27815946089638693, INF),
        False,
        (0.0, INF),
        0.7527045710856695,
    ),
    Formula(
        # both factors are negative to the left
        "phish",
        lambda x, p: x * mp.tanh(x * normal_cdf(x)),
        (0.0, INF),
        False,
        (0.0, INF),
        1.2983066733058115,
    ),
    Formula(
        "golu", lambda x, p: x * mp.exp(-mp.exp(-x)), (-0.09726013122763941, INF), False, (0.0, INF), 1.1133972752756767
    ),
    Formula(
        "log_logish",
        lambda x, p: -x * mp.expm1(-mp.exp(x)),
        (-0.31218251608651626, INF),
        False,
        (0.0, INF),
        1.1148783115486787,
    ),
    Formula(
        # convex, with slopes from 0 to 1
        "atlu",
        lambda x, p: x * arctan_gate(x) / mp.pi,
        (-1.0 / math.pi, INF),
        True,
        (-1.0 / math.pi, INF),
        1.0,
    ),
    Formula(
        # steepest at 2, lowest at -1
        "lalu",
        lambda x, p: x * laplace_cdf(x),
        (-0.5 / math.e, INF),
        False,
        (0.0, INF),
        1.0 + 0.5 * math.exp(-2.0),
    ),
    Formula(
        "sgelu",
        lambda x, p: p["alpha"] * x * mp.erf(x / mp.sqrt(2)),
        (0.0, INF),
        False,
        (INF, INF),
        ERF_GATE_STEEPEST,
        {"alpha": 1.0},
        ({"alpha": 0.6},),
        doubt="the start of alpha is not known from the paper; 1 from the list of names",
    ),
    Formula(
        "sinsig",
        lambda x, p: x * mp.sin(mp.pi / 2 * sigmoid(x)),
        (-0.4291776320505466, INF),
        False,
        (0.0, INF),
        1.0588889474338754,
    ),
    Formula(
        "erf_act",
        lambda x, p: x * mp.erf(p["alpha"] * mp.exp(p["beta"] * x)),
        (-0.405280845173458, INF),
        False,
        (0.0, INF),
        1.0915993945154188,
        {"alpha": 0.75, "beta": 0.75},
        ({"alpha": 1.2, "beta": 0.5},),
    ),
    Formula(
        "pserf",
        lambda x, p: x * mp.erf(p["gamma"] * softplus(p["delta"] * x)),
        (-0.5060068753569109, INF),
        False,
        (0.0, INF),
        1.0535644140577651,
        {"gamma": 1.25, "delta": 0.85},
        ({"gamma": 1.0, "delta": 1.0}, {"gamma": 0.7, "delta": 1.6}),
    ),
    Formula(
        "aria2",
        lambda x, p: x * (1 + mp.exp(-p["beta"] * x)) ** -p["alpha"],
        (-0.06997764131970143, INF),
        False,
        (0.0, INF),
        1.1411471904163208,
        {"alpha": 1.5, "beta": 2.0},
        ({"alpha": 1.0, "beta": 1.0}, {"alpha": 0.5, "beta": 3.0}),
    ),
    Formula("pflu", lambda x, p: pflu(x), (-0.1501415530003888, INF), False, (0.0, INF), 1.0443310539518174),
    Formula("fpflu", lambda x, p: fpflu(x), (-0.3002831060007776, INF), False, (0.0, INF), 1.0),
    Formula(
        "eanaf",
        lambda x, p: x / (1 + 2 * mp.exp(-x)),
        (-0.157184951483814, INF),
        False,
        (0.0, INF),
        1.1636644931156481,
        doubt="derived again: x tanh(softplus(x) / 2) = x ((1 + e^x) - 1) / ((1 + e^x) + 1), the catalogue's",
    ),
    Formula(
        "sinlu",
        lambda x, p: (x + p["alpha"] * mp.sin(p["beta"] * x)) * sigmoid(x),
        (-0.49737055418999104, INF),
        False,
        (0.0, INF),
        2.0079707225226575,  # near 2 pi: just above 2
        {"alpha": 1.0, "beta": 1.0},
        ({"alpha": 0.7, "beta": 1.9},),
    ),
    Formula(
        "coslu",
        lambda x, p: (x + p["alpha"] * mp.cos(p["beta"] * x)) * sigmoid(x),
        (-0.28927312866451055, INF),
        False,
        (0.0, INF),
        2.023791014568073,
        {"alpha": 1.0, "beta": 1.0},
        ({"alpha": 0.7, "beta": 1.9},),
    ),
    Formula(
        "eis_1",
        # no pole: the denominator is lowest at ln 1.16, where it is 1 + ln 1.16
        lambda x, p: x * softplus(x) / (x + mp.mpf("1.16") * mp.exp(-x)),
        (-0.17376358557944482, INF),
        False,
        (0.0, INF),
        1.0646887554063993,
        doubt="the family's sqrt(beta + gamma x^2) at beta = 0, gamma = 1 is |x|, but the paper itself "
        "writes x: x + 1.16 e^-x, as in the abstract; it is positive everywhere, so there is no pole",
    ),
)
