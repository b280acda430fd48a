"""Rectifiers that PyTorch lacks."""

from functools import partial
from math import inf, sqrt

from reluctant.catalogue.activations.row import BOTH, LINE, RAY, require_order, row
from reluctant.catalogue.entry import Parameter

rectifier = partial(row, family="rectifier", module="reluctant.activations.rectifiers")
_VALLES = "Vallés-Pérez et al. 2023 (2301.05993)"
_PISHCHIK = "Pishchik 2023"
_PISHCHIK_DOI = "10.20944/preprints202301.0463.v1"

# fmt: off
ROWS = (
    rectifier(
        27, "squared_relu", "SquaredReLU", "So et al. 2021 (2109.08668)", r"\max(0, x)^2",
        "ReLU squared, found by a search for better transformers (Primer).",
        range=RAY, limits=RAY, traits="monotone smooth", aliases="relu2 relu_squared",
        note="repu(k=2) is the same function.",
    ),
    rectifier(
        28, "repu", "RePU", "Li, Tang & Yu 2019", r"\max(0, x)^k",
        "A power of ReLU: networks of it are piecewise polynomials and approximate smooth functions well.",
        Parameter("k", 3, "the power", low=1, high=20),
        range=RAY, limits=RAY, traits="monotone smooth",
        note="The paper studies k = 2 and 3; k = 1 is ReLU.",
    ),
    rectifier(
        29, "star_relu", "StarReLU", "Yu et al. 2022 (2210.13452)", r"s \max(0, x)^2 + b",
        "Squared ReLU shifted and scaled to mean 0 and variance 1 under a standard normal input.",
        Parameter("scale", 0.8944, "s", learned=True),
        Parameter("bias", -0.4472, "b", learned=True),
        range=(-0.4472, inf), limits=(-0.4472, inf), traits="learned monotone smooth",
        note="The initial values are the paper's, 2/√5 and −1/√5 to four digits.",
    ),
    rectifier(
        30, "shifted_relu", "ShiftedReLU", "Clevert et al. 2015 (1511.07289)", r"\max(-1, x)",
        "ReLU moved to (−1, −1), so that outputs centre nearer to zero: a baseline of the ELU paper.",
        range=(-1.0, inf), limits=(-1.0, inf), kinks=(-1.0,), traits="monotone",
        note="The ELU paper calls it SReLU; 'srelu' here is the S-shaped one.",
    ),
    rectifier(
        31, "bounded_relu", "BoundedReLU", "Liew et al. 2016", r"\min(\max(0, x), A)",
        "ReLU with a ceiling, which keeps deep networks numerically stable.",
        Parameter("ceiling", 1.0, "A: the highest value", above=0.0),
        range=(0.0, 1.0), limits=(0.0, 1.0), kinks=(0.0, 1.0), traits="monotone bounded",
        aliases="clipped_relu",
    ),
    rectifier(
        32, "srelu", "SReLU", "Jin et al. 2015 (1512.07030)",
        r"l + a(x - l) \text{ if } x \leq l \text{ else } r + b(x - r) \text{ if } x \geq r \text{ else } x",
        "Three straight pieces whose ends and outer slopes are learned, S-shaped if necessary.",
        Parameter("left", 0.0, "l: where the left piece ends", learned=True),
        Parameter("left_slope", 0.2, "a: slope of the left piece", learned=True),
        Parameter("right", 1.0, "r: where the right piece starts", learned=True),
        Parameter("right_slope", 1.0, "b: slope of the right piece", learned=True),
        range=LINE, limits=LINE, kinks=(0.0,), traits="learned monotone", aliases="s_shaped_relu",
        fault=require_order("left", "right"),
        note="The paper learns four numbers per channel and takes r from the first batches; here it is four "
        "per layer, and r starts at 1. The shifted ReLU is called SReLU too.",
    ),
    rectifier(
        34, "modulus", "Modulus", _VALLES, r"|x|",
        "The absolute value: no unit dies and no slope vanishes, but the sign is lost.",
        range=RAY, limits=BOTH, kinks=(0.0,), aliases="abs vrelu abs_relu",
    ),
    rectifier(
        35, "soft_modulus_q", "SoftModulusQ", _VALLES,
        r"x^2(2 - |x|) \text{ if } |x| \leq 1 \text{ else } |x|",
        "The absolute value rounded off at zero by a polynomial.",
        range=RAY, limits=BOTH, traits="smooth",
    ),
    rectifier(
        36, "soft_modulus_t", "SoftModulusT", _VALLES, r"x \tanh(x/\beta)",
        "The absolute value rounded off at zero by tanh.",
        Parameter("beta", 0.01, "β: width of the rounding", above=0.0),
        range=RAY, limits=BOTH, traits="smooth", note="lisht is the same with β = 1.",
    ),
    rectifier(
        37, "flexible_relu", "FReLU", "Qiu, Xu & Cai 2017 (1706.08098)", r"\max(0, x) + b",
        "ReLU with a learned shift of its outputs.",
        Parameter("bias", 0.0, "b", learned=True),
        range=RAY, limits=RAY, kinks=(0.0,), traits="learned monotone", aliases="frelu",
        note="The funnel activation is called FReLU too.",
    ),
    rectifier(
        39, "noisy_relu", "NoisyReLU", "Nair & Hinton 2010", r"\max(0, x + n),\ n \sim N(0, \sigma(x))",
        "ReLU of a noisy input: equivalent to an infinite set of binary units.",
        module="reluctant.activations.stochastic", code="NoisyReLU",
        range=RAY, limits=RAY, kinks=(0.0,), traits="stochastic monotone",
        note="σ(x) is the variance. In evaluation it is ReLU; in training the slope includes the "
        "slope of the noise's width.",
    ),
    rectifier(
        40, "nlrelu", "NLReLU", "Liu et al. 2019 (1908.03682)", r"\ln(\beta \max(0, x) + 1)",
        "ReLU through a logarithm, which compresses large outputs.",
        Parameter("beta", 1.0, "β", above=0.0),
        range=RAY, limits=RAY, kinks=(0.0,), traits="monotone", aliases="natural_log_relu",
    ),
    rectifier(
        41, "sine_relu", "SineReLU", "Rodrigues 2018",
        r"x \text{ if } x > 0 \text{ else } \epsilon(\sin x - \cos x)",
        "ReLU with a small wave below zero, so that the slope there is not zero.",
        Parameter("epsilon", 0.0025, "ε: height of the wave"),
        range=(-0.0025 * sqrt(2), inf), limits=(None, inf), kinks=(0.0,), traits="discontinuous",
        note="It jumps by ε at zero; the formula is from its author's blog.",
    ),
    rectifier(
        42, "sign_relu", "SignReLU", "Lin & Shen 2018",
        r"x \text{ if } x \geq 0 \text{ else } \alpha x/(1 + |x|)",
        "A line above zero, softsign below.",
        Parameter("alpha", 1.0, "α: the value at −∞ is −α", low=0.0),
        range=(-1.0, inf), limits=(-1.0, inf), traits="monotone smooth", aliases="dlu poly_lu",
        note="PolyLU (Feng & Yang 2023), 1/(1 − x) − 1 below zero, is the same function at α = 1.",
    ),
    rectifier(
        43, "plu", "PLU", "Nicolae 2018 (1809.09534)", r"\max(\alpha(x + c) - c, \min(\alpha(x - c) + c, x))",
        "Three straight pieces between tanh and ReLU: the identity in the middle, a small slope outside.",
        Parameter("alpha", 0.1, "α: slope outside", low=0.0, high=1.0),
        Parameter("c", 1.0, "c: where the middle ends", above=0.0),
        range=LINE, limits=LINE, kinks=(-1.0, 1.0), traits="monotone", aliases="piecewise_linear_unit",
    ),
    rectifier(
        45, "squareplus", "Squareplus", "Barron 2021 (2112.11687)", r"(x + \sqrt{x^2 + b})/2",
        "A smooth ReLU like softplus from a square root alone.",
        Parameter("b", 4.0, "b: width of the bend", above=0.0),
        range=RAY, limits=RAY, traits="monotone smooth",
        note="b = 4 has the curvature of softplus at zero, b = 4 ln² 2 its value.",
    ),
    rectifier(
        46, "smelu", "SmeLU", "Shamir et al. 2022 (2202.06499)",
        r"0 \text{ if } x \leq -\beta \text{ else } x \text{ if } x \geq \beta "
        r"\text{ else } (x + \beta)^2/(4\beta)",
        "ReLU with its corner replaced by a parabola: steadier predictions from one training to the next.",
        Parameter("beta", 1.0, "β: half the width of the parabola", above=0.0),
        range=RAY, limits=RAY, traits="monotone smooth", aliases="sparse_plus",
        note="JAX has it as sparse_plus, with β = 1.",
    ),
    rectifier(
        47, "bent_identity", "BentIdentity", "folklore", r"(\sqrt{x^2 + 1} - 1)/2 + x",
        "A line that bends from slope 1/2 to slope 3/2.",
        range=LINE, limits=LINE, traits="monotone smooth",
    ),
    rectifier(
        48, "blu", "BLU", "Godfrey 2019", r"\beta(\sqrt{x^2 + 1} - 1) + x",
        "The bent identity with a learned bend, from the identity to a rectifier on either side.",
        Parameter("beta", 0.5, "β: the bend", low=-1.0, high=1.0, learned=True),
        range=LINE, limits=LINE, traits="learned monotone smooth", aliases="bendable_linear_unit",
        note="β is clamped to [−1, 1]. Its start at the bent identity's 0.5 is a choice of this catalogue.",
    ),
    rectifier(
        49, "delu", "DELU", _PISHCHIK,
        r"x\,\sigma(x) \text{ if } x \leq 0 \text{ else } (n + \frac{1}{2})x + |e^{-x} - 1|",
        "SiLU below zero, a steep and slightly bent line above.",
        Parameter("n", 1.0, "n: the slope far out is n + 1/2"),
        range=(-0.27846454276107379, inf), limits=RAY, kinks=(0.0,), identifier=_PISHCHIK_DOI,
        note="Continuous, but its slope jumps at zero from 1/2 to n + 3/2.",
    ),
    rectifier(
        50, "shilu", "ShiLU", _PISHCHIK, r"\alpha \max(0, x) + \beta",
        "ReLU with a learned slope and a learned shift.",
        Parameter("alpha", 1.0, "α: slope", learned=True),
        Parameter("beta", 0.0, "β: shift", learned=True),
        range=RAY, limits=RAY, kinks=(0.0,), traits="learned monotone", identifier=_PISHCHIK_DOI,
    ),
    rectifier(
        51, "arelu", "AReLU", "Chen, Li & Xu 2020 (2006.13858)",
        r"(1 + \sigma(\beta))x \text{ if } x \geq 0 \text{ else } \mathrm{clip}(\alpha, 0.01, 0.99)x",
        "Leaky ReLU with two learned slopes, presented as attention to the sign: fast in transfer learning.",
        Parameter("alpha", 0.9, "α: slope below zero", low=0.0, high=1.0, learned=True),
        Parameter("beta", 2.0, "β: 1 + σ(β) is the slope above zero", learned=True),
        range=LINE, limits=LINE, kinks=(0.0,), traits="learned monotone",
    ),
    rectifier(
        52, "bsilu_sugar", "SUGAR", "Horuz et al. 2025 (2505.22074)",
        r"\max(0, x),\ \mathrm{slope\ of\ } (x + \alpha)\sigma(x) - \alpha/2",
        "ReLU that learns with the slope of a smooth function, so that dead units can recover.",
        Parameter("alpha", 1.67, "α of B-SiLU"),
        range=RAY, limits=RAY, kinks=(0.0,), traits="monotone", aliases="sugar", code="sugar",
        note="A surrogate gradient, on purpose: autograd and the difference quotient differ.",
    ),
)
