"""Which activation sites of a network are swapped, and why the others are not."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from reluctant.core.display import did_you_mean, quoted
from reluctant.core.errors import ModelError
from reluctant.models.swap.activation_kinds import GATES, OUTPUT_ACTIVATIONS, SOFTMAX, WIDTH_HALVING, base_kind
from reluctant.models.swap.find_sites import CallSite
from reluctant.models.swap.report import join_names

Patterns = str | Iterable[str] | None


def reasons_to_skip(
    sites: list[CallSite], only: tuple[str, ...] | None, exclude: tuple[str, ...] | None
) -> dict[CallSite, str]:
    """For every site the reason why it is not swapped, or empty; `ModelError` if a pattern matches no site."""
    names = [site.name for site in sites]
    for pattern in (*(only or ()), *(exclude or ())) if sites else ():
        if not any(fnmatchcase(name, pattern) for name in names):
            hint = did_you_mean(pattern, names) or f"; the sites are {join_names(names)}"
            raise ModelError(f"no site matches {pattern!r}{hint}")
    # A sigmoid or tanh is perhaps a gate if the network has an activation that is certainly not a gate.
    has_certain_activation = any(
        site.attachable and not _may_be_gate(site) and not _role_without_activation(site) for site in sites
    )

    def reason(site: CallSite) -> str:
        if base_kind(site.kind) in WIDTH_HALVING:
            return "halves the width"
        if not site.attachable:
            return "called by a container, which cannot be changed"
        if _matches_any(site, exclude or ()):
            return "excluded"
        if only is not None:
            return "" if _matches_any(site, only) else "not in only"
        role = _role_without_activation(site)
        gate = has_certain_activation and _may_be_gate(site)
        return role or ("may be a gate; name it in only= to swap it" if gate else "")

    return {site: reason(site) for site in sites}


def read_patterns(patterns: Patterns) -> tuple[str, ...] | None:
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
