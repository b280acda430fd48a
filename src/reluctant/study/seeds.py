"""Seeds: one number for everything random in a run, or one for each source, as in a `[seed]` table."""

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any

from reluctant.core.display import did_you_mean, quoted

Seed = int | str  # 3, or "init=3 order=0 noise=1 split=0"

SOURCES = {
    "init": "initial weights",
    "order": "order of the batches",
    "noise": "dropout and other noise",
    "split": "choice of the validation split",
}
LARGEST = 2**63
_WRITTEN = re.compile(" ".join(rf"{source}=(\d{{1,19}})" for source in SOURCES))


def source_seed(seed: Seed, source: str) -> int:
    """The seed of one source of randomness (a key of SOURCES).

    A plain seed is that of every source but the split, which is 0 for all seeds.
    """
    if isinstance(seed, int):
        return 0 if source == "split" else seed
    return seed_numbers(seed)[source]


def seed_numbers(seed: str) -> dict[str, int]:
    """The number of every source in a seed written `init=3 order=0 noise=1 split=0`; ValueError otherwise."""
    match = _WRITTEN.fullmatch(seed)
    if match is None or max(map(int, match.groups())) >= LARGEST:
        raise ValueError(f"{quoted(seed)} is no seed; write a whole number, or a table [seed] with {_listed(SOURCES)}")
    return dict(zip(SOURCES, map(int, match.groups()), strict=True))


def crossed(table: Mapping[str, Any]) -> tuple[str, ...]:
    """Every combination of the numbers that a `[seed]` table gives; sources left out stay at 0.

    Raises ValueError for an unknown source, something else than whole numbers, and a table in which fewer
    than one source varies.
    """
    for key in table:
        if key not in SOURCES:
            hint = did_you_mean(str(key), SOURCES) or f"; there are {_listed(SOURCES)}"
            raise ValueError(f"there is no source of randomness {key!r}{hint}")
    levels = {source: _levels(source, table.get(source, 0)) for source in SOURCES}
    if all(len(values) == 1 for values in levels.values()):
        raise ValueError("a table [seed] varies the sources apart; give at least one source several numbers")
    slow = sorted(levels, key=lambda source: source != "split")  # another split means other data
    products = itertools.product(*(levels[source] for source in slow))
    numbers = [dict(zip(slow, product, strict=True)) for product in products]
    return tuple(" ".join(f"{source}={each[source]}" for source in SOURCES) for each in numbers)


def _levels(source: str, value: object) -> tuple[int, ...]:
    values = tuple(value) if isinstance(value, list | tuple) else (value,)
    for each in values:
        if isinstance(each, bool) or not isinstance(each, int) or not 0 <= each < LARGEST:
            raise ValueError(f"{source}: must be whole numbers from 0, not {quoted(each)}")
    if not values or len(set(values)) < len(values):
        raise ValueError(f"{source}: give one number, or several that differ, not {quoted(value)}")
    return values


def levels(seeds: Sequence[Seed]) -> dict[str, tuple[int, ...]]:
    """The numbers of every source among seeds of a `[seed]` table, in their order; empty for plain seeds."""
    tables = [seed_numbers(seed) for seed in seeds if isinstance(seed, str)]
    if not tables:
        return {}
    return {source: tuple(dict.fromkeys(each[source] for each in tables)) for source in SOURCES}


def as_table(seeds: Sequence[Seed]) -> dict[str, Any]:
    """The `[seed]` table that `crossed` makes these seeds of; what stands at 0 alone is left out."""
    short = {source: values for source, values in levels(seeds).items() if values != (0,)}
    return {source: list(values) if len(values) > 1 else values[0] for source, values in short.items()}


def _listed(names: Mapping[str, str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}"
