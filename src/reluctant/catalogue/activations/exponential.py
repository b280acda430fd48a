"""Relatives of ELU that PyTorch lacks."""

from functools import partial
from math import inf, log, tanh

from reluctant.catalogue.activations.row import LINE, RAY, row
from reluctant.catalogue.entry import Parameter

exponential = partial(row, family="exponential", module="reluctant.activations.exponential")
_BASIRAT = "Basirat & Roth 2018 (1808.00783)"

# fmt: off
ROWS = (
    exponential(
        53, "pelu", "PELU", "Trottier et al. 2016 (1605.09332)",
        r"(a/b)x \text{ if } x \geq 0 \text{ else } a(e^{x/b} - 1)",
        "ELU that learns its depth and its scale; the slope is continuous at zero for all values.",
        Parameter("a", 1.0, "a: the value at −∞ is −a", low=0.1, learned=True),
        Parameter("b", 1.0, "b: scale of the input", low=0.1, learned=True),
        range=(-1.0, inf), limits=(-1.0, inf), traits="learned monotone smooth",
        note="The paper asks for positive a and b; here they are clamped to at least 0.1.",
    ),
    exponential(
        54, "mpelu", "MPELU", "Li et al. 2016 (1606.00305)",
        r"x \text{ if } x > 0 \text{ else } \alpha(e^{\beta x} - 1)",
        "ELU with two learned parameters, which covers ReLU, PReLU and ELU.",
        Parameter("alpha", 1.0, "α: the value at −∞ is −α", low=0.0, learned=True),
        Parameter("beta", 1.0, "β: how fast it is reached", above=0.0, learned=True),
        range=(-1.0, inf), limits=(-1.0, inf), traits="learned monotone smooth",
        note="Nothing keeps a learned β positive.",
    ),
    exponential(
        55, "isrlu", "ISRLU", "Carlile et al. 2017 (1710.09967)",
        r"x \text{ if } x \geq 0 \text{ else } x/\sqrt{1 + \alpha x^2}",
        "Like ELU, but with an inverse square root, which is cheaper than an exponential.",
        Parameter("alpha", 1.0, "α: the value at −∞ is −1/√α", above=0.0),
        range=(-1.0, inf), limits=(-1.0, inf), traits="monotone smooth",
    ),
    exponential(
        56, "serlu", "SERLU", "Zhang & Li 2018 (1807.10117)",
        r"\lambda x \text{ if } x \geq 0 \text{ else } \lambda \alpha x e^x",
        "SELU's self-normalisation with a bump instead of the monotone tail.",
        Parameter("scale", 1.07862, "λ", above=0.0),
        Parameter("alpha", 2.90427, "α"),
        range=(-1.1524205012898996, inf), limits=RAY, kinks=(0.0,),
    ),
    exponential(
        57, "elish", "ELiSH", _BASIRAT,
        r"x\,\sigma(x) \text{ if } x \geq 0 \text{ else } (e^x - 1)\sigma(x)",
        "Swish above zero, ELU times sigmoid below; found by a genetic search.",
        range=(-0.17157287525380990, inf), limits=RAY, traits="smooth",
    ),
    exponential(
        58, "hard_elish", "HardELiSH", _BASIRAT,
        r"x\,h \text{ if } x \geq 0 \text{ else } (e^x - 1)h,\ h = \mathrm{clip}((x + 1)/2, 0, 1)",
        "ELiSH with a piecewise linear sigmoid.",
        range=(-0.099673151528742619, inf), limits=RAY, kinks=(-1.0, 1.0),
    ),
    exponential(
        59, "pdelu", "PDELU", "Cheng et al. 2020",
        r"x \text{ if } x > 0 \text{ else } \alpha([1 + (1 - t)x]_+^{1/(1 - t)} - 1)",
        "ELU with a deformed exponential, which reaches its lowest value at a finite x.",
        Parameter("t", 0.9, "t: 1 would be the exponential", low=0.0, below=1.0),
        Parameter("alpha", 1.0, "α: the lowest value is −α", learned=True),
        range=(-1.0, inf), limits=(-1.0, inf), traits="learned monotone smooth",
        note="Deformations t > 1, which the definition allows, are left out; t = 0.9 is the paper's best.",
    ),
    exponential(
        60, "slu", "SLU", "Zhao et al. 2018", r"x \text{ if } x \geq 0 \text{ else } 2\ln((e^x + 1)/2)",
        "A line above zero; below zero, softplus shifted to pass through the origin.",
        range=(-2 * log(2), inf), limits=(-2 * log(2), inf), traits="monotone smooth",
        aliases="softplus_linear_unit",
        note="The paper's αx and β ln(eˣ + 1) − γ with α = 1, β = 2, γ = 2 ln 2, which join smoothly.",
    ),
    exponential(
        61, "talu", "TaLU", "Mercioni & Holban 2020", r"\max(0, x) + \tanh(\mathrm{clip}(x, \alpha, 0))",
        "A line above zero, tanh below, constant from α on.",
        Parameter("alpha", -0.75, "α: where it becomes constant", high=0.0),
        range=(tanh(-0.75), inf), limits=(tanh(-0.75), inf), kinks=(-0.75,), traits="monotone",
    ),
    exponential(
        62, "ptelu", "PTELU", "Duggal & Gupta 2017",
        r"x \text{ if } x \geq 0 \text{ else } \alpha \tanh(\beta x)",
        "A line above zero, a learned tanh below.",
        Parameter("alpha", 1.0, "α: the value at −∞ is −α", low=0.0, learned=True),
        Parameter("beta", 1.0, "β: how fast it is reached", low=0.0, learned=True),
        range=(-1.0, inf), limits=(-1.0, inf), traits="learned monotone smooth",
        note="The paper asks for α, β ≥ 0; here learned values may become negative.",
    ),
    exponential(
        64, "soft_exponential", "SoftExponential", "Godfrey & Gashler 2015 (1602.01321)",
        r"-\ln(1 - \alpha(x + \alpha))/\alpha \text{ if } \alpha < 0 "
        r"\text{ else } (e^{\alpha x} - 1)/\alpha + \alpha",
        "One learned number moves it from logarithm through identity to exponential.",
        Parameter("alpha", 0.0, "α: −1 logarithm, 0 identity, 1 exponential", learned=True),
        range=LINE, limits=LINE, traits="learned monotone smooth",
        note="At α = 0 it is the identity, with the correct gradient for α. For α < 0 the argument of the "
        "logarithm is clamped above zero.",
    ),
    exponential(
        65, "xielu", "xIELU", "Huang & Schlag 2024 (2411.13010)",
        r"\alpha_p x^2 + \beta x \text{ if } x > 0 \text{ else } \alpha_n(e^x - 1 - x) + \beta x",
        "An integral of ELU: a parabola above zero, a rising line far below; made for language models.",
        Parameter("alpha_p", 0.8, "α of the upper side", learned=True),
        Parameter("alpha_n", 0.8, "α of the lower side", learned=True),
        Parameter("beta", 0.5, "β: slope at zero"),
        range=(-0.20575122409648210, inf), limits=(inf, inf), traits="learned smooth",
        note="The paper learns its α through softplus, so that they stay positive; here they are learned "
        "directly.",
    ),
    exponential(
        66, "colu", "CoLU", "Vagerwal 2021 (2112.12078)", r"x/(1 - x e^{-(x + e^x)})",
        "A smooth rectifier with a dip below zero, a fraction without a pole.",
        range=(-0.37715856839612910, inf), limits=RAY, traits="smooth",
    ),
)
