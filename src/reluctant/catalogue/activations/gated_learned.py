"""Self-gated functions with learned parameters."""

from functools import partial
from math import inf

from reluctant.catalogue.activations.row import BOTH, LINE, RAY, row
from reluctant.catalogue.entry import Parameter

gated = partial(row, family="self-gated", module="reluctant.activations.gated", limits=RAY, traits="learned smooth")
_SILU = -0.27846454276107379  # SiLU's minimum, at −1.2784645…
_BISWAS = "Biswas et al. 2021 (2109.04386)"
_SMU = "Biswas et al. 2021 (2111.04682)"

# fmt: off
ROWS = (
    gated(
        67, "swish_beta", "Swish (learned)", "Ramachandran et al. 2017 (1710.05941)", r"x\,\sigma(\beta x)",
        "SiLU with a learned gate, from x/2 (β = 0) to ReLU (β large); found by a search.",
        Parameter("beta", 1.0, "β: sharpness of the gate", learned=True),
        range=(_SILU, inf), note="'silu' is Swish with β = 1, not learned.",
    ),
    gated(
        74, "telu_mercioni", "TeLU (Mercioni)", "Mercioni & Holban 2020", r"x \tanh(\mathrm{ELU}(\alpha x))",
        "Gated by tanh of ELU: rises on both sides, like an asymmetric absolute value.",
        Parameter("alpha", 1.0, "α", learned=True),
        range=RAY, limits=BOTH, aliases="telu_2020",
        note="The TeLU of 2024 is tanh_exp.",
    ),
    gated(
        84, "sgelu", "SGELU", "Yu & Su 2019 (1911.03925)", r"\alpha x\,\mathrm{erf}(x/\sqrt{2})",
        "GELU made symmetric: an even function, for autoencoders.",
        Parameter("alpha", 1.0, "α: a factor", learned=True),
        range=RAY, limits=BOTH, aliases="symmetrical_gelu",
    ),
    gated(
        86, "erf_act", "ErfAct", _BISWAS, r"x\,\mathrm{erf}(\alpha e^{\beta x})",
        "Gated by the error function of a learned exponential.",
        Parameter("alpha", 0.75, "α", learned=True),
        Parameter("beta", 0.75, "β", learned=True),
        range=(-0.40528084517345810, inf),
    ),
    gated(
        87, "pserf", "Pserf", _BISWAS, r"x\,\mathrm{erf}(\gamma \ln(1 + e^{\delta x}))",
        "Serf with two learned numbers in its gate.",
        Parameter("gamma", 1.25, "γ", learned=True),
        Parameter("delta", 0.85, "δ", learned=True),
        range=(-0.50600687535691100, inf),
    ),
    gated(
        92, "sinlu", "SinLU", "Paul et al. 2022", r"(x + \alpha \sin\beta x)\sigma(x)",
        "SiLU with a learned sine wave.",
        Parameter("alpha", 1.0, "α: height of the wave", learned=True),
        Parameter("beta", 1.0, "β: frequency", learned=True),
        range=(-0.49737055418999104, inf),
    ),
    gated(
        93, "coslu", "CosLU", "Pishchik 2023", r"(x + \alpha \cos\beta x)\sigma(x)",
        "SiLU with a learned cosine wave.",
        Parameter("alpha", 1.0, "α: height of the wave", learned=True),
        Parameter("beta", 1.0, "β: frequency", learned=True),
        range=(-0.28927312866451050, inf), identifier="10.20944/preprints202301.0463.v1",
    ),
    gated(
        97, "acon_c", "ACON-C", "Ma et al. 2020 (2009.04759)",
        r"(p_1 - p_2)x\,\sigma(\beta(p_1 - p_2)x) + p_2 x",
        "A smooth maximum of two learned lines: learns whether to bend at all.",
        Parameter("p1", 1.0, "p₁: slope of one line", learned=True),
        Parameter("p2", 0.0, "p₂: slope of the other", learned=True),
        Parameter("beta", 1.0, "β: sharpness of the bend", learned=True),
        range=(_SILU, inf), aliases="acon",
        note="In the paper p₁, p₂ ~ N(0, 1) at the start, one pair per channel. Here it is fixed, so that "
        "runs stay paired.",
    ),
    gated(
        99, "smu", "SMU", _SMU, r"((1 + \alpha)x + (1 - \alpha)x\,\mathrm{erf}(\mu(1 - \alpha)x))/2",
        "Leaky ReLU as a smooth maximum with the error function and a learned sharpness.",
        Parameter("alpha", 0.25, "α: slope below zero", low=-1.0, high=1.0),
        Parameter("mu", 1e6, "μ: sharpness", learned=True),
        range=LINE, limits=LINE, traits="learned monotone",
        note="The initial μ is that of the authors' experiments: smooth on a scale of 1e-6 only, a corner "
        "in practice.",
    ),
    gated(
        100, "smu_1", "SMU-1", _SMU, r"((1 + \alpha)x + \sqrt{(1 - \alpha)^2 x^2 + \mu^2})/2",
        "Leaky ReLU as a smooth maximum with a square root and a learned width.",
        Parameter("alpha", 0.25, "α: slope below zero", low=-1.0, high=1.0),
        Parameter("mu", 4.352665993287951e-09, "μ: width", learned=True),
        range=LINE, limits=LINE, traits="learned monotone",
        note="The initial μ is that of the authors' experiments: smooth on a scale of 1e-8 only, a corner "
        "in practice.",
    ),
    gated(
        102, "tangma", "Tangma", "Golwala 2025 (2507.10560)", r"x \tanh(x + \alpha) + \gamma x",
        "Tanh gate with a learned shift, plus a learned line.",
        Parameter("alpha", 0.0, "α: shift of the gate", learned=True),
        Parameter("gamma", 0.0, "γ: slope of the line", learned=True),
        range=RAY, limits=BOTH, note="It starts as LiSHT.",
    ),
    gated(
        104, "aglu", "AGLU", "Alexandridis et al. 2024 (2407.08567)",
        r"x(\lambda e^{-\kappa x} + 1)^{-1/\lambda}",
        "Gated by a learned curve between Gumbel's and the logistic distribution, for rare classes.",
        Parameter("kappa", 1.0, "κ: sharpness of the gate", learned=True),
        Parameter("lambd", 1.0, "λ: its asymmetry", above=0.0, learned=True),
        range=(_SILU, inf), aliases="apa",
        note="λ is clamped to at least 1e-4. The initial 1, which gives SiLU, is a choice of this catalogue.",
    ),
)
