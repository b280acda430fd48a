"""Functions whose whole shape is learned, and one whose noise is learned."""

from functools import partial

from reluctant.catalogue.activations.row import LINE, RAY, row
from reluctant.catalogue.entry import Parameter

shape = partial(row, family="learned shape", module="reluctant.activations.shapes")

# fmt: off
ROWS = (
    shape(127, "apl", "APL", "Agostinelli et al. 2014 (1412.6830)", r"\max(0, x) + \sum_s a_s \max(0, b_s - x)",
        "ReLU plus learned hinges: any piecewise linear function that ends in a line of slope one.",
        Parameter("pieces", 2, "number of hinges", low=1, high=5),
        range=RAY, limits=RAY, kinks=(0.0,), traits="learned monotone", code="APL",
        note="It starts as ReLU: all a are 0; the b are even on [−1, 1], so that no two hinges are equal."),
    shape(128, "pau", "PAU", "Molina et al. 2019 (1907.06732)", r"\sum_{k=0}^5 a_k x^k/(1 + |\sum_{k=1}^4 b_k x^k|)",
        "A learned fraction of polynomials, without poles.",
        range=LINE, limits=LINE, traits="learned smooth", aliases="rational pade", code="PAU",
        note="It starts as the best fit (least squares, ours) to leaky ReLU of slope 0.01 on [−3, 3], at most 0.07 "
        "off, with an even denominator. Outside it approaches lines of slope 0.505."),
    shape(130, "pwlu", "PWLU", "Zhou et al. 2021 (2104.03693)",
        r"y_i + (y_{i+1} - y_i)(x - x_i)/(x_{i+1} - x_i) \text{ if } x_i \leq x < x_{i+1}",
        "Straight pieces between learned heights at even knots, with learned slopes outside.",
        Parameter("pieces", 16, "number of pieces", low=1, high=1000),
        Parameter("bound", 3.0, "knots lie between −bound and bound", above=0.0),
        range=RAY, limits=RAY, kinks=(0.0,), traits="learned monotone", code="PWLU",
        note="It starts as ReLU. The paper sets the bound from running statistics in a first phase of training; here "
        "it is fixed."),
    shape(131, "slaf", "SLAF", "Goyal et al. 2019 (1906.09529)", r"\sum_k c_k x^k",
        "A learned polynomial, which can take any shape on a bounded interval and grows fast outside it.",
        Parameter("degree", 4, "the highest power", low=1, high=10),
        range=LINE, limits=LINE, traits="learned monotone smooth", code="SLAF",
        note="It starts as the identity, a choice of this catalogue."),
    shape(132, "melu", "MeLU", "Maguolo et al. 2019 (1905.02473)",
        r"\max(0, x) + c_0 \min(0, x) + \sum_j c_j \max(\lambda_j - |x - a_j|, 0)",
        "PReLU plus learned triangles of halving widths.",
        Parameter("k", 4, "learned numbers: a slope and k − 1 triangles", low=1, high=64),
        Parameter("limit", 256.0, "the triangles lie on [0, 4 limit]", above=0.0),
        range=RAY, limits=RAY, kinks=(0.0,), traits="learned monotone", code="MeLU",
        note="It starts as ReLU: all c are 0. The triangles are the paper's: 2m wide at 2m, m wide at m and 3m, m/2 "
        "wide at m/2, 3m/2 and so on. The paper's m of 256 suits byte inputs; use a limit near 1 after batch norm."),
    shape(133, "kaf", "KAF", "Scardapane et al. 2017 (1707.04035)", r"\sum_i a_i e^{-\gamma(x - d_i)^2}",
        "A learned sum of bumps at evenly spaced positions.",
        Parameter("size", 20, "number of bumps", low=1, high=1000),
        Parameter("bound", 3.0, "the bumps lie between −bound and bound", above=0.0),
        range=(-0.95058730695263640, 3.0437832305988663), limits=(0.0, 0.0), traits="learned bounded smooth",
        code="KAF",
        note="γ = 1/(6Δ²), Δ the distance of two bumps. It starts as ELU between the bounds, by kernel ridge "
        "regression at the positions of the bumps with a ridge of 1e-4, and falls to zero outside."),
    shape(135, "poly_relu", "PolyReLU", "Zhuo et al. 2024 (2411.03884)", r"\sum_k a_k \max(0, x)^k",
        "A learned polynomial above zero, a constant below; made for language models.",
        Parameter("degree", 3, "the highest power", low=1, high=10),
        range=RAY, limits=RAY, kinks=(0.0,), traits="learned monotone", code="PolyReLU",
        note="It starts at 1/degree for every power and 0 for the constant, as in the paper. PolyNorm, a related "
        "function, acts on a whole layer."),
    shape(136, "prob_act", "ProbAct", "Shridhar et al. 2019 (1905.10761)", r"\max(0, x) + s n,\ n \sim N(0, 1)",
        "ReLU plus noise of a learned width.",
        Parameter("sigma", 0.0, "s: width of the noise", learned=True),
        range=RAY, limits=RAY, kinks=(0.0,), traits="learned stochastic monotone", code="ProbAct",
        module="reluctant.activations.stochastic",
        note="ReLU in evaluation. The width starts at 0, as in the authors' code, and is one per layer; they also have "
        "one per unit, and bounded ones."),
)
