"""Rows 106 to 136 of the catalogue: bounded, periodic and learned shapes."""

import functools
import math

from mpmath import mp  # type: ignore[import-untyped]

from tests.reference.catalogue_parts import INF, Formula, Numbers, Real, Values, at_zero, clip, elu, relu, softplus

# Molina et al. 2019, table 6, the fit to leaky ReLU with slope 0.01: numerator from the constant up, then
# the denominator from the first power up.
PAU_NUMERATOR = ("0.02979246", "0.61837738", "2.32335207", "3.05202660", "1.48548002", "0.25103717")
PAU_DENOMINATOR = ("1.14201226", "4.39322834", "0.87154450", "0.34720652")
# Ridge of the kernel regression that gives KAF its initial coefficients, as in the authors' code.
KAF_RIDGE = "1e-4"


def sqnl(x: Real) -> Real:
    y = clip(x, -2.0, 2.0)
    return y - y * abs(y) / 4


def hexpo(x: Real, p: Values) -> Real:
    return -p["a"] * mp.expm1(-x / p["b"]) if x >= 0 else p["c"] * mp.expm1(x / p["d"])


def pau(x: Real) -> Real:
    above = mp.polyval([mp.mpf(a) for a in reversed(PAU_NUMERATOR)], x)
    return above / (1 + mp.polyval([*(mp.mpf(b) for b in reversed(PAU_DENOMINATOR)), mp.zero], abs(x)))


def pwlu(x: Real, p: Values) -> Real:
    bound, step = p["bound"], 2 * p["bound"] / p["pieces"]
    if abs(x) >= bound:
        return relu(x)
    left = mp.floor((x + bound) / step) * step - bound
    share = (x - left) / step
    return relu(left) * (1 - share) + relu(left + step) * share


def pwlu_kinks(p: Numbers) -> tuple[float, ...]:
    if p["pieces"] % 2 == 0:
        return (0.0,)
    return (-p["bound"] / p["pieces"], p["bound"] / p["pieces"])


@functools.cache
def kaf_start(size: int, bound: float) -> tuple[Real, list[tuple[Real, Real]]]:
    """Give gamma, and for each point of the dictionary its position and its coefficient."""
    with mp.workdps(80):
        step = 2 * mp.mpf(bound) / (size - 1)
        gamma = 1 / (6 * step**2)
        places = [step * i - bound for i in range(size)]
        kernel = mp.matrix(size, size)
        for i, a in enumerate(places):
            for j, b in enumerate(places):
                kernel[i, j] = mp.exp(-gamma * (a - b) ** 2) + (mp.mpf(KAF_RIDGE) if i == j else 0)
        return gamma, list(zip(places, mp.lu_solve(kernel, mp.matrix([elu(d) for d in places])), strict=True))


def kaf(x: Real, p: Values) -> Real:
    gamma, points = kaf_start(int(p["size"]), float(p["bound"]))
    return mp.fsum(c * mp.exp(-gamma * (x - d) ** 2) for d, c in points)


