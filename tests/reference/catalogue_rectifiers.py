"""Rows 27 to 52 of the catalogue: rectifiers."""

import math

from mpmath import mp  # type: ignore[import-untyped]

from tests.reference.catalogue_parts import (
    INF,
    SILU_LOWEST,
    TANH_GATE_STEEPEST,
    Formula,
    Numbers,
    Real,
    Values,
    at_zero,
    clip,
    relu,
    sigmoid,
    silu,
    softplus,
)


def srelu(x: Real, p: Values) -> Real:
    if x >= p["right"]:
        return p["right"] + p["right_slope"] * (x - p["right"])
    if x <= p["left"]:
        return p["left"] + p["left_slope"] * (x - p["left"])
    return x


def srelu_kinks(p: Numbers) -> tuple[float, ...]:
    return tuple(p[side] for side in ("left", "right") if p[side + "_slope"] != 1.0)


def smelu(x: Real, b: Real) -> Real:
    if x <= -b:
        return mp.zero
    return x if x >= b else (x + b) ** 2 / (4 * b)


def squareplus(x: Real, b: Real) -> Real:
    root = mp.sqrt(x * x + b)
    return (x + root) / 2 if x >= 0 else b / (2 * (root - x))


def bendable(x: Real, b: Real) -> Real:
    return b * (mp.sqrt(x * x + 1) - 1) + x


