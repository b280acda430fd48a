"""A row of the catalogue of activation functions."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

from reluctant.catalogue.entry import Entry, Parameter

Ends = tuple[float | None, float | None]
Fault = Callable[[Mapping[str, Any]], str]

LINE = (-inf, inf)  # as a range: all numbers; as limits: down to −∞, up to ∞
RAY = (0.0, inf)  # as a range: from zero on; as limits: 0 and ∞
BOTH = (inf, inf)  # as limits: up on both sides
NONE = (None, None)


@dataclass(frozen=True)
class Activation(Entry):
    """An activation function.

    Range, limits, kinks and traits hold for the default parameters, in evaluation mode, before training.

    Attributes:
        formula: In LaTeX.
        traits: Some of learned, stochastic, bounded, monotone, smooth (f′ does not jump), discontinuous (f
            jumps).
        year: 0 if there is no first source.
        identifier: An arXiv number or a DOI.
        number: The position in the list from which the catalogue started.
        range: Infimum and supremum; None if it is not a function of one number.
        limits: At −∞ and at ∞; None if there is no limit.
        kinks: The points where f or f′ jumps.
    """

    formula: str = ""
    traits: frozenset[str] = frozenset()
    family: str = ""
    year: int = 0
    identifier: str = ""
    number: int = 0
    range: tuple[float, float] | None = None
    limits: Ends = NONE
    kinks: tuple[float, ...] = ()
    note: str = ""


def row(
    number: int,
    name: str,
    title: str,
    source: str,
    formula: str,
    purpose: str,
    *parameters: Parameter,
    family: str,
    module: str,
    range: tuple[float, float] | None = None,  # noqa: A002
    limits: Ends = NONE,
    kinks: tuple[float, ...] = (),
    traits: str = "",
    aliases: str = "",
    year: int = 0,
    identifier: str = "",
    code: str = "",
    note: str = "",
    fault: Fault | None = None,
) -> Activation:
    """One row; by default, year and arXiv number are taken from the source."""
    years, numbers = re.findall(r"\b(?:19|20)\d\d\b(?!\.)", source), re.findall(r"\d{4}\.\d{4,5}", source)
    return Activation(
        name,
        title,
        purpose,
        code=f"{module}:{code or (title if module == 'torch.nn' else name)}",
        aliases=tuple(aliases.split()),
        parameters=parameters,
        source=source,
        fault=fault,
        formula=formula,
        traits=frozenset(traits.split()),
        family=family,
        year=year or int(years[0] if years else 0),
        identifier=identifier or (numbers[0] if numbers else ""),
        number=number,
        range=range,
        limits=limits,
        kinks=kinks,
        note=note,
    )


def require_order(lower: str, upper: str, strict: bool = False) -> Fault:
    """A check that one parameter is not above another one; with `strict`, that it is below it."""

    def fault(values: Mapping[str, Any]) -> str:
        if values[lower] > values[upper]:
            return f"{lower} must not be above {upper}"
        return f"{lower} must be below {upper}" if strict and values[lower] == values[upper] else ""

    return fault
