"""Functions that saturate on both sides, and functions that grow like a logarithm."""

from functools import partial
from math import inf, pi

from reluctant.catalogue.activations.row import BOTH, LINE, row
from reluctant.catalogue.entry import Parameter

bounded = partial(row, family="bounded", module="reluctant.activations.bounded")
UNIT, SIGNED = (0.0, 1.0), (-1.0, 1.0)
_GOMES = "Gomes & Ludermir 2008"

# fmt: off
ROWS = (
    bounded(
        96, "dsilu", "dSiLU", "Elfwing et al. 2017 (1702.03118)", r"\sigma(x)(1 + x(1 - \sigma(x)))",
        "The slope of SiLU: a steeper sigmoid that overshoots a little on both sides.",
        family="self-gated", range=(-0.09983932012886694, 1.09983932012886694), limits=UNIT,
        traits="bounded smooth",
    ),
    bounded(
        105, "seagull", "Seagull", "Gao et al. 2020", r"\ln(1 + x^2)",
        "An even function that grows like a logarithm: for targets with a symmetry.",
        family="self-gated", range=(0.0, inf), limits=BOTH, traits="smooth",
    ),
    bounded(
        106, "lecun_tanh", "LeCunTanh", "LeCun et al. 1998", r"1.7159 \tanh(\frac{2}{3}x)",
        "Tanh scaled to pass through (±1, ±1), where its curvature is largest.",
        range=(-1.7159, 1.7159), limits=(-1.7159, 1.7159), traits="monotone bounded smooth",
    ),
    bounded(
        107, "penalized_tanh", "PenalizedTanh", "Xu, Huang & Li 2016 (1602.05980)",
        r"\tanh x \text{ if } x > 0 \text{ else } \alpha \tanh x",
        "A leaky tanh: smaller on the negative side, which makes deep stacks trainable.",
        Parameter("alpha", 0.25, "α: factor below zero"),
        range=(-0.25, 1.0), limits=(-0.25, 1.0), kinks=(0.0,), traits="monotone bounded",
    ),
    bounded(
        108, "hard_sigmoid_binary", "HardSigmoid (BinaryNet)", "Courbariaux et al. 2015",
        r"\mathrm{clip}((x + 1)/2, 0, 1)",
        "The sigmoid of binary networks: a probability from straight pieces.",
        range=UNIT, limits=UNIT, kinks=(-1.0, 1.0), traits="monotone bounded",
        note="hardsigmoid is PyTorch's relu6(x + 3)/6.",
    ),
    bounded(
        109, "isru", "ISRU", "Carlile et al. 2017 (1710.09967)", r"x/\sqrt{1 + \alpha x^2}",
        "Shaped like tanh, from an inverse square root.",
        Parameter("alpha", 1.0, "α: the limits are ±1/√α", above=0.0),
        range=SIGNED, limits=SIGNED, traits="monotone bounded smooth",
    ),
    bounded(
        110, "elliott", "Elliott", "Elliott 1993", r"x/(2(1 + |x|)) + \frac{1}{2}",
        "A sigmoid without exponentials, slow to saturate.",
        range=UNIT, limits=UNIT, traits="monotone bounded smooth",
        note="Softsign moved and scaled to (0, 1).",
    ),
    bounded(
        111, "sqnl", "SQNL", "Wuraola & Patel 2018",
        r"x - x|x|/4 \text{ if } |x| \leq 2 \text{ else } \mathrm{sign}(x)",
        "Tanh from two parabolas, for small processors.",
        range=SIGNED, limits=SIGNED, traits="monotone bounded smooth",
    ),
    bounded(
        112, "arctan", "Arctan", "classical", r"\arctan x",
        "A squashing function that approaches its limits slowly.",
        range=(-pi / 2, pi / 2), limits=(-pi / 2, pi / 2), traits="monotone bounded smooth", aliases="atan",
    ),
    bounded(
        113, "arcsinh", "Arcsinh", "classical", r"\ln(x + \sqrt{x^2 + 1})",
        "The identity near zero, a logarithm far out on both sides: reduces outliers without saturating.",
        family="classical", range=LINE, limits=LINE, traits="monotone smooth", aliases="asinh",
    ),
    bounded(
        114, "hexpo", "Hexpo", "Kong & Takatsuka 2017",
        r"-a(e^{-x/b} - 1) \text{ if } x \geq 0 \text{ else } c(e^{x/d} - 1)",
        "Like tanh, with separate limits and slopes on each side.",
        Parameter("a", 1.0, "a: the value at ∞", above=0.0),
        Parameter("b", 1.0, "b: scale of the upper side", above=0.0),
        Parameter("c", 1.0, "c: the value at −∞ is −c", above=0.0),
        Parameter("d", 1.0, "d: scale of the lower side", above=0.0),
        range=SIGNED, limits=SIGNED, traits="monotone bounded smooth",
    ),
    bounded(
        115, "soft_clipping", "SoftClipping", "Klimek & Perelstein 2018 (1810.11509)",
        r"\frac{1}{\alpha}\ln((1 + e^{\alpha x})/(1 + e^{\alpha(x - 1)}))",
        "A clip to (0, 1) with rounded corners, for outputs that must stay inside.",
        Parameter("alpha", 0.5, "α: sharpness of the corners", above=0.0, high=80.0),
        range=UNIT, limits=UNIT, traits="monotone bounded smooth",
        note="The default is that of public lists; the paper uses a sharper one for its outputs.",
    ),
    bounded(
        116, "soft_root_sign", "SoftRootSign", "Zhou et al. 2020 (2003.00547)",
        r"x/(x/\alpha + e^{-x/\beta})",
        "Bounded and non-monotone with learned limits, designed to work without batch normalisation.",
        Parameter("alpha", 5.0, "α: the limit at ∞", above=0.0, learned=True),
        Parameter("beta", 3.0, "β: where the dip lies", above=0.0, learned=True),
        range=(-1.4162421447869211, 5.0), limits=(0.0, 5.0), traits="learned bounded smooth", aliases="srs",
        fault=lambda p: "" if 2 * p["alpha"] >= p["beta"] else "alpha must not be below beta/2",
        note="The denominator has a zero where α < β/e; α is clamped to at least β/2, β to at least 0.01.",
    ),
    bounded(
        117, "cloglog", "Cloglog", _GOMES, r"1 - e^{-e^x}",
        "The complementary log-log link of statistics: an asymmetric sigmoid, fast above zero.",
        range=UNIT, limits=UNIT, traits="monotone bounded smooth",
    ),
    bounded(
        118, "gaussian", "Gaussian", "Broomhead & Lowe 1988", r"e^{-x^2}",
        "A bump at zero: the unit of radial basis networks.",
        range=UNIT, limits=(0.0, 0.0), traits="bounded smooth",
        note="Also written e^(−x²/2), which is another function.",
    ),
    bounded(
        119, "loglog", "LogLog", _GOMES, r"e^{-e^{-x}}",
        "The log-log link of statistics (Gumbel's distribution): an asymmetric sigmoid, fast below zero.",
        range=UNIT, limits=UNIT, traits="monotone bounded smooth",
    ),
)
