"""Which activation sites of a network are swapped, why the others are not, and the report of a swap."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from textwrap import wrap
from typing import Any

import torch
from torch import nn

from reluctant.core.display import did_you_mean, quoted
from reluctant.core.errors import ModelError
from reluctant.models.swap.find_sites import CallSite, Form
from reluctant.models.swap.gates_report import GatesReport
from reluctant.models.swap.modules import GATES, OUTPUT_ACTIVATIONS, SOFTMAX, WIDTH_HALVING, base_kind

Patterns = str | Iterable[str] | None
LINE_WIDTH, NAME_WIDTH = 80, 38  # characters of a line, and of a site's name in the table
MOST_NAMES, FEW_NAMES = 12, 4  # names in an error message, in a sentence


@dataclass(frozen=True)
class ReportedSite:
    """A site: the kind of its old activation, its calls in one forward pass, and why it was not swapped (or empty)."""

    name: str
    kind: str
    form: Form
    calls: int
    reason: str


@dataclass(frozen=True)
class SwapReport:
    """What `swap_activations` did.

    `parameters` and `multiply_adds` (of one forward pass on the example; None without one, or if they cannot be
    counted) are pairs, before and after. With `fullgraph_only`, functional calls are dispatched to modules, and
    `torch.compile` accepts the network only as one graph: a graph break is an error. `gates` are the feed-forward
    layers that became gated. `warnings` say what makes the network hard to compare with others.
    """

    activation: str
    swapped: tuple[ReportedSite, ...]
    skipped: tuple[ReportedSite, ...]
    parameters: tuple[int, int]
    multiply_adds: tuple[int, int] | None
    fullgraph_only: bool
    gates: GatesReport | None = None
    warnings: tuple[str, ...] = ()

    def one_line(self) -> str:
        """One sentence: the number of sites, their names, what was not swapped, what became gated, and warnings."""
        return "; ".join([self.sites_text(), *self.remarks()])

    def sites_text(self) -> str:
        """The number of sites, their names, and what was not swapped."""
        calls = "a function call" if self._functional == 1 else "function calls"
        functional = f", {self._functional} of them {calls}" if self._functional else ""
        names = join_names([site.name for site in self.swapped], FEW_NAMES)
        sentence = f"activations at {_count_sites(self.swapped)}{functional}: {names}"
        skipped = join_names([f"{site.name} ({site.reason})" for site in self.skipped], FEW_NAMES)
        return f"{sentence}; not swapped: {skipped}" if skipped else sentence

    def remarks(self) -> list[str]:
        """What is said of gated layers and of their size; and warnings."""
        gated = self.gates.sentences() if self.gates else []
        sizes = [_before_and_after("parameters", self.parameters)] if self.gates and self.gates.layers else []
        return [*gated, *sizes, *(f"warning: {warning}" for warning in self.warnings)]

    def __str__(self) -> str:
        lines = [f"{self.activation} at {_count_sites(self.swapped)}, {self._functional} of them function calls"]
        lines += [_site_row(site.name, site.kind, f"called {site.calls or '-'} × per pass") for site in self.swapped]
        if self.skipped:
            lines += [f"not replaced: {_count_sites(self.skipped)} (to replace them too, name them in only=)"]
            lines += [_site_row(site.name, site.kind, site.reason) for site in self.skipped]
        lines += self.gates.sentences() if self.gates else []
        lines += [
            _site_row(layer.up, "inner width", f"{layer.before} → {layer.after}")
            for layer in (self.gates.layers if self.gates else ())
        ]
        lines += [_before_and_after("parameters", self.parameters)]
        if self.multiply_adds:
            lines += [_before_and_after("multiply-adds", self.multiply_adds)]
        elif any(site.calls for site in self.swapped):
            lines += ["multiply-adds: not counted, PyTorch's counter fails on this network"]
        else:
            lines += ["no example was given: function calls were not searched for"]
        lines += [f"warning: {warning}" for warning in self.warnings]
        return "\n".join(wrapped for line in lines for wrapped in _wrapped(line))

    @property
    def _functional(self) -> int:
        return sum(site.form == "functional" for site in self.swapped)


def describe_sites(reasons: dict[CallSite, str]) -> tuple[tuple[ReportedSite, ...], tuple[ReportedSite, ...]]:
    """The swapped and the skipped sites of a report, from every site's reason to skip it."""
    sites = [ReportedSite(s.name, s.kind, s.form, s.calls, reason) for s, reason in reasons.items()]
    return tuple(site for site in sites if not site.reason), tuple(site for site in sites if site.reason)


