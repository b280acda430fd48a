"""Weights of the classes in the cross entropy: none, balanced, or a number for every class, as a study names them."""

import math
from collections.abc import Sequence

from reluctant.core.display import quoted
from reluctant.core.names import canonical_value

NONE, BALANCED = "none", "balanced"
_EXPECTED = "write 'none', 'balanced', or a list of positive numbers, one per class, such as [1, 2.5]"


def several_weights(value: object) -> tuple[object, ...]:
    """The values of the axis: a list of numbers is one value, any other list has one value per entry."""
    if isinstance(value, list | tuple) and not all(map(_is_number, value)):
        return tuple(value)
    return (value,)


def canonical_weights(value: object) -> str:
    """One value as text: none, balanced, or the weights with commas between them; ValueError for anything else."""
    if isinstance(value, str):
        if value.strip().lower() in (NONE, BALANCED):
            return value.strip().lower()
        value = _read(value)
    if not isinstance(value, list | tuple) or len(value) < 2 or not all(map(_is_weight, value)):
        raise ValueError(f"{quoted(value)} are no class weights; {_EXPECTED}")
    return ",".join(str(canonical_value(float(each))) for each in value)


def weight_numbers(text: str, counts: Sequence[int]) -> list[float]:
    """The weight of every class; `counts` are the training items of each.

    Balanced weights are items / (classes · items of the class), and 1 for a class without training items. Raises
    ValueError where there is another number of weights than of classes.
    """
    if text == BALANCED:
        return [sum(counts) / (len(counts) * n) if n else 1.0 for n in counts]
    weights = [float(each) for each in text.split(",")]
    if len(weights) != len(counts):
        raise ValueError(f"class_weights has {len(weights)} numbers, and the data have {len(counts)} classes")
    return weights


def _read(text: str) -> list[float]:
    try:
        return [float(each) for each in text.split(",")]
    except ValueError:
        raise ValueError(f"{quoted(text)} are no class weights; {_EXPECTED}") from None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_weight(value: object) -> bool:
    return isinstance(value, int | float) and _is_number(value) and math.isfinite(value) and value > 0
