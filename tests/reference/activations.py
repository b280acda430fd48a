"""Scalar references for the torch.nn family of activations, in double precision and from `math` alone.

Written from the formulas in the papers, independently of the code under test. A test calls
`reference.value(x, parameters)`, `reference.slope(x, parameters)` and `reference.kinks(parameters)`, where
`parameters` is `reference.parameters` or one of `reference.variants` (each of them complete).

`slope` is derived by hand. At a kink it gives one of the two one-sided slopes, so leave the kinks out of a
comparison, or choose the side yourself. Everything is finite and free of overflow for |x| up to 1e4.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Parameters = Mapping[str, float | str]

# Klambauer et al. 2017, equation 14, with e1 = erfc(1/sqrt 2) and e2 = erfc(sqrt 2):
#   alpha: -sqrt(2/pi) / (e1 exp(1/2) - 1)
#   scale: (1 - e1 sqrt e) sqrt(2 pi) / sqrt(2 e2 e^2 + pi e1^2 e - 2 (2 + pi) e1 sqrt e + pi + 2)
# evaluated with 40 digits.
SELU_ALPHA = 1.6732632423543772848
SELU_SCALE = 1.0507009873554804934

# Where the smooth self-gated functions are lowest, as (x, f(x)): the sign change of the derivative between
# -2 and -0.3, bisected 90 times with 40 digits. SiLU's is also known in closed form, with Lambert's W:
# x = -1 - W(1/e), f(x) = -W(1/e). Hardswish is the parabola x (x + 3) / 6 there, so its minimum is exact.
GELU_MINIMUM = (-0.75179152469356445746, -0.16997120747990366169)
GELU_TANH_MINIMUM = (-0.75246142207101625849, -0.17004075057125405064)
SILU_MINIMUM = (-1.2784645427610737951, -0.27846454276107379511)
MISH_MINIMUM = (-1.1924312145154952121, -0.30884341301725040663)
HARDSWISH_MINIMUM = (-1.5, -0.375)

SQRT_HALF = math.sqrt(0.5)
SQRT_2_OVER_PI = math.sqrt(2.0 / math.pi)
GELU_CUBIC = 0.044715


@dataclass(frozen=True)
class Reference:
    """One activation; everything except value, slope and kinks holds for the default parameters."""

    name: str
    value: Callable[[float, Parameters], float]
    slope: Callable[[float, Parameters], float]
    parameters: Parameters
    variants: tuple[Parameters, ...]
    kinks: Callable[[Parameters], tuple[float, ...]]
    # Infimum and supremum, reached or not.
    range: tuple[float, float]
    # Never falling.
    monotone: bool
    zero_at_zero: bool
    # At minus infinity, at plus infinity.
    limits: tuple[float, float]
    # (x, f(x)) of an isolated lowest point, if there is one.
    minimum: tuple[float, float] | None = None


def number(p: Parameters, key: str) -> float:
    return float(p[key])


def no_kinks(p: Parameters) -> tuple[float, ...]:
    return ()


def kink_at_zero(p: Parameters) -> tuple[float, ...]:
    return (0.0,)


def kinks_at_three(p: Parameters) -> tuple[float, ...]:
    return (-3.0, 3.0)


# Building blocks


def logistic(x: float) -> float:
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    e = math.exp(x)
    return e / (1.0 + e)


def logistic_slope(x: float) -> float:
    e = math.exp(-abs(x))
    return e / ((1.0 + e) * (1.0 + e))


def log_one_plus_exp(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


# Identity


def identity(x: float, p: Parameters) -> float:
    return x


def identity_slope(x: float, p: Parameters) -> float:
    return 1.0


# ReLU and ReLU6


def relu(x: float, p: Parameters) -> float:
    return x if x > 0.0 else 0.0


def relu_slope(x: float, p: Parameters) -> float:
    return 1.0 if x > 0.0 else 0.0


def relu6(x: float, p: Parameters) -> float:
    return min(max(x, 0.0), 6.0)


def relu6_slope(x: float, p: Parameters) -> float:
    return 1.0 if 0.0 < x < 6.0 else 0.0


def relu6_kinks(p: Parameters) -> tuple[float, ...]:
    return (0.0, 6.0)


# Leaky, parametric and randomized ReLU: x above zero, a x below


def leaky_relu(x: float, p: Parameters) -> float:
    return x if x >= 0.0 else number(p, "negative_slope") * x


def leaky_relu_slope(x: float, p: Parameters) -> float:
    return 1.0 if x > 0.0 else number(p, "negative_slope")


def leaky_relu_kinks(p: Parameters) -> tuple[float, ...]:
    return () if number(p, "negative_slope") == 1.0 else (0.0,)


def prelu(x: float, p: Parameters) -> float:
    return x if x >= 0.0 else number(p, "init") * x


def prelu_slope(x: float, p: Parameters) -> float:
    return 1.0 if x > 0.0 else number(p, "init")


def prelu_kinks(p: Parameters) -> tuple[float, ...]:
    return () if number(p, "init") == 1.0 else (0.0,)


def rrelu_mean(p: Parameters) -> float:
    return 0.5 * (number(p, "lower") + number(p, "upper"))


def rrelu(x: float, p: Parameters) -> float:
    return x if x >= 0.0 else rrelu_mean(p) * x


def rrelu_slope(x: float, p: Parameters) -> float:
    return 1.0 if x > 0.0 else rrelu_mean(p)


def rrelu_kinks(p: Parameters) -> tuple[float, ...]:
    return () if rrelu_mean(p) == 1.0 else (0.0,)


# ELU, CELU, SELU


def elu(x: float, p: Parameters) -> float:
    return x if x > 0.0 else number(p, "alpha") * math.expm1(x)


def elu_slope(x: float, p: Parameters) -> float:
    return 1.0 if x > 0.0 else number(p, "alpha") * math.exp(x)


def elu_kinks(p: Parameters) -> tuple[float, ...]:
    return () if number(p, "alpha") == 1.0 else (0.0,)


def celu(x: float, p: Parameters) -> float:
    alpha = number(p, "alpha")
    return x if x > 0.0 else alpha * math.expm1(x / alpha)


def celu_slope(x: float, p: Parameters) -> float:
    return 1.0 if x > 0.0 else math.exp(x / number(p, "alpha"))


def selu(x: float, p: Parameters) -> float:
    return SELU_SCALE * (x if x > 0.0 else SELU_ALPHA * math.expm1(x))


def selu_slope(x: float, p: Parameters) -> float:
    return SELU_SCALE * (1.0 if x > 0.0 else SELU_ALPHA * math.exp(x))


# GELU. Phi(x) is erfc(-x / sqrt 2) / 2, which keeps its digits in the left tail, and (1 + tanh u) / 2 is
# logistic(2 u), which does too.


def gelu_is_tanh(p: Parameters) -> bool:
    approximate = p["approximate"]
    if approximate not in ("none", "tanh"):
        raise ValueError(f"approximate is 'none' or 'tanh', not {approximate!r}")
    return approximate == "tanh"


def gelu(x: float, p: Parameters) -> float:
    if gelu_is_tanh(p):
        return x * logistic(2.0 * SQRT_2_OVER_PI * (x + GELU_CUBIC * x * x * x))
    return 0.5 * x * math.erfc(-x * SQRT_HALF)


def gelu_slope(x: float, p: Parameters) -> float:
    if gelu_is_tanh(p):
        v = 2.0 * SQRT_2_OVER_PI * (x + GELU_CUBIC * x * x * x)
        dv = 2.0 * SQRT_2_OVER_PI * (1.0 + 3.0 * GELU_CUBIC * x * x)
        return logistic(v) + x * logistic_slope(v) * dv
    density = math.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)
    return 0.5 * math.erfc(-x * SQRT_HALF) + x * density


# SiLU


def silu(x: float, p: Parameters) -> float:
    return x * logistic(x)


def silu_slope(x: float, p: Parameters) -> float:
    return logistic(x) + x * logistic_slope(x)


# Mish. tanh(ln y) is (y^2 - 1) / (y^2 + 1); with y = 1 + e^x the gate is e (e + 2) / (e (e + 2) + 2) and its
# derivative 4 e (e + 1) / (e (e + 2) + 2)^2. Above zero both are divided through by powers of e^x.


def mish_gate(x: float) -> float:
    e = math.exp(-abs(x))
    if x > 0.0:
        return (1.0 + 2.0 * e) / (1.0 + 2.0 * e + 2.0 * e * e)
    return e * (e + 2.0) / (e * (e + 2.0) + 2.0)


def mish_gate_slope(x: float) -> float:
    e = math.exp(-abs(x))
    if x > 0.0:
        return 4.0 * e * e * (1.0 + e) / (1.0 + 2.0 * e + 2.0 * e * e) ** 2
    return 4.0 * e * (e + 1.0) / (e * (e + 2.0) + 2.0) ** 2


def mish(x: float, p: Parameters) -> float:
    return x * mish_gate(x)


def mish_slope(x: float, p: Parameters) -> float:
    return mish_gate(x) + x * mish_gate_slope(x)


# Hardswish, Hardsigmoid, Hardtanh


def hardswish(x: float, p: Parameters) -> float:
    return x * min(max(x + 3.0, 0.0), 6.0) / 6.0


def hardswish_slope(x: float, p: Parameters) -> float:
    if x <= -3.0:
        return 0.0
    return 1.0 if x >= 3.0 else (2.0 * x + 3.0) / 6.0


def hardsigmoid(x: float, p: Parameters) -> float:
    return min(max(x + 3.0, 0.0), 6.0) / 6.0


def hardsigmoid_slope(x: float, p: Parameters) -> float:
    return 1.0 / 6.0 if -3.0 < x < 3.0 else 0.0


def hardtanh(x: float, p: Parameters) -> float:
    return min(max(x, number(p, "min_val")), number(p, "max_val"))


def hardtanh_slope(x: float, p: Parameters) -> float:
    return 1.0 if number(p, "min_val") < x < number(p, "max_val") else 0.0


def hardtanh_kinks(p: Parameters) -> tuple[float, ...]:
    return (number(p, "min_val"), number(p, "max_val"))


# Shrinkage


def hardshrink(x: float, p: Parameters) -> float:
    return x if abs(x) > number(p, "lambd") else 0.0


def shrink_slope(x: float, p: Parameters) -> float:
    return 1.0 if abs(x) > number(p, "lambd") else 0.0


def shrink_kinks(p: Parameters) -> tuple[float, ...]:
    lambd = number(p, "lambd")
    return (-lambd, lambd) if lambd > 0.0 else ()


def softshrink(x: float, p: Parameters) -> float:
    return math.copysign(max(abs(x) - number(p, "lambd"), 0.0), x)


# x - tanh x cancels near zero; there the series of tanh, from its third-order term on, stands in.
TANHSHRINK_SERIES = (
    1.0 / 3.0,
    -2.0 / 15.0,
    17.0 / 315.0,
    -62.0 / 2835.0,
    1382.0 / 155925.0,
    -21844.0 / 6081075.0,
    929569.0 / 638512875.0,
)


def tanhshrink(x: float, p: Parameters) -> float:
    if abs(x) >= 0.1:
        return x - math.tanh(x)
    total = 0.0
    for coefficient in reversed(TANHSHRINK_SERIES):
        total = total * x * x + coefficient
    return total * x * x * x


def tanhshrink_slope(x: float, p: Parameters) -> float:
    return math.tanh(x) ** 2


# Softplus, Softsign, Sigmoid, LogSigmoid, Tanh


def softplus(x: float, p: Parameters) -> float:
    beta = number(p, "beta")
    return x if beta * x > number(p, "threshold") else log_one_plus_exp(beta * x) / beta


def softplus_slope(x: float, p: Parameters) -> float:
    beta = number(p, "beta")
    return 1.0 if beta * x > number(p, "threshold") else logistic(beta * x)


# The switch to the straight line is a jump of ln(1 + e^-threshold) / beta, 2e-9 with the default parameters.
def softplus_kinks(p: Parameters) -> tuple[float, ...]:
    return (number(p, "threshold") / number(p, "beta"),)


def softsign(x: float, p: Parameters) -> float:
    return x / (1.0 + abs(x))


def softsign_slope(x: float, p: Parameters) -> float:
    return 1.0 / (1.0 + abs(x)) ** 2


def sigmoid(x: float, p: Parameters) -> float:
    return logistic(x)


def sigmoid_slope(x: float, p: Parameters) -> float:
    return logistic_slope(x)


def logsigmoid(x: float, p: Parameters) -> float:
    return -log_one_plus_exp(-x)


def logsigmoid_slope(x: float, p: Parameters) -> float:
    return logistic(-x)


def tanh(x: float, p: Parameters) -> float:
    return math.tanh(x)


def tanh_slope(x: float, p: Parameters) -> float:
    return 4.0 * logistic_slope(2.0 * x)


# Threshold


def threshold(x: float, p: Parameters) -> float:
    return x if x > number(p, "threshold") else number(p, "value")


def threshold_slope(x: float, p: Parameters) -> float:
    return 1.0 if x > number(p, "threshold") else 0.0


def threshold_kinks(p: Parameters) -> tuple[float, ...]:
    return (number(p, "threshold"),)


INF = math.inf

REFERENCES: tuple[Reference, ...] = (
    Reference(
        name="identity",
        value=identity,
        slope=identity_slope,
        parameters={},
        variants=(),
        kinks=no_kinks,
        range=(-INF, INF),
        monotone=True,
        zero_at_zero=True,
        limits=(-INF, INF),
    ),
    Reference(
        name="relu",
        value=relu,
        slope=relu_slope,
        parameters={},
        variants=(),
        kinks=kink_at_zero,
        range=(0.0, INF),
        monotone=True,
        zero_at_zero=True,
        limits=(0.0, INF),
    ),
    Reference(
        name="relu6",
        value=relu6,
        slope=relu6_slope,
        parameters={},
        variants=(),
        kinks=relu6_kinks,
        range=(0.0, 6.0),
        monotone=True,
        zero_at_zero=True,
        limits=(0.0, 6.0),
    ),
    Reference(
        name="leaky_relu",
        value=leaky_relu,
        slope=leaky_relu_slope,
        parameters={"negative_slope": 0.01},
        variants=({"negative_slope": 0.002}, {"negative_slope": 1.0 / 5.5}, {"negative_slope": 0.3}),
        kinks=leaky_relu_kinks,
        range=(-INF, INF),
        monotone=True,
        zero_at_zero=True,
        limits=(-INF, INF),
    ),
    Reference(
        name="prelu",
        value=prelu,
        slope=prelu_slope,
        parameters={"init": 0.25},
        variants=({"init": 0.1}, {"init": 1.0}),
        kinks=prelu_kinks,
        range=(-INF, INF),
        monotone=True,
        zero_at_zero=True,
        limits=(-INF, INF),
    ),
    Reference(
        name="rrelu",
        value=rrelu,
        slope=rrelu_slope,
        parameters={"lower": 1.0 / 8.0, "upper": 1.0 / 3.0},
        variants=({"lower": 0.1, "upper": 0.5}, {"lower": 0.2, "upper": 0.2}),
        kinks=rrelu_kinks,
        range=(-INF, INF),
        monotone=True,
        zero_at_zero=True,
        limits=(-INF, INF),
    ),
    Reference(
        name="elu",
        value=elu,
        slope=elu_slope,
        parameters={"alpha": 1.0},
        variants=({"alpha": 0.5}, {"alpha": 2.0}),
        kinks=elu_kinks,
        range=(-1.0, INF),
        monotone=True,
        zero_at_zero=True,
        limits=(-1.0, INF),
    ),
    Reference(
        name="celu",
        value=celu,
        slope=celu_slope,
        parameters={"alpha": 1.0},
        variants=({"alpha": 0.5}, {"alpha": 2.0}),
        kinks=no_kinks,
        range=(-1.0, INF),
        monotone=True,
        zero_at_zero=True,
        limits=(-1.0, INF),
    ),
    Reference(
        name="selu",
        value=selu,
        slope=selu_slope,
        parameters={},
        variants=(),
        kinks=kink_at_zero,
        range=(-SELU_SCALE * SELU_ALPHA, INF),
        monotone=True,
        zero_at_zero=True,
        limits=(-SELU_SCALE * SELU_ALPHA, INF),
    ),
    Reference(
        name="gelu",
        value=gelu,
        slope=gelu_slope,
        parameters={"approximate": "none"},
        variants=({"approximate": "tanh"},),
        kinks=no_kinks,
        range=(GELU_MINIMUM[1], INF),
        monotone=False,
        zero_at_zero=True,
        limits=(0.0, INF),
        minimum=GELU_MINIMUM,
    ),
    Reference(
        name="silu",
        value=silu,
        slope=silu_slope,
        parameters={},
        variants=(),
        kinks=no_kinks,
        range=(SILU_MINIMUM[1], INF),
        monotone=False,
        zero_at_zero=True,
        limits=(0.0, INF),
        minimum=SILU_MINIMUM,
    ),
    Reference(
        name="mish",
        value=mish,
        slope=mish_slope,
        parameters={},
        variants=(),
        kinks=no_kinks,
        range=(MISH_MINIMUM[1], INF),
        monotone=False,
        zero_at_zero=True,
        limits=(0.0, INF),
        minimum=MISH_MINIMUM,
    ),
    Reference(
        name="hardswish",
        value=hardswish,
        slope=hardswish_slope,
        parameters={},
        variants=(),
        kinks=kinks_at_three,
        range=(HARDSWISH_MINIMUM[1], INF),
        monotone=False,
        zero_at_zero=True,
        limits=(0.0, INF),
        minimum=HARDSWISH_MINIMUM,
    ),
    Reference(
        name="hardsigmoid",
        value=hardsigmoid,
        slope=hardsigmoid_slope,
        parameters={},
        variants=(),
        kinks=kinks_at_three,
        range=(0.0, 1.0),
        monotone=True,
        zero_at_zero=False,
        limits=(0.0, 1.0),
    ),
    Reference(
        name="hardtanh",
        value=hardtanh,
        slope=hardtanh_slope,
        parameters={"min_val": -1.0, "max_val": 1.0},
        variants=({"min_val": -2.0, "max_val": 0.5}, {"min_val": 0.0, "max_val": 6.0}),
        kinks=hardtanh_kinks,
        range=(-1.0, 1.0),
        monotone=True,
        zero_at_zero=True,
        limits=(-1.0, 1.0),
    ),
    Reference(
        name="hardshrink",
        value=hardshrink,
        slope=shrink_slope,
        parameters={"lambd": 0.5},
        variants=({"lambd": 0.1}, {"lambd": 2.0}),
        kinks=shrink_kinks,
        range=(-INF, INF),
        monotone=True,
        zero_at_zero=True,
        limits=(-INF, INF),
    ),
    Reference(
        name="softshrink",
        value=softshrink,
        slope=shrink_slope,
        parameters={"lambd": 0.5},
        variants=({"lambd": 0.1}, {"lambd": 2.0}),
        kinks=shrink_kinks,
        range=(-INF, INF),
        monotone=True,
        zero_at_zero=True,
        limits=(-INF, INF),
    ),
    Reference(
        name="tanhshrink",
        value=tanhshrink,
        slope=tanhshrink_slope,
        parameters={},
        variants=(),
        kinks=no_kinks,
        range=(-INF, INF),
        monotone=True,
        zero_at_zero=True,
        limits=(-INF, INF),
    ),
    Reference(
        name="softplus",
        value=softplus,
        slope=softplus_slope,
        parameters={"beta": 1.0, "threshold": 20.0},
        variants=({"beta": 2.0, "threshold": 20.0}, {"beta": 0.5, "threshold": 20.0}, {"beta": 1.0, "threshold": 3.0}),
        kinks=softplus_kinks,
        range=(0.0, INF),
        # Except for the step down of 2e-9 at the threshold.
        monotone=True,
        zero_at_zero=False,
        limits=(0.0, INF),
    ),
    Reference(
        name="softsign",
        value=softsign,
        slope=softsign_slope,
        parameters={},
        variants=(),
        kinks=no_kinks,
        range=(-1.0, 1.0),
        monotone=True,
        zero_at_zero=True,
        limits=(-1.0, 1.0),
    ),
    Reference(
        name="sigmoid",
        value=sigmoid,
        slope=sigmoid_slope,
        parameters={},
        variants=(),
        kinks=no_kinks,
        range=(0.0, 1.0),
        monotone=True,
        zero_at_zero=False,
        limits=(0.0, 1.0),
    ),
    Reference(
        name="logsigmoid",
        value=logsigmoid,
        slope=logsigmoid_slope,
        parameters={},
        variants=(),
        kinks=no_kinks,
        range=(-INF, 0.0),
        monotone=True,
        zero_at_zero=False,
        limits=(-INF, 0.0),
    ),
    Reference(
        name="tanh",
        value=tanh,
        slope=tanh_slope,
        parameters={},
        variants=(),
        kinks=no_kinks,
        range=(-1.0, 1.0),
        monotone=True,
        zero_at_zero=True,
        limits=(-1.0, 1.0),
    ),
    Reference(
        name="threshold",
        value=threshold,
        slope=threshold_slope,
        parameters={"threshold": 1.0, "value": 0.0},
        variants=(
            {"threshold": 0.1, "value": 20.0},
            {"threshold": -0.5, "value": -1.0},
            {"threshold": 0.0, "value": 0.0},
        ),
        kinks=threshold_kinks,
        range=(0.0, INF),
        monotone=True,
        zero_at_zero=True,
        limits=(0.0, INF),
    ),
)
