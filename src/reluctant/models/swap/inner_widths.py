"""The inner widths of gated feed-forward layers with which a network has the size that it had before.

A gate needs two maps into a layer in place of one, so the layer is made narrower, by one factor in all layers of a
network (two thirds in the paper that proposed it, Shazeer 2020, 2002.05202).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

TOLERANCE = 0.005  # of the network's parameters or multiply-adds
MULTIPLES = (64, 32, 16, 8, 4, 2, 1)
LARGEST_FACTOR = 4.0
ROUNDING = 0.1  # a multiple is too large where it changes a width by more
REACH_OF_FACTOR = 0.05  # how far the factor may be from the exact one, so that rounded widths fit better


class LinearSize(NamedTuple):
    """The size of a linear layer, and how many rows it computes in one pass."""

    inputs: int
    outputs: int
    bias: bool
    rows: int

    def parameters(self, inputs: float, outputs: float) -> float:
        """Its parameters with other inputs and outputs."""
        return outputs * (inputs + self.bias)

    def multiply_adds(self, inputs: float, outputs: float) -> float:
        """Its multiply-adds of one pass with other inputs and outputs."""
        return self.rows * inputs * outputs


class InnerWidth(NamedTuple):
    """A feed-forward layer: its linear layers' paths, and its width before and after."""

    up: str
    down: str
    before: int
    after: int


class ChosenWidths(NamedTuple):
    """The feed-forward layers of a network; all widths are the `factor` times those before, to this `multiple`."""

    layers: tuple[InnerWidth, ...]
    factor: float
    multiple: int

    def sizes_of(self, path: str, size: LinearSize) -> tuple[int, int]:
        """The inputs and outputs of a linear layer; one may end a feed-forward layer and begin the next."""
        inputs = next((layer.after for layer in self.layers if layer.down == path), size.inputs)
        outputs = next((2 * layer.after for layer in self.layers if layer.up == path), size.outputs)
        return inputs, outputs


def choose_widths(
    layers: Sequence[tuple[str, str]], sizes: Mapping[str, LinearSize], match: str, total: int | None
) -> ChosenWidths:
    """The widths h′ = f·h of gated layers.

    They are rounded to the largest multiple of 64, 32, …, 1 with which the network's total agrees within half a
    percent with that before, or to the nearest where none does.

    Args:
        layers: The paths of the two linear layers of every feed-forward layer.
        sizes: The size of every linear layer among them, by path.
        match: What is to agree: `parameters`, `flops`, or `none` for the widths as before.
        total: The network's parameters or multiply-adds before.
    """
    before = [sizes[up].outputs for up, _ in layers]

    def chosen(widths: Sequence[float], factor: float, multiple: int) -> ChosenWidths:
        inner = zip(layers, before, widths, strict=True)
        return ChosenWidths(tuple(InnerWidth(*pair, h, new) for pair, h, new in inner), factor, multiple)  # type: ignore[arg-type]

    if match == "none" or total is None:
        return chosen(before, 1.0, 1)

    def cost_of(widths: ChosenWidths) -> float:
        """How much more the network costs with these widths."""
        cost: Callable[[LinearSize, float, float], float]
        cost = LinearSize.multiply_adds if match == "flops" else LinearSize.parameters
        changes = (
            cost(size, *widths.sizes_of(path, size)) - cost(size, size.inputs, size.outputs)
            for path, size in sizes.items()
        )
        return sum(changes)

    low, high = 0.0, LARGEST_FACTOR
    for _ in range(60):
        factor = (low + high) / 2
        low, high = (low, factor) if cost_of(chosen([factor * h for h in before], factor, 1)) > 0 else (factor, high)
    candidates: list[ChosenWidths] = []
    for multiple in MULTIPLES:
        rounded = []
        for f in _factors_near(factor, before, multiple):
            widths = [max(multiple, multiple * round(f * h / multiple)) for h in before]
            if multiple == 1 or all(abs(new / (f * h) - 1) <= ROUNDING for new, h in zip(widths, before, strict=True)):
                rounded.append(chosen(widths, f, multiple))
        candidates += rounded
        best = min(rounded, key=lambda widths: abs(cost_of(widths)), default=None)
        if best is not None and abs(cost_of(best)) <= TOLERANCE * total:
            return best
    return min(candidates, key=lambda widths: abs(cost_of(widths)))


def _factors_near(factor: float, widths: Sequence[int], multiple: int) -> list[float]:
    """The factor, and those near it on the other side of which a width rounds to another multiple."""
    factors = [factor]
    for h in set(widths):
        step = multiple / h
        first, last = (round(factor * share / step) for share in (1 - REACH_OF_FACTOR, 1 + REACH_OF_FACTOR))
        factors += [(k + 0.5) * step * side for k in range(first - 1, last + 1) for side in (1 - 1e-9, 1 + 1e-9)]
    return [f for f in factors if abs(f / factor - 1) <= REACH_OF_FACTOR]