def join_names(names: list[str], most: int = MOST_NAMES) -> str:
    """The first names with commas between them, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def explain_no_swap(model: nn.Module, reasons: dict[CallSite, str], example: Any) -> str:
    """Why no activation of a network was swapped, and what to do."""
    kind = type(model).__name__
    if reasons:
        skipped = join_names([f"{site.name} ({reason})" for site, reason in reasons.items()])
        return f"no activation of {kind} was swapped: {skipped}; name in only= the sites to swap"
    if example is None:
        return f"{kind} has no activation module; give example= (a batch of its inputs) to find calls such as F.relu"
    recurrent = [type(module).__name__ for module in model.modules() if isinstance(module, nn.RNNBase)]
    if recurrent:
        return (
            f"the activations of nn.{recurrent[0]} are inside PyTorch's kernel and cannot be replaced; write the cell "
            f"as a module of your own that calls torch.tanh or F.relu, or compare other parts of the network"
        )
    if any(isinstance(module, torch.jit.ScriptModule) for module in model.modules()):
        return f"{kind} is a TorchScript network, which cannot be traced; swap before torch.jit.script"
    return (
        f"no activation was found in {kind}: neither a known activation module nor a call such as F.relu. "
        f"If it was compiled with torch.compile, give the network as it was before that"
    )


def _wrapped(line: str) -> list[str]:
    """A line as lines of at most 80 characters; rows of the table fit."""
    return [line] if line.startswith(" ") else wrap(line, LINE_WIDTH, subsequent_indent="  ")


def _site_row(name: str, kind: str, remark: str) -> str:
    name = name if len(name) <= NAME_WIDTH else "…" + name[1 - NAME_WIDTH :]
    return f"  {name:<{NAME_WIDTH}} {kind[:18]:<18} {remark}"


def _count_sites(sites: tuple[ReportedSite, ...]) -> str:
    return f"{len(sites)} site" + "s" * (len(sites) != 1)


def _before_and_after(quantity: str, counts: tuple[int, int]) -> str:
    before, after = counts
    if after == before:
        return f"{quantity}: {before:,}, as before"
    change = 100 * (after / before - 1) if before else 0.0
    percent = f"{change:+.2f}" if abs(change) < 1 else f"{change:+,.1f}"
    return f"{quantity}: {before:,} → {after:,}" + (f" ({percent.replace('-', '−')} %)" if before else "")


def reasons_to_skip(sites: list[CallSite], only: Patterns, exclude: Patterns) -> dict[CallSite, str]:
    """For every site the reason why it is not swapped, or empty; `ModelError` if a pattern matches no site."""
    chosen, excluded = _read_patterns(only), _read_patterns(exclude) or ()
    names = [site.name for site in sites]
    for pattern in (*(chosen or ()), *excluded) if sites else ():
        if not any(fnmatchcase(name, pattern) for name in names):
            hint = did_you_mean(pattern, names) or f"; the names of the sites are {join_names(names)}"
            raise ModelError(f"no site matches {pattern!r}{hint}")
    # A sigmoid or tanh may be a gate if the network has an activation that is certainly not a gate.
    has_certain_activation = any(
        site.attachable and not _may_be_gate(site) and not _role_without_activation(site) for site in sites
    )

    def reason(site: CallSite) -> str:
        if base_kind(site.kind) in WIDTH_HALVING:
            return "halves the width"
        if not site.attachable:
            return "called by a container, which cannot be changed"
        if _matches_any(site, excluded):
            return "excluded"
        if chosen is not None:
            return "" if _matches_any(site, chosen) else "not in only"
        role = _role_without_activation(site)
        gate = has_certain_activation and _may_be_gate(site)
        return role or ("may be a gate" if gate else "")

    return {site: reason(site) for site in sites}


def _read_patterns(patterns: Patterns) -> tuple[str, ...] | None:
    """The patterns of `only=` or `exclude=` as a tuple, or None; `ModelError` if one is not a string."""
    if patterns is None:
        return None
    names = (patterns,) if isinstance(patterns, str) else tuple(patterns)
    if not all(isinstance(name, str) for name in names):
        raise ModelError(f"only= and exclude= take patterns such as '*.act', not {quoted(patterns)}")
    return names


def _role_without_activation(site: CallSite) -> str:
    """What a site does if it does not activate units; empty if it may activate them."""
    kind = base_kind(site.kind)
    if kind in WIDTH_HALVING:
        return "halves the width"
    if kind in OUTPUT_ACTIVATIONS and site.last and not site.from_reluctant:
        return "output"
    if kind in SOFTMAX:
        return "attention" if site.calls else "softmax"
    return "gate" if _may_be_gate(site) and site.multiplied else ""


def _may_be_gate(site: CallSite) -> bool:
    return base_kind(site.kind) in GATES and not site.from_reluctant


def _matches_any(site: CallSite, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(site.name, pattern) for pattern in patterns)
