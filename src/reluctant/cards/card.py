"""The card of an activation: its row of the catalogue, and what its function is found to be like."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import inf, sqrt
from typing import Any

import numpy as np
import torch

from reluctant.activations import make, moments
from reluctant.cards import analysis
from reluctant.cards.analysis import End, Extremum, Interval
from reluctant.cards.function import SMALL, Floats, Function, one_thread
from reluctant.catalogue import ACTIVATIONS, Activation
from reluctant.core.errors import StudyError

LIMIT, POINTS = 5.0, 401  # the curves are drawn from −LIMIT to LIMIT
FEATURES = 64  # the width for which a block's numbers are counted


@dataclass(frozen=True, eq=False)
class Facts:
    """What a function of one number is like, at its parameters' start and in evaluation mode."""

    x: Floats
    f: Floats
    slope: Floats
    curvature: Floats  # NaN where the slope jumps
    range: Interval
    ends: tuple[End, End]  # at −∞ and at ∞
    lowest: Extremum | None
    highest: Extremum | None
    zeros: tuple[Interval, ...]
    jumps: tuple[float, ...]  # where f jumps
    bends: tuple[float, ...]  # where f′ jumps, the jumps of f aside
    monotone: bool
    honest: bool  # whether autograd passes back f's own slope
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
        """Whether f and f′ have no jump."""
        return not self.jumps and not self.bends


@dataclass(frozen=True, eq=False)
class Card:
    """An activation as it is shown: `name` is canonical, `facts` is None for what looks at a whole layer."""

    name: str
    row: Activation
    arguments: Mapping[str, Any]
    facts: Facts | None
    learned: int  # numbers learned at each place where it stands; those of a block for 64 features
    cost: str = ""

    @property
    def is_default(self) -> bool:
        """Whether every parameter has its default."""
        return self.arguments == self.row.defaults()

    @property
    def link(self) -> str:
        """Where the source is on the web; empty where the row has no identifier."""
        return link(self.row.identifier)


def link(identifier: str) -> str:
    """The address of an arXiv number or a DOI; an address as it is."""
    if identifier.startswith(("https://", "http://")):
        return identifier
    if identifier.startswith("10."):
        return f"https://doi.org/{identifier}"
    return f"https://arxiv.org/abs/{identifier}" if identifier[:4].isdigit() and "." in identifier else ""


def card(name: str) -> Card:
    """The card of an activation of the catalogue, with parameters: `card("elu(alpha=0.5)")`.

    Raises `StudyError` for an unknown name, and for code of one's own.
    """
    found = ACTIVATIONS.canonical(name)
    if found.is_user_defined:
        raise StudyError(f"{found.head!r} is your own: `reluctant audit {found.head}` tells what it is like")
    return _card(str(found))


@lru_cache(maxsize=512)
def _card(name: str) -> Card:
    found = ACTIVATIONS.canonical(name)
    row = ACTIVATIONS[found.head]
    facts = None if row.family == "block" else _facts(name, row.kinks, at_default=not found.arguments)
    return Card(name, row, ACTIVATIONS.arguments(found), facts, _learned(name, block=facts is None))


def _learned(name: str, *, block: bool) -> int:
    module = make(name)
    if block:  # has its weights once it has seen their number
        module(torch.zeros(2, FEATURES))
    return sum(parameter.numel() for parameter in module.parameters())


@one_thread()
def _facts(name: str, kinks: tuple[float, ...], *, at_default: bool) -> Facts:
    """What is found; the row's `kinks` are those at default parameters."""
    module = make(name)
    f = Function(module)
    x = np.linspace(-LIMIT, LIMIT, POINTS)
    jumps = analysis.breaks(f)
    honest = analysis.is_honest(f, jumps)
    bent = analysis.breaks(f.slope) if honest else kinks  # values alone do not show where they bend
    bends = tuple(b for b in bent if all(abs(b - j) > 1e-9 for j in jumps))
    ends = (analysis.end(f, -1), analysis.end(f, 1))
    zeros = analysis.zeros(f)
    lowest, highest = analysis.lowest(f, ends), analysis.lowest(f, ends, sign=-1)
    mean, square = moments(module, kinks if at_default else (*jumps, *bends))
    return Facts(
        x, f(x), f.slope(x), _curvature(f, x, (*jumps, *bends)),
        range=analysis.bounds(f, ends, lowest, highest),
        ends=ends,
        lowest=lowest,
        highest=highest,
        zeros=zeros,
        jumps=jumps,
        bends=bends,
        monotone=analysis.never_falls(f),
        honest=honest,
        lipschitz=analysis.steepest(f, jumps, bends) if honest else analysis.steepest_chord(f),
        sparsity=analysis.share(zeros),
        mean=mean if abs(mean) > SMALL else 0.0,
        square=square,
    )  # fmt: skip


def _curvature(f: Function, x: Floats, breaks: tuple[float, ...]) -> Floats:
    found = f.curvature(x)
    for place in breaks:
        found[np.abs(x - place) < 1e-4] = np.nan
    return found
