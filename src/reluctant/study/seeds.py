"""Seeds: one number for all that is random in a run, or one for each source, as in a `[seed]` table."""

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any

from reluctant.core.display import quoted
from reluctant.core.suggestions import did_you_mean

Seed = int | str  # 3, or "init=3 order=0 noise=1 split=0"

SOURCES = {
    "init": "initial weights",
    "order": "order of the batches",
    "noise": "dropout and other noise",
    "split": "images kept aside for validation",
}
LARGEST = 2**63
_WRITTEN = re.compile(" ".join(rf"{source}=(\d{{1,19}})" for source in SOURCES))


def source_seed(seed: Seed, source: str) -> int:
    """The number that one source of randomness (a key of SOURCES) draws from.

    A plain seed serves every source but the split: that is the same for all seeds, 0.
    """
    if isinstance(seed, int):
        return 0 if source == "split" else seed
    return numbers(seed)[source]


def numbers(seed: str) -> dict[str, int]:
    """The number of every source in a seed written `init=3 order=0 noise=1 split=0`; ValueError otherwise."""
    match = _WRITTEN.fullmatch(seed)
    if match is None or max(map(int, match.groups())) >= LARGEST:
        raise ValueError(
            f"{quoted(seed)} is no seed; write a whole number, or a table [seed] with {_listed(SOURCES)}"
        )
    return dict(zip(SOURCES, map(int, match.groups()), strict=True))


def written(values: Mapping[str, int]) -> str:
    """A seed of a number for every source."""
    return " ".join(f"{source}={values[source]}" for source in SOURCES)


def crossed(table: Mapping[str, Any]) -> tuple[str, ...]:
    """Every combination of the numbers that a `[seed]` table gives; sources left out stay at 0.

    Raises ValueError for an unknown source, something else than whole numbers, and a table in which fewer
    than one source varies.
    """
    for key in table:
        if key not in SOURCES:
            raise ValueError(f"no source of randomness is called {key!r}{_hint(str(key))}")
    levels = {source: _levels(source, table.get(source, 0)) for source in SOURCES}
    if all(len(values) == 1 for values in levels.values()):
        raise ValueError("a table [seed] takes the spread apart; give at least one source several numbers")
    slow = sorted(levels, key=lambda source: source != "split")  # another split means other data
    found = itertools.product(*(levels[source] for source in slow))
    return tuple(written(dict(zip(slow, each, strict=True))) for each in found)


def _hint(key: str) -> str:
    return did_you_mean(key, SOURCES) or f"; there are {_listed(SOURCES)}"


def _levels(source: str, given: object) -> tuple[int, ...]:
    values = tuple(given) if isinstance(given, list | tuple) else (given,)
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < LARGEST:
            raise ValueError(f"{source}: whole numbers from 0 are wanted, not {quoted(value)}")
    if not values or len(set(values)) < len(values):
        raise ValueError(f"{source}: give one number, or several that differ, not {quoted(given)}")
    return values


def levels(seeds: Sequence[Seed]) -> dict[str, tuple[int, ...]]:
    """The numbers of every source among seeds of a `[seed]` table, in their order; empty for plain seeds."""
    apart = [numbers(seed) for seed in seeds if isinstance(seed, str)]
    if not apart:
        return {}
    return {source: tuple(dict.fromkeys(each[source] for each in apart)) for source in SOURCES}


def as_table(seeds: Sequence[Seed]) -> dict[str, Any]:
    """The `[seed]` table that `crossed` makes these seeds of; what stands at 0 alone is left out."""
    short = {source: values for source, values in levels(seeds).items() if values != (0,)}
    return {source: list(values) if len(values) > 1 else values[0] for source, values in short.items()}


def _listed(names: Mapping[str, str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}"
