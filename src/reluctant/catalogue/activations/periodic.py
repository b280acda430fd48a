"""Periodic functions, and functions with a periodic part."""

from functools import partial
from math import inf

from reluctant.catalogue.activations.row import LINE, row
from reluctant.catalogue.entry import Parameter

periodic = partial(row, family="periodic", module="reluctant.activations.periodic")
_SURVEY = "Kunc & Kléma 2024 (2402.09092), a survey"

# fmt: off
ROWS = (
    periodic(
        120, "sine", "Sine", "Parascandolo et al. 2016; Sitzmann et al. 2020 (2006.09661)", r"\sin(\omega x)",
        "A pure wave: represents images and sound as functions of position and time.",
        Parameter("omega", 1.0, "ω: frequency"),
        range=(-1.0, 1.0), traits="bounded smooth", aliases="sin siren",
        note="SIREN uses ω = 30 and special initial weights, which a study does not offer.",
    ),
    periodic(
        121, "cosine", "Cosine", "Gallant & White 1988", r"\cos x",
        "A wave that is even: networks of it are Fourier series.",
        range=(-1.0, 1.0), traits="bounded smooth", aliases="cos",
    ),
    periodic(
        122, "snake", "Snake", "Ziyin et al. 2020 (2006.08195)", r"x + \frac{1}{\alpha}\sin^2(\alpha x)",
        "A staircase along the identity: learns periodic signals and extrapolates them.",
        Parameter("alpha", 1.0, "α: frequency", above=0.0, learned=True),
        range=LINE, limits=LINE, traits="learned monotone smooth",
        note="At α = 0 its limit, the identity.",
    ),
    periodic(
        123, "gcu", "GCU", "Noel et al. 2021 (2108.12943)", r"x \cos x",
        "A wave that grows: one unit of it can separate XOR.",
        range=LINE, traits="smooth", aliases="growing_cosine",
    ),
    periodic(
        124, "sinc", "Sinc", _SURVEY, r"\sin(x)/x",
        "A bump with waves that fade on both sides.",
        range=(-0.21723362821122166, 1.0), limits=(0.0, 0.0), traits="bounded smooth",
        note="The value at zero is 1.",
    ),
    periodic(
        125, "pvlu", "PVLU", "Gupta & Duggal 2021", r"\max(0, x) + \alpha\sin(\beta x)",
        "ReLU plus a learned sine wave, so that no unit dies.",
        Parameter("alpha", 1.0, "α: height of the wave", learned=True),
        Parameter("beta", 1.0, "β: frequency", learned=True),
        range=(-1.0, inf), limits=(None, inf), kinks=(0.0,), traits="learned", aliases="vlu",
    ),
    periodic(
        126, "minsin", "Minsin", _SURVEY, r"\min(x, \sin x)",
        "The identity below zero, a wave above.",
        range=(-inf, 1.0), limits=(-inf, None), traits="smooth",
    ),
)