RECTIFIERS: tuple[Formula, ...] = (
    Formula("squared_relu", lambda x, p: relu(x) ** 2, (0.0, INF), True, (0.0, INF), INF),
    Formula(
        "smooth_squared_relu",
        lambda x, p: softplus(p["beta"] * x) ** 2 / p["beta"] ** 2,
        (0.0, INF),
        True,
        (0.0, INF),
        INF,
        {"beta": 1.0},
        ({"beta": 0.5}, {"beta": 4.0}),
        doubt="no first source: softplus in place of ReLU in So et al.'s squared ReLU",
    ),
    Formula(
        "repu",
        lambda x, p: relu(x) ** int(p["k"]),
        (0.0, INF),
        True,
        (0.0, INF),
        INF,
        {"k": 3},
        ({"k": 1}, {"k": 2}, {"k": 5}),
        lambda p: (0.0,) if p["k"] == 1 else (),
        doubt="the paper has no default: 2 and 3 are its examples, 3 taken from the list of names",
    ),
    Formula(
        "star_relu",
        lambda x, p: p["scale"] * relu(x) ** 2 + p["bias"],
        (-0.4472, INF),
        True,
        (-0.4472, INF),
        INF,
        {"scale": 0.8944, "bias": -0.4472},
        ({"scale": 1.3, "bias": 0.25},),
    ),
    Formula(
        "shifted_relu", lambda x, p: max(x, mp.mpf(-1)), (-1.0, INF), True, (-1.0, INF), 1.0, kinks=lambda p: (-1.0,)
    ),
    Formula(
        "bounded_relu",
        lambda x, p: min(relu(x), p["ceiling"]),
        (0.0, 1.0),
        True,
        (0.0, 1.0),
        1.0,
        {"ceiling": 1.0},
        ({"ceiling": 2.5},),
        lambda p: (0.0, p["ceiling"]),
    ),
    Formula(
        "srelu",
        srelu,
        (-INF, INF),
        True,
        (-INF, INF),
        1.0,
        {"left": 0.0, "left_slope": 0.2, "right": 1.0, "right_slope": 1.0},
        (
            {"left": -0.7, "left_slope": 0.3, "right": 0.9, "right_slope": 1.6},
            {"left": -0.25, "left_slope": 1.0, "right": 0.5, "right_slope": -0.4},
        ),
        srelu_kinks,
        doubt="starts: the paper freezes left 0, left_slope 0.2 and right_slope 1 and sets right to the "
        "k-th largest input; with right_slope 1 the value of right does not matter, so the start is "
        "leaky 0.2",
    ),
    Formula("modulus", lambda x, p: abs(x), (0.0, INF), False, (INF, INF), 1.0, kinks=at_zero),
    Formula(
        "soft_modulus_q",
        # steepest at 2/3, where 4 x - 3 x^2 is 4/3
        lambda x, p: x * x * (2 - abs(x)) if abs(x) <= 1 else abs(x),
        (0.0, INF),
        False,
        (INF, INF),
        4.0 / 3.0,
    ),
    Formula(
        "soft_modulus_t",
        lambda x, p: x * mp.tanh(x / p["beta"]),
        (0.0, INF),
        False,
        (INF, INF),
        TANH_GATE_STEEPEST,
        {"beta": 0.01},
        ({"beta": 0.5}, {"beta": 2.0}),
    ),
    Formula(
        "flexible_relu",
        lambda x, p: relu(x) + p["bias"],
        (0.0, INF),
        True,
        (0.0, INF),
        1.0,
        {"bias": 0.0},
        ({"bias": -0.398},),
        at_zero,
    ),
    Formula(
        "noisy_relu",
        lambda x, p: relu(x),
        (0.0, INF),
        True,
        (0.0, INF),
        1.0,
        kinks=at_zero,
        doubt="in training N(0, sigmoid(x)): sigmoid(x) is the variance in Nair & Hinton, sampled and "
        "rectified; a survey (2402.09092) reads sigma(x) as the standard deviation of the batch. "
        "Evaluation: relu",
    ),
    Formula(
        "nlrelu",
        lambda x, p: mp.log1p(p["beta"] * relu(x)),
        (0.0, INF),
        True,
        (0.0, INF),
        1.0,
        {"beta": 1.0},
        ({"beta": 2.5},),
        at_zero,
    ),
    Formula(
        "sine_relu",
        lambda x, p: x if x > 0 else p["epsilon"] * (mp.sin(x) - mp.cos(x)),
        (-0.0025 * math.sqrt(2.0), INF),
        False,
        (None, INF),
        INF,
        {"epsilon": 0.0025},
        ({"epsilon": 0.3},),
        at_zero,
        doubt="jumps by epsilon at 0, and f(0) = -epsilon by the catalogue's 'x > 0' (keras-contrib takes "
        "max(x, epsilon (sin x - cos x)), which is continuous); the catalogue's is taken. sup |f'| "
        "off the jump is 1, but no Lipschitz constant exists: infinity",
    ),
    Formula(
        "sign_relu",
        lambda x, p: x if x >= 0 else p["alpha"] * x / (1 - x),
        (-1.0, INF),
        True,
        (-1.0, INF),
        1.0,
        {"alpha": 1.0},
        ({"alpha": 0.6}, {"alpha": 2.0}),
        lambda p: () if p["alpha"] == 1.0 else (0.0,),
    ),
    Formula(
        "plu",
        lambda x, p: max(p["alpha"] * (x + p["c"]) - p["c"], min(p["alpha"] * (x - p["c"]) + p["c"], x)),
        (-INF, INF),
        True,
        (-INF, INF),
        1.0,
        {"alpha": 0.1, "c": 1.0},
        ({"alpha": 0.25, "c": 2.0},),
        lambda p: (-p["c"], p["c"]),
    ),
    Formula(
        "squareplus",
        lambda x, p: squareplus(x, p["b"]),
        (0.0, INF),
        True,
        (0.0, INF),
        1.0,
        {"b": 4.0},
        ({"b": 4.0 * math.log(2.0) ** 2}, {"b": 0.1}),
    ),
    Formula(
        "smelu",
        lambda x, p: smelu(x, p["beta"]),
        (0.0, INF),
        True,
        (0.0, INF),
        1.0,
        {"beta": 1.0},
        ({"beta": 0.5}, {"beta": 3.0}),
    ),
    Formula("bent_identity", lambda x, p: bendable(x, mp.mpf(0.5)), (-INF, INF), True, (-INF, INF), 1.5),
    Formula(
        "blu",
        lambda x, p: bendable(x, p["beta"]),
        (-INF, INF),
        True,
        (-INF, INF),
        1.5,
        {"beta": 0.5},
        ({"beta": -0.8}, {"beta": 1.0}),
        doubt="the start of beta is not known from the paper; 0.5 (bent identity) from the list of names. "
        "At beta = 1 and -1 one limit is finite: -1 at minus, 1 at plus infinity",
    ),
    Formula(
        "delu",
        lambda x, p: silu(x) if x <= 0 else (p["n"] + mp.mpf(0.5)) * x + abs(mp.expm1(-x)),
        (SILU_LOWEST, INF),
        False,
        (0.0, INF),
        2.5,  # n + 0.5 + e^-x, at 0 from above
        {"n": 1.0},
        ({"n": 0.0}, {"n": -0.3}),
        lambda p: () if p["n"] == -1.0 else (0.0,),
        doubt="continuous at 0, but the slope jumps from 0.5 to n + 1.5: the author's README and code do "
        "have |e^-x - 1| (without the bars the slope would be n - 0.5, smooth for n = 1). In the "
        "author's code n is learned and starts at 0, not 1",
    ),
    Formula(
        "shilu",
        lambda x, p: p["alpha"] * relu(x) + p["beta"],
        (0.0, INF),
        True,
        (0.0, INF),
        1.0,
        {"alpha": 1.0, "beta": 0.0},
        ({"alpha": 1.4, "beta": -0.3},),
        at_zero,
        doubt="the author's code starts beta at 1, not 0; 0 from the list of names",
    ),
    Formula(
        "arelu",
        lambda x, p: (1 + sigmoid(p["beta"])) * x if x >= 0 else clip(p["alpha"], 0.01, 0.99) * x,
        (-INF, INF),
        True,
        (-INF, INF),
        1.8807970779778824,  # 1 + sigmoid(2)
        {"alpha": 0.9, "beta": 2.0},
        ({"alpha": 0.4, "beta": -1.0}, {"alpha": 1.7, "beta": 0.5}),
        at_zero,
    ),
    Formula(
        "bsilu_sugar",
        lambda x, p: relu(x),
        (0.0, INF),
        True,
        (0.0, INF),
        1.0,
        {"alpha": 1.67},
        ({"alpha": 1.0},),
        at_zero,
        doubt="forward relu; the backward pass is `sugar_slope`",
    ),
)
