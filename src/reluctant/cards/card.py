"""The card of an activation: its row of the catalogue, and the measured facts about its curve."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import inf, sqrt
from typing import Any

import numpy as np
import torch

from reluctant.activations import gaussian_moments, make, numerics
from reluctant.activations.numerics import ROUNDING, EndBehaviour, Floats, ScalarFunction, single_thread
from reluctant.cards import curve_features as features
from reluctant.cards.curve_features import Extremum, Interval
from reluctant.catalogue import ACTIVATIONS, Activation
from reluctant.core.errors import StudyError

LIMIT, POINTS = 5.0, 401  # the curves are drawn from −LIMIT to LIMIT
FEATURES = 64  # the layer width for which a block's parameters are counted


@dataclass(frozen=True, eq=False)
class CurveFacts:
    """Facts about a function of one number, in evaluation mode, with learned parameters at their start."""

    x: Floats
    f: Floats
    slope: Floats
    curvature: Floats  # NaN where the slope jumps
    range: Interval
    ends: tuple[EndBehaviour, EndBehaviour]  # at −∞ and at ∞
    minimum: Extremum | None
    maximum: Extremum | None
    zeros: tuple[Interval, ...]
    jumps: tuple[float, ...]  # where f jumps
    bends: tuple[float, ...]  # where f′ jumps and f does not
    monotone: bool
    true_gradient: bool  # False: autograd gives a surrogate gradient
    lipschitz: float  # sup |f′|
    sparsity: float  # P(f(z) = 0), z ~ N(0, 1)
    mean: float  # E f(z)
    square: float  # E f(z)²

    @property
    def gain(self) -> float:
        """1/√E[f(z)²]; ∞ for a function that is zero."""
        return 1 / sqrt(self.square) if self.square else inf

    @property
    def smooth(self) -> bool:
        """Whether neither f nor f′ jumps."""
        return not self.jumps and not self.bends


@dataclass(frozen=True, eq=False)
class Card:
    """Everything that is shown of an activation: `name` is canonical, `facts` is None for a block."""

    name: str
    row: Activation
    arguments: Mapping[str, Any]
    facts: CurveFacts | None
    learned: int  # learned numbers at each site; for a block, with 64 features

    @property
    def link(self) -> str:
        """The web address of the source; empty if the row has no identifier."""
        return source_address(self.row.identifier)


def source_address(identifier: str) -> str:
    """The web address of an arXiv number or a DOI; a web address is returned unchanged."""
    if identifier.startswith(("https://", "http://")):
        return identifier
    if identifier.startswith("10."):
        return f"https://doi.org/{identifier}"
    return f"https://arxiv.org/abs/{identifier}" if identifier[:4].isdigit() and "." in identifier else ""


def build_card(name: str) -> Card:
    """The card of an activation of the catalogue.

    Raises:
        StudyError: The name is unknown, or it names user-defined code.

    Example:
        `build_card("elu(alpha=0.5)").facts.minimum`
    """
    canonical = ACTIVATIONS.canonical(name)
    if canonical.is_user_defined:
        raise StudyError(f"{canonical.head!r} is your own code; check it with `reluctant audit {canonical.head}`")
    return _build_cached(str(canonical))


@lru_cache(maxsize=512)
def _build_cached(name: str) -> Card:
    canonical = ACTIVATIONS.canonical(name)
    row = ACTIVATIONS[canonical.head]
    module = make(name)
    if row.family == "block":
        module(torch.zeros(2, FEATURES))  # a block creates its weights at the first call
    learned = sum(parameter.numel() for parameter in module.parameters())
    curve = row.family != "block"
    facts = measure_facts(name, row.kinks, at_default=not canonical.arguments) if curve else None
    return Card(name, row, ACTIVATIONS.arguments(canonical), facts, learned)


@single_thread()
def measure_facts(name: str, kinks: tuple[float, ...], *, at_default: bool) -> CurveFacts:
    """Measure a function of one number; `kinks` are the row's, which hold for default parameters."""
    module = make(name)
    f = ScalarFunction(module)
    x = np.linspace(-LIMIT, LIMIT, POINTS)
    jumps = features.find_jumps(f)
    true_gradient = features.has_true_gradient(f, jumps)
    slope_jumps = features.find_jumps(f.slope) if true_gradient else kinks  # values alone do not show bends
    bends = tuple(b for b in slope_jumps if all(abs(b - j) > 1e-9 for j in jumps))
    ends = (numerics.end_behaviour(f, -1), numerics.end_behaviour(f, 1))
    minimum, maximum = features.find_minimum(f, ends), features.find_minimum(f, ends, sign=-1)
    zeros = features.find_zeros(f)
    mean, square = gaussian_moments(module, kinks if at_default else (*jumps, *bends))
    curvature = f.curvature(x)
    for position in (*jumps, *bends):
        curvature[np.abs(x - position) < 1e-4] = np.nan
    largest_slope = features.largest_slope(f, jumps, bends) if true_gradient else features.largest_chord(f)
    return CurveFacts(
        x, f(x), f.slope(x), curvature,
        range=features.bounds(f, ends, minimum, maximum), ends=ends, minimum=minimum, maximum=maximum,
        zeros=zeros, jumps=jumps, bends=bends,
        monotone=numerics.never_falls(f),
        true_gradient=true_gradient,
        lipschitz=largest_slope,
        sparsity=features.normal_probability(zeros),
        mean=mean if abs(mean) > ROUNDING else 0.0,
        square=square,
    )  # fmt: skip
