"""The report of a swap: which sites have a new activation, which do not and why, and what it costs."""

from dataclasses import dataclass

from reluctant.models.swap.find_sites import CallSite, Form

NAME_WIDTH = 38  # characters of a site's name in the table
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

    `parameters` and `multiply_adds` (of one forward pass on the example; None without one) are pairs, before
    and after. With `fullgraph_only`, functional calls are dispatched to modules, and `torch.compile` accepts
    the network only as one graph: a graph break is an error.
    """

    activation: str
    swapped: tuple[ReportedSite, ...]
    skipped: tuple[ReportedSite, ...]
    parameters: tuple[int, int]
    multiply_adds: tuple[int, int] | None
    fullgraph_only: bool

    def one_line(self) -> str:
        """One sentence: the number of sites, their names, and what was not swapped."""
        calls = "a function call" if self._functional == 1 else "function calls"
        functional = f", {self._functional} of them {calls}" if self._functional else ""
        names = join_names([site.name for site in self.swapped], FEW_NAMES)
        sentence = f"activations at {_count_sites(self.swapped)}{functional}: {names}"
        skipped = join_names([f"{site.name} ({site.reason})" for site in self.skipped], FEW_NAMES)
        return f"{sentence}; not swapped: {skipped}" if skipped else sentence

    def __str__(self) -> str:
        lines = [f"{self.activation} at {_count_sites(self.swapped)}, {self._functional} of them functional"]
        lines += [_site_row(site.name, site.kind, f"{site.calls or '-'} per pass") for site in self.swapped]
        if self.skipped:
            lines += [f"not swapped: {_count_sites(self.skipped)}"]
            lines += [_site_row(site.name, site.kind, site.reason) for site in self.skipped]
        lines += [_before_and_after("parameters", self.parameters)]
        no_example = "no example was given: function calls were not searched for"
        lines += [_before_and_after("multiply-adds", self.multiply_adds) if self.multiply_adds else no_example]
        return "\n".join(lines)

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


def _site_row(name: str, kind: str, remark: str) -> str:
    name = name if len(name) <= NAME_WIDTH else "…" + name[1 - NAME_WIDTH :]
    return f"  {name:<{NAME_WIDTH}} {kind[:18]:<18} {remark}"


def _count_sites(sites: tuple[ReportedSite, ...]) -> str:
    return f"{len(sites)} site" + "s" * (len(sites) != 1)


def _before_and_after(quantity: str, counts: tuple[int, int]) -> str:
    before, after = counts
    return f"{quantity}: {before:,}" + (f" → {after:,}" if after != before else ", as before")
