"""A card in words: pairs of a label and a text for everything that is known."""

from collections.abc import Iterator
from math import inf, isinf

from reluctant.activations.numerics import EndBehaviour
from reluctant.analysis.labels import count
from reluctant.cards.card import FEATURES, Card, CurveFacts
from reluctant.cards.curve_features import Extremum, Interval


def describe_parameters(card: Card) -> Iterator[tuple[str, str]]:
    """Every parameter with its value, meaning, range, and whether it is learned."""
    for parameter in card.row.parameters:
        value = card.arguments[parameter.name]
        parts = [parameter.meaning, parameter.range()]
        if parameter.learned:
            parts.append("learned, starts at this value")
        if value != parameter.default:
            parts.append(f"by default {parameter.default!r}")
        yield f"{parameter.name} = {value!r}", "; ".join(part for part in parts if part)


def describe_facts(card: Card) -> Iterator[tuple[str, str]]:
    """The measured facts, label by label; nothing for a block."""
    facts = card.facts
    if facts is None:
        return
    low, high = facts.range
    yield "range", f"{format_number(low)} to {format_number(high)}"
    yield "far out", f"{_describe_end(facts.ends[0], '−∞')}; {_describe_end(facts.ends[1], '∞')}"
    yield "monotone", "yes, it never falls" if facts.monotone else "no"
    yield "smooth", _describe_smoothness(facts)
    if facts.minimum:
        yield "lowest", _describe_extremum(facts.minimum)
    if facts.maximum:
        yield "highest", _describe_extremum(facts.maximum)
    yield "zeros", _describe_zeros(facts.zeros)
    unbounded = "no bound: it jumps" if facts.jumps else "no bound on |f′|"
    steepest = f"{format_number(facts.lipschitz)}, the largest |f′| (Lipschitz bound)"
    yield "steepest", unbounded if isinf(facts.lipschitz) else steepest
    sparsity = f"{format_number(100 * facts.sparsity, 4)} % of outputs are zero for z ~ N(0, 1)"
    yield "sparsity", sparsity if facts.sparsity else "none: no output is exactly zero"
    yield "mean", f"{format_number(facts.mean)}, E[f(z)] for z ~ N(0, 1)"
    yield "gain", f"{format_number(facts.gain, 10)}, 1/√E[f(z)²] for z ~ N(0, 1)"


def describe_row(card: Card) -> Iterator[tuple[str, str]]:
    """What the catalogue states: aliases, family, learned numbers, note, source."""
    row = card.row
    if row.aliases:
        yield "aliases", ", ".join(row.aliases)
    yield "family", row.family
    if "stochastic" in row.traits:
        yield "random", "in training; this card describes it in evaluation"
    if card.learned:
        layer = f" with {FEATURES} features" if card.facts is None else ""
        yield "learns", f"{count(card.learned, 'number')} at each site{layer}"
    if row.note:
        yield "note", row.note
    if row.source and row.source != "-":
        yield "source", row.source


def format_number(value: float, digits: int = 5) -> str:
    """A number with this many digits, with a true minus sign and ∞."""
    if isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value + 0.0:.{digits}g}".replace("-", "−")


def _describe_end(end: EndBehaviour, where: str) -> str:
    if end.limit is None:
        return f"at {where} no limit"
    if not isinf(end.limit):
        return f"at {where} it tends to {format_number(end.limit)}"
    text = f"at {where} it goes to {format_number(end.limit)}"
    if end.growth is None:
        return text
    if isinf(end.growth):
        return f"{text}, faster than any line"
    if abs(end.growth) < 1e-4:
        return f"{text}, slower than any line"
    if abs(end.growth) == 1:
        return f"{text} like {'x' if end.growth > 0 else '−x'}"
    return f"{text} like {format_number(end.growth)} x"


def _describe_smoothness(facts: CurveFacts) -> str:
    parts = [f"jumps at {_list_positions(facts.jumps)}"] if facts.jumps else []
    parts += [f"bends at {_list_positions(facts.bends)}"] if facts.bends else []
    if not facts.true_gradient:
        parts.append("has a surrogate gradient: autograd gives the slope of another function, on purpose")
    if facts.smooth:
        return "; ".join(["yes", *(f"it {part}" for part in parts)])
    return "no, it " + " and ".join(parts)


def _list_positions(points: tuple[float, ...]) -> str:
    if len(points) > 6:
        return f"{len(points)} positions between −30 and 30"
    return "x = " + ", ".join(format_number(p) for p in points)


def _describe_extremum(extremum: Extremum) -> str:
    positions = " and ".join(format_number(position, 10) for position in extremum.positions)
    return f"{format_number(extremum.value, 10)} at x = {positions}"


def _describe_zeros(zeros: tuple[Interval, ...]) -> str:
    if not zeros:
        return "none"
    if len(zeros) > 6:
        return "many"
    points = [format_number(a, 8) for a, b in zeros if a == b]
    parts = ["x = " + ", ".join(points)] if points else []
    for low, high in (zero for zero in zeros if zero[0] != zero[1]):
        if low == -inf:
            parts.append("everywhere" if high == inf else f"all x up to {format_number(high)}")
        else:
            parts.append(f"all x from {format_number(low)}" + ("" if high == inf else f" to {format_number(high)}"))
    return "; ".join(parts)
