"""What a row about an activation function holds."""

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
    """An activation function; `formula` in LaTeX, `number` its row of the list that the catalogue began as.

    What is said of the function holds at its default parameters, where learned ones start, in evaluation:
    `range` is infimum and supremum (None: no function of one number), `limits` those at −∞ and ∞ (None: it
    has none), `kinks` the points where f or f′ jumps. `traits` are among learned, stochastic, bounded,
    monotone, smooth (f′ jumps nowhere) and discontinuous (f jumps). `identifier` is an arXiv number or a
    DOI, `year` 0 where there is no first source.
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
    """One row; year and arXiv number are read off the source where they are not given."""
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


def ordered(lower: str, upper: str, apart: bool = False) -> Fault:
    """Refuses a lower value above an upper one, and with `apart` two that are equal."""

    def fault(given: Mapping[str, Any]) -> str:
        if given[lower] > given[upper]:
            return f"{lower} must not be above {upper}"
        return f"{lower} must be below {upper}" if apart and given[lower] == given[upper] else ""

    return fault
