"""What is reported of blocks in a network: the widths of gated layers, and warnings of blocks that enlarge it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from torch import nn

from reluctant.activations.blocks import FeatureLinear, GatedLinear
from reluctant.models.swap.find_sites import CallSite
from reluctant.models.swap.gates import GatePlan, activation_in
from reluctant.models.swap.inner_widths import InnerWidth

if TYPE_CHECKING:
    from reluctant.models.swap.report import SwapReport

_FEW_WIDTHS = 3
_REPORT = "reluctant_swap_report"  # an attribute of a network


class GatesReport(NamedTuple):
    """The feed-forward layers that became gated.

    All widths are `factor` times those before, rounded to a multiple of `multiple`, so that what `match` names
    agrees. At the sites `existing` the network has a gate, whose function was replaced by `gate`.
    """

    layers: tuple[InnerWidth, ...]
    factor: float
    multiple: int
    match: str
    existing: tuple[str, ...]
    gate: str

    def sentences(self) -> list[str]:
        """The widths and how they were chosen; the gates that the network has."""
        parts = []
        if self.layers:
            widths = list(dict.fromkeys(f"{layer.before} → {layer.after}" for layer in self.layers))
            more = f" and {len(widths) - _FEW_WIDTHS} more" if len(widths) > _FEW_WIDTHS else ""
            chosen = (
                "as before (match='none')"
                if self.match == "none"
                else f"{self.factor:.3g} × the old one, a multiple of {self.multiple}, so that the network has as many "
                f"{'multiply-adds' if self.match == 'flops' else 'parameters'}"
            )
            layers = f"{len(self.layers)} feed-forward layer{'s' * (len(self.layers) != 1)}"
            parts.append(f"gates replace {layers}: inner width {', '.join(widths[:_FEW_WIDTHS])}{more}; {chosen}")
            parts.append("the linear layers of gates have new initial weights")
        if self.existing:
            sites = f"{len(self.existing)} site{'s' * (len(self.existing) != 1)}"
            parts.append(f"the network has a gate at {sites}, whose function is {self.gate} now; nothing else changes")
        return parts


def gates_report(plan: GatePlan | str) -> GatesReport | None:
    """The report of a plan for gates; None where there is none."""
    if isinstance(plan, str):
        return None
    return GatesReport(*plan.widths, plan.match, plan.existing, plan.block.gate_name)


def inside_warnings(
    name: str, module: nn.Module, plan: GatePlan | str, sites: Sequence[CallSite], parameters: tuple[int, int]
) -> list[str]:
    """A warning of a block with weights of its own that stands inside a network in place of a function.

    Args:
        name: The activation's name.
        module: A fresh module of it.
        plan: That for the gates, or why there is none.
        sites: Where it stands.
        parameters: The network's before and after.
    """
    module = activation_in(module)
    if isinstance(plan, GatePlan) or not isinstance(module, FeatureLinear):
        return []
    before, after = parameters
    kind = "as a square block" if isinstance(module, GatedLinear) else "with weights of its own"
    larger = f": {after / max(1, before):.3g}× the parameters of relu's network, {after:,} and {before:,}"
    return [
        f"{name} stands inside the network {kind} at {len(sites)} site{'s' * (len(sites) != 1)}"
        f"{larger if after > before else ''}{f'. It replaces no feed-forward layers: {plan}' if plan else ''}"
    ]


def remember_report(model: nn.Module, report: "SwapReport") -> None:
    """Keep the report of the last swap with the network, for `swap_report`."""
    vars(model)[_REPORT] = report


def swap_report(model: nn.Module) -> "SwapReport | None":
    """The report of how a network got its activation; None where nothing was swapped or resized."""
    report: SwapReport | None = vars(model).get(_REPORT)
    return report
