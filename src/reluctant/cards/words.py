"""A card in words: one label and one text for everything that is known."""

from collections.abc import Iterator
from math import inf, isinf

from reluctant.cards.analysis import End, Extremum, Interval
from reluctant.cards.card import FEATURES, Card, Facts


def number(value: float, digits: int = 5) -> str:
    """A number with so many digits, a true minus sign and ∞."""
    if isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value + 0.0:.{digits}g}".replace("-", "−")


def facts(card: Card) -> Iterator[tuple[str, str]]:
    """What was found out about the function, label by label; nothing for what looks at a whole layer."""
    found = card.facts
    if found is None:
        return
    low, high = found.range
    yield "range", f"{number(low)} to {number(high)}"
    yield "far out", f"{_end(found.ends[0], '−∞')}; {_end(found.ends[1], '∞')}"
    yield "monotone", "yes, it never falls" if found.monotone else "no"
    yield "smooth", _smoothness(found)
    if found.lowest:
        yield "lowest", _extremum(found.lowest)
    if found.highest:
        yield "highest", _extremum(found.highest)
    yield "zeros", _zeros(found.zeros)
    yield "steepest", _steepest(found)
    yield "sparsity", _sparsity(found.sparsity)
    yield "mean", f"{number(found.mean)}, E f(z) for z ~ N(0, 1)"
    yield "gain", f"{number(found.gain, 10)}, 1/√E f(z)²"


def _end(end: End, where: str) -> str:
    before = f"at {where} "
    if end.limit is None:
        return before + "no limit"
    if not isinf(end.limit):
        return before + f"it tends to {number(end.limit)}"
    said = before + f"it goes to {number(end.limit)}"
    if end.rate is None:
        return said
    if isinf(end.rate):
        return f"{said}, faster than any line"
    if abs(end.rate) < 1e-4:
        return f"{said}, slower than any line"
    return f"{said} like {'x' if end.rate == 1 else number(end.rate) + ' x'}"


def _smoothness(found: Facts) -> str:
    parts = [f"jumps at {_places(found.jumps)}"] if found.jumps else []
    parts += [f"bends at {_places(found.bends)}"] if found.bends else []
    if not found.honest:
        parts.append("autograd passes back another function's slope, on purpose")
    return ("no, it " + " and ".join(parts)) if found.jumps or found.bends else "; ".join(["yes", *parts])


def _places(points: tuple[float, ...]) -> str:
    if len(points) > 6:
        return f"{len(points)} places between −30 and 30"
    return "x = " + ", ".join(number(p) for p in points)


def _extremum(found: Extremum) -> str:
    where = " and ".join(number(place, 10) for place in found.places)
    return f"{number(found.value, 10)} at x = {where}"


def _zeros(found: tuple[Interval, ...]) -> str:
    if not found:
        return "none"
    if len(found) > 6:
        return "many"
    points = [number(a, 8) for a, b in found if a == b]
    parts = ["x = " + ", ".join(points)] if points else []
    return "; ".join(parts + [_interval(a, b) for a, b in found if a != b])


def _interval(low: float, high: float) -> str:
    if low == -inf:
        return "everywhere" if high == inf else f"all x up to {number(high)}"
    return f"all x from {number(low)}" + ("" if high == inf else f" to {number(high)}")


def _steepest(found: Facts) -> str:
    if isinf(found.lipschitz):
        return "no bound on |f′|" if not found.jumps else "no bound: it jumps"
    return f"{number(found.lipschitz)}, the largest |f′| (Lipschitz bound)"


def _sparsity(share: float) -> str:
    if share == 0:
        return "none: no output is exactly zero"
    return f"{number(100 * share, 4)} % of outputs are zero for z ~ N(0, 1)"


def parameters(card: Card) -> Iterator[tuple[str, str]]:
    """Every parameter with its value, meaning, range, and whether it is learned."""
    for parameter in card.row.parameters:
        value = card.arguments[parameter.name]
        parts = [parameter.meaning, parameter.range()]
        if parameter.learned:
            parts.append("learned, starts here")
        if value != parameter.default:
            parts.append(f"by default {parameter.default!r}")
        yield f"{parameter.name} = {value!r}", "; ".join(part for part in parts if part)


def about(card: Card) -> Iterator[tuple[str, str]]:
    """What the catalogue says: aliases, family, traits, what is learned, source, warnings, cost."""
    row = card.row
    if row.aliases:
        yield "also", ", ".join(row.aliases)
    yield "family", row.family
    if "stochastic" in row.traits:
        yield "random", "in training; shown is what it does in evaluation"
    if card.learned:
        yield "learns", _learned(card)
    if row.note:
        yield "mind", row.note
    if card.cost:
        yield "cost", card.cost
    if row.source and row.source != "-":
        yield "source", row.source


def _learned(card: Card) -> str:
    if card.facts is None:
        return f"{card.learned:,} numbers at each place for {FEATURES} features"
    return "one number at each place" if card.learned == 1 else f"{card.learned} numbers at each place"