SHAPES: tuple[Formula, ...] = (
    Formula(
        "lecun_tanh",
        lambda x, p: mp.mpf("1.7159") * mp.tanh(2 * x / 3),
        (-1.7159, 1.7159),
        True,
        (-1.7159, 1.7159),
        1.7159 * 2.0 / 3.0,
    ),
    Formula(
        "penalized_tanh",
        lambda x, p: mp.tanh(x) if x > 0 else p["alpha"] * mp.tanh(x),
        (-0.25, 1.0),
        True,
        (-0.25, 1.0),
        1.0,
        {"alpha": 0.25},
        ({"alpha": 0.6},),
        lambda p: () if p["alpha"] == 1.0 else (0.0,),
    ),
    Formula(
        "hard_sigmoid_binary",
        lambda x, p: clip((x + 1) / 2, 0.0, 1.0),
        (0.0, 1.0),
        True,
        (0.0, 1.0),
        0.5,
        kinks=lambda p: (-1.0, 1.0),
    ),
    Formula(
        "isru",
        lambda x, p: x / mp.sqrt(1 + p["alpha"] * x * x),
        (-1.0, 1.0),
        True,
        (-1.0, 1.0),
        1.0,
        {"alpha": 1.0},
        ({"alpha": 3.0}, {"alpha": 0.25}),
    ),
    Formula(
        "elliott",
        lambda x, p: mp.mpf(0.5) / (1 - x) if x < 0 else 1 - mp.mpf(0.5) / (1 + x),
        (0.0, 1.0),
        True,
        (0.0, 1.0),
        0.5,
    ),
    Formula("sqnl", lambda x, p: sqnl(x), (-1.0, 1.0), True, (-1.0, 1.0), 1.0),
    Formula(
        "arctan", lambda x, p: mp.atan(x), (-math.pi / 2.0, math.pi / 2.0), True, (-math.pi / 2.0, math.pi / 2.0), 1.0
    ),
    Formula("arcsinh", lambda x, p: mp.asinh(x), (-INF, INF), True, (-INF, INF), 1.0),
    Formula(
        "hexpo",
        hexpo,
        (-1.0, 1.0),
        True,
        (-1.0, 1.0),
        1.0,
        {"a": 1.0, "b": 1.0, "c": 1.0, "d": 1.0},
        ({"a": 1.4, "b": 0.7, "c": 0.6, "d": 0.3}, {"a": 2.0, "b": 1.5, "c": 0.8, "d": 1.2}),
        lambda p: () if p["a"] / p["b"] == p["c"] / p["d"] else (0.0,),
        doubt="a survey (2402.09092, equation 19) prints e^(-x/d) below zero, which would explode; the "
        "catalogue's e^(x/d) is bounded, as the paper says the function is",
    ),
    Formula(
        "soft_clipping",
        # steepest at 1/2: sigmoid(alpha / 2) - sigmoid(-alpha / 2)
        lambda x, p: (softplus(p["alpha"] * x) - softplus(p["alpha"] * (x - 1))) / p["alpha"],
        (0.0, 1.0),
        True,
        (0.0, 1.0),
        math.tanh(0.125),
        {"alpha": 0.5},
        ({"alpha": 5.0}, {"alpha": 50.0}),
        doubt="the paper has no default for alpha (it draws 50 or so); 0.5 is the Mish README's",
    ),
    Formula(
        "soft_root_sign",
        # lowest at -beta. No pole as long as alpha e > beta
        lambda x, p: x / (x / p["alpha"] + mp.exp(-x / p["beta"])),
        (15.0 / (3.0 - 5.0 * math.e), 5.0),
        False,
        (0.0, 5.0),
        1.1373161474600582,
        {"alpha": 5.0, "beta": 3.0},
        ({"alpha": 2.0, "beta": 3.0}, {"alpha": 3.0, "beta": 2.0}),
        doubt="start 5 and 3 in one source, 2 and 3 in another. The denominator has zeros when alpha e <= beta",
    ),
    Formula(
        "cloglog",
        lambda x, p: -mp.expm1(-mp.exp(x)),
        (0.0, 1.0),
        True,
        (0.0, 1.0),
        1.0 / math.e,
        doubt="a survey's transcription has e^-x inside, which would fall; the link function's e^x is taken",
    ),
    Formula("gaussian", lambda x, p: mp.exp(-x * x), (0.0, 1.0), False, (0.0, 0.0), math.sqrt(2.0 / math.e)),
    Formula("loglog", lambda x, p: mp.exp(-mp.exp(-x)), (0.0, 1.0), True, (0.0, 1.0), 1.0 / math.e),
    Formula(
        "sine",
        lambda x, p: mp.sin(p["omega"] * x),
        (-1.0, 1.0),
        False,
        (None, None),
        1.0,
        {"omega": 1.0},
        ({"omega": 2.5}, {"omega": 30.0}),
    ),
    Formula("cosine", lambda x, p: mp.cos(x), (-1.0, 1.0), False, (None, None), 1.0),
    Formula(
        # the slope is 1 + sin(2 alpha x)
        "snake",
        lambda x, p: x + mp.sin(p["alpha"] * x) ** 2 / p["alpha"],
        (-INF, INF),
        True,
        (-INF, INF),
        2.0,
        {"alpha": 1.0},
        ({"alpha": 0.3}, {"alpha": 5.0}),
        doubt="the paper also starts alpha at 0.5 and at larger values for periodic data",
    ),
    Formula("gcu", lambda x, p: x * mp.cos(x), (-INF, INF), False, (None, None), INF),
    Formula(
        "sinc",
        lambda x, p: mp.sinc(x),
        (-0.21723362821122166, 1.0),
        False,
        (0.0, 0.0),
        0.4361818172714585,
        doubt="sin(x) / x, without pi",
    ),
    Formula(
        "pvlu",
        lambda x, p: relu(x) + p["alpha"] * mp.sin(p["beta"] * x),
        (-1.0, INF),
        False,
        (None, INF),
        2.0,
        {"alpha": 1.0, "beta": 1.0},
        ({"alpha": 0.1, "beta": 1.0}, {"alpha": 0.4, "beta": 2.5}),
        at_zero,
        doubt="a survey's VLU has alpha 0.1; 1 and 1 from the catalogue. With 1 and 1 the kink at 0 goes "
        "from slope 1 to 2",
    ),
    Formula(
        # sin x above zero, x below: twice differentiable at 0
        "minsin",
        lambda x, p: min(x, mp.sin(x)),
        (-INF, 1.0),
        False,
        (-INF, None),
        1.0,
    ),
    Formula(
        "apl",
        lambda x, p: relu(x),
        (0.0, INF),
        True,
        (0.0, INF),
        1.0,
        {"pieces": 2},
        ({"pieces": 1}, {"pieces": 5}),
        at_zero,
        doubt="the authors' code draws a_s uniformly from [-0.2, 0.2] and b_s from N(0, 0.5^2) for each "
        "neuron; taken: all a_s = 0, which is relu whatever the b_s",
    ),
    Formula(
        "pau",
        lambda x, p: pau(x),
        (-INF, INF),
        False,
        (-INF, INF),
        1.0351260452968398,
        kinks=at_zero,
        doubt="taken: the published coefficients (table 6) with 1 + sum |b_k| |x|^k below, since only so do "
        "they fit leaky ReLU 0.01 (-0.0107 at -1; 1 + |sum b_k x^k| gives -0.022, and kinks where the "
        "sum is 0). A fit of one's own differs by its error. |x| leaves a kink of 2 a_0 b_1 = 0.068 "
        "at 0",
    ),
    Formula(
        "pwlu",
        pwlu,
        (0.0, INF),
        True,
        (0.0, INF),
        1.0,
        {"pieces": 16, "bound": 3.0},
        ({"pieces": 8, "bound": 2.0}, {"pieces": 5, "bound": 2.5}),
        pwlu_kinks,
        doubt="start: relu at the knots, slope 0 to the left and 1 to the right, so relu itself when the "
        "number of pieces is even; with an odd number relu interpolated, without its corner",
    ),
    Formula(
        "slaf",
        lambda x, p: x,
        (-INF, INF),
        True,
        (-INF, INF),
        1.0,
        {"degree": 4},
        ({"degree": 2},),
        doubt="the paper's start is not known here; taken: the identity",
    ),
    Formula(
        "melu",
        lambda x, p: relu(x),
        (0.0, INF),
        True,
        (0.0, INF),
        1.0,
        {"k": 4, "limit": 256.0},
        ({"k": 8, "limit": 256.0}, {"k": 4, "limit": 1.0}),
        at_zero,
        doubt="from memory of the paper: all coefficients, PReLU's slope with them, start at 0, so relu",
    ),
    Formula(
        "kaf",
        kaf,
        (-0.950587206594272, 3.0437830423590677),
        False,
        (0.0, 0.0),
        3.3944106646511694,
        {"size": 20, "bound": 3.0},
        ({"size": 12, "bound": 2.0},),
        doubt="taken: ELU by kernel ridge regression at the dictionary's own points, gamma = 1 / (6 step^2) "
        "from the paper and ridge 1e-4 from the authors' code (which has gamma = 1 / (8 step^2) and "
        "bound 4 as defaults). Only near the dictionary is it like ELU: it falls to 0 outside",
    ),
    Formula(
        "poly_relu",
        lambda x, p: mp.fsum(relu(x) ** i for i in range(1, int(p["degree"]) + 1)) / p["degree"],
        (0.0, INF),
        True,
        (0.0, INF),
        INF,
        {"degree": 3},
        ({"degree": 1}, {"degree": 2}),
        at_zero,
        doubt="start 1 / degree for each power from 1 up and 0 for the constant, as in the authors' code",
    ),
    Formula(
        "prob_act",
        lambda x, p: relu(x),
        (0.0, INF),
        True,
        (0.0, INF),
        1.0,
        {"sigma": 0.05},
        ({"sigma": 0.5},),
        at_zero,
        doubt="the start of sigma is not known here; it does not enter the evaluation function, relu",
    ),
)
