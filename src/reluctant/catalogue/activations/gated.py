"""Self-gated functions without learned parameters: the input times a gate that opens with it."""

from functools import partial
from math import inf, pi

from reluctant.catalogue.activations.row import BOTH, RAY, row
from reluctant.catalogue.entry import Parameter

gated = partial(row, family="self-gated", module="reluctant.activations.gated", limits=RAY, traits="smooth")
_SILU = -0.27846454276107379  # SiLU's minimum, at −1.2784645…

# fmt: off
ROWS = (
    gated(
        68, "quick_gelu", "QuickGELU", "Hendrycks & Gimpel 2016 (1606.08415)", r"x\,\sigma(1.702x)",
        "GELU with a logistic gate, cheaper and nearly the same: the choice of CLIP.",
        range=(-0.16361018963635357, inf),
    ),
    gated(
        69, "e_swish", "E-Swish", "Alcaide 2018 (1801.07145)", r"\beta x\,\sigma(x)",
        "SiLU times a constant above one: larger slopes in deep networks.",
        Parameter("beta", 1.5, "β: the slope at ∞"),
        range=(1.5 * _SILU, inf),
        note="The paper tries β from 1 to 2. The 'exponential swish' is another function.",
    ),
    gated(
        70, "flatten_t_swish", "FlattenTSwish", "Chieng et al. 2018 (1812.06247)", r"\max(0, x)\sigma(x) + T",
        "SiLU above zero, a constant below zero that need not be zero.",
        Parameter("t", -0.2, "T: the value below zero"),
        range=(-0.2, inf), limits=(-0.2, inf), kinks=(0.0,), traits="monotone", aliases="fts",
    ),
    gated(
        71, "hard_mish", "HardMish", "Wightman's timm (PyTorch Image Models)",
        r"\frac{x}{2}\mathrm{clip}(x + 2, 0, 2)",
        "Mish from a parabola and two straight pieces, for phones.",
        range=(-0.5, inf), kinks=(-2.0,), traits="", aliases="h_mish",
        note="It comes from the community; there is no paper.",
    ),
    gated(
        72, "lisht", "LiSHT", "Roy et al. 2019 (1901.05894)", r"x \tanh x",
        "Like the absolute value, rounded off at zero: no output is negative.",
        range=RAY, limits=BOTH,
    ),
    gated(
        73, "tanh_exp", "TanhExp", "Liu & Di 2020 (2003.09855)", r"x \tanh(e^x)",
        "A relative of Mish whose slope reaches one sooner.",
        range=(-0.35328577784821121, inf), aliases="telu telu_2024",
        note="Fernandez & Mali 2024 (2412.20269) publish the same function as TeLU; Mercioni's TeLU is "
        "another.",
    ),
    gated(
        75, "serf", "Serf", "Nag et al. 2021 (2108.09598)", r"x\,\mathrm{erf}(\ln(1 + e^x))",
        "A relative of Mish with the error function as its gate.",
        range=(-0.34843745875960641, inf),
    ),
    gated(
        76, "smish", "Smish", "Wang, Ren & Wang 2022", r"\alpha x \tanh(\ln(1 + \sigma(\beta x)))",
        "Mish of a sigmoid: its slope far out is 0.6.",
        Parameter("alpha", 1.0, "α: a factor"),
        Parameter("beta", 1.0, "β: sharpness of the gate"),
        range=(-0.24999366366012952, inf),
    ),
    gated(
        77, "logish", "Logish", "Zhu et al. 2021", r"\alpha x \ln(1 + \sigma(\beta x))",
        "Gated by the logarithm of a sigmoid: its slope far out is ln 2.",
        Parameter("alpha", 1.0, "α: a factor"),
        Parameter("beta", 1.0, "β: sharpness of the gate"),
        range=(-0.25276881668944032, inf),
    ),
    gated(
        78, "gish", "Gish", "Kaytan et al. 2022", r"x \ln(2 - e^{-e^x})",
        "Gated by a logarithm of Gumbel's distribution: its slope far out is ln 2.",
        range=(-0.27815946089638692, inf),
    ),
    gated(
        79, "phish", "Phish", "Naveen 2021", r"x \tanh(x\,\Phi(x))",
        "Gated by tanh of GELU: never negative, with a small bump below zero.",
        range=RAY,
    ),
    gated(
        80, "golu", "GoLU", "Das et al. 2025 (2502.03654)", r"x\,e^{-e^{-x}}",
        "Gated by Gumbel's distribution, which is asymmetric: less noise passes below zero than with GELU.",
        range=(-0.097260131227639402, inf), aliases="expexpish",
        note="ExpExpish (Zhu et al. 2021) is the same function.",
    ),
    gated(
        81, "log_logish", "LogLogish", "Zhu et al. 2021", r"x(1 - e^{-e^x})",
        "Gated by the complementary log-log function, which opens fast above zero.",
        range=(-0.31218251608651646, inf),
    ),
    gated(
        82, "atlu", "ATLU", "Huang 2024 (2405.20768)", r"x(\arctan x + \pi/2)/\pi",
        "Gated by the Cauchy distribution: monotone, and its tail below zero is long.",
        range=(-1 / pi, inf), limits=(-1 / pi, inf), traits="monotone smooth", aliases="calu arctan_gelu",
        note="The paper also widens the gate's range; that variant is left out.",
    ),
    gated(
        83, "lalu", "LaLU", "Kunc & Kléma 2024 (2402.09092), a survey",
        r"x(1 - \frac{1}{2}e^{-x}) \text{ if } x \geq 0 \text{ else } \frac{1}{2}x e^x",
        "Gated by the Laplace distribution.",
        range=(-0.18393972058572117, inf), aliases="laplace_lu",
        note="Its second derivative jumps at zero.",
    ),
    gated(
        85, "sinsig", "SinSig", "Douge et al. 2021", r"x \sin(\frac{\pi}{2}\sigma(x))",
        "Gated by the sine of a sigmoid, for vision networks.",
        range=(-0.42917763205054654, inf),
    ),
    gated(
        88, "aria2", "ARiA2", "Patwardhan et al. 2018 (1805.08878)", r"x(1 + e^{-\beta x})^{-\alpha}",
        "Gated by Richards' growth curve, whose two bends have separate parameters.",
        Parameter("alpha", 1.5, "α: asymmetry of the gate", low=0.0),
        Parameter("beta", 2.0, "β: sharpness of the gate"),
        range=(-0.069977641319701381, inf), note="With α = 1 it is Swish.",
    ),
    gated(
        89, "pflu", "PFLU", "Zhu et al. 2021", r"\frac{x}{2}(1 + x/\sqrt{1 + x^2})",
        "Gated by an inverse square root: no exponential, and a long tail below zero.",
        range=(-0.15014155300038884, inf),
        note="Another function, max(x, x/(1 + x²)), has the same name.",
    ),
    gated(
        90, "fpflu", "FPFLU", "Zhu et al. 2021",
        r"x \text{ if } x \geq 0 \text{ else } x + x^2/\sqrt{1 + x^2}",
        "A line above zero, twice PFLU below.",
        range=(-0.30028310600077769, inf), module="reluctant.activations.exponential",
    ),
    gated(
        91, "eanaf", "EANAF", "Chai et al. 2022", r"x e^x/(e^x + 2)",
        "Gated by tanh of half a softplus, which is a sigmoid shifted by ln 2.",
        range=(-0.15718495148381400, inf),
        note="x tanh(ln(1 + eˣ)/2) and xσ(x − ln 2) are the same.",
    ),
    gated(
        94, "eis_1", "EIS-1", "Biswas et al. 2020 (2009.13501)", r"x \ln(1 + e^x)/(x + 1.16 e^{-x})",
        "A member of a family of softplus over a denominator that grows on both sides.",
        range=(-0.17376358557944482, inf),
        note="The denominator is at least 1.148, so there is no pole.",
    ),
    gated(
        95, "tanh_soft", "TanhSoft", "Biswas et al. 2020",
        r"\tanh(\alpha x + \beta e^{\gamma x})\ln(\delta + e^x)",
        "Tanh times softplus; the family contains TanhExp and LiSHT-like functions too.",
        Parameter("alpha", 0.87, "α"),
        Parameter("beta", 0.0, "β"),
        Parameter("gamma", 0.0, "γ"),
        Parameter("delta", 1.0, "δ", low=0.0, high=1.0),
        range=(-0.22378487459642160, inf), aliases="tanhsoft_1",
        note="The default is TanhSoft-1; α = 0, β = 0.6, γ = 1, δ = 0 gives x tanh(0.6eˣ), TanhSoft-2.",
    ),
    gated(
        101, "sau", "SAU", "Biswas et al. 2021 (2109.13210)",
        r"\alpha x + (1 - \alpha)(x\,\Phi(x/\sigma) + \sigma\varphi(x/\sigma))",
        "Leaky ReLU convolved with a narrow normal density.",
        Parameter("alpha", 0.15, "α: slope below zero", low=-1.0, high=1.0),
        Parameter("sigma", 0.1, "σ: width of the density", above=0.0),
        range=(-inf, inf), limits=(-inf, inf), traits="monotone smooth",
        note="φ is the normal density. The paper's σ is 1/n with a large n that could not be found; σ = "
        "0.1 is a choice of this catalogue.",
    ),
    gated(
        103, "gelu_sine", "GELUSine", "2026 (2602.05688)", r"x\,\Phi(x) + 0.1\sin x",
        "GELU plus a small sine wave.",
        range=(-0.24404498113523420, inf), limits=(None, inf),
    ),
)
