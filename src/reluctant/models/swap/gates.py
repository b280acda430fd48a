"""Gated blocks in place of feed-forward layers, as SwiGLU is meant: down(f(up(x))) becomes down(gate(up(x))).

`up` then computes both maps of the gate, and the layer's width is chosen so that the network's size does not change.
"""

from collections.abc import Collection
from dataclasses import dataclass

import torch
from torch import nn

from reluctant.activations import MARK, make
from reluctant.activations.blocks import GatedLinear, PairGate
from reluctant.core.errors import ModelError
from reluctant.models.swap.feed_forward import FeedForward, linear_sizes
from reluctant.models.swap.find_sites import CallSite
from reluctant.models.swap.inner_widths import ChosenWidths, LinearSize, choose_widths
from reluctant.models.swap.new_layers import replace_layer, resized_layer

INSIDE = "inside"


@dataclass(frozen=True)
class GatePlan:
    """How gates get into a network: `widths` of the layers that become gated, and sites in gates that it has."""

    block: type[GatedLinear]
    match: str
    widths: ChosenWidths
    sizes: dict[str, LinearSize]
    existing: tuple[str, ...]

    def module_of(self, site: CallSite) -> nn.Module:
        """The module for a site: the gate of both maps, or in a gate that the network has, its function."""
        if site.name in self.existing:
            return make(self.block.gate_name)
        gate = PairGate(self.block)
        setattr(gate, MARK, True)
        return gate

    def resize(self, model: nn.Module) -> None:
        """Give the linear layers of a network, or of a copy of it, their new sizes."""
        for path, size in self.sizes.items():
            old = model.get_submodule(path)
            replace_layer(model, old, resized_layer(old, *self.widths.sizes_of(path, size), path))


def plan_gates(
    model: nn.Module, module: nn.Module, chosen: Collection[CallSite], totals: tuple[int, int | None]
) -> GatePlan | str:
    """How the gates of a block get into a network, or why its feed-forward layers are not replaced; '' by request.

    Args:
        module: A fresh module of the activation.
        chosen: The sites that get it.
        totals: The network's parameters and multiply-adds.

    Raises:
        ModelError: The network multiplies two maps itself, and the block is no such product.
    """
    module = activation_in(module)
    if not isinstance(module, GatedLinear) or module.match == INSIDE:
        return ""
    called = [site for site in chosen if site.calls]
    if not called:
        return "they are searched for on an example only; give example="
    for site in called:
        if isinstance(site.feed_forward, str):
            return f"{site.name or 'a site'} is in none: {site.feed_forward}"
    around = {site.name: site.feed_forward for site in called if isinstance(site.feed_forward, FeedForward)}
    existing = tuple(name for name, layer in around.items() if layer.gated)
    if existing and not type(module).gate_name:
        raise ModelError(
            f"{type(module).__name__} cannot replace the activation at {existing[0]}: the network multiplies its "
            f"output by another map, and this block is no product of a map and a gate; leave it out"
        )
    layers = [(layer.up, layer.down) for layer in around.values() if not layer.gated]
    rows = {path: n for layer in around.values() for path, n in zip(layer[:2], layer[2:4], strict=True) if path}
    sizes = {path: _size_of(model, path, rows[path]) for pair in layers for path in pair}
    match = module.match
    total = totals[1] if match == "flops" else totals[0]
    if match == "flops" and total is None:
        raise ModelError(
            f"the multiply-adds of {type(model).__name__} cannot be counted, so {type(module).__name__} cannot match "
            f"them; write match='parameters'"
        )
    return GatePlan(type(module), match, choose_widths(layers, sizes, match, total), sizes, existing)


def activation_in(module: nn.Module) -> nn.Module:
    """The activation that a module for factories passes its input to (`ActivationArgument`); else the module."""
    inner = getattr(module, "function", None)
    return inner if hasattr(module, "make_activation") and isinstance(inner, nn.Module) else module


def _size_of(model: nn.Module, path: str, rows: int) -> LinearSize:
    layer = model.get_submodule(path)
    return LinearSize(*linear_sizes(layer), bias=isinstance(layer.bias, torch.Tensor), rows=rows)
