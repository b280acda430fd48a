"""The audit: the laws of the catalogue, checked for a user's function and the row that it claims to be."""

import dataclasses
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from reluctant.activations import raw_factory, set_feature_axis
from reluctant.activations.laws import LAWS, CheckedActivation, Law
from reluctant.activations.numerics import ScalarFunction, single_thread
from reluctant.cards.card import build_card
from reluctant.catalogue import ACTIVATIONS, Activation
from reluctant.core.errors import ReluctantError, StudyError, describe_exception
from reluctant.core.randomness import preserve_random_states

Factory = Callable[[], nn.Module]
_DETERMINISTIC = (torch.are_deterministic_algorithms_enabled, torch.use_deterministic_algorithms)
_GLOBAL_SETTINGS: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {  # how PyTorch reads and sets them
    "default dtype": (torch.get_default_dtype, torch.set_default_dtype),
    "gradient mode": (torch.is_grad_enabled, torch.set_grad_enabled),
    "number of threads": (torch.get_num_threads, torch.set_num_threads),
    "choice of deterministic algorithms": _DETERMINISTIC,
}
SAME_FUNCTION = 1e-6  # two functions are the same if they differ by less, relative to 1 + |f|


@dataclass(frozen=True)
class LawResult:
    """The fault of a function under one law, and that of the catalogue's function; empty if the law holds."""

    law: Law
    fault: str = ""
    catalogue_fault: str = ""  # checked only if the function has a fault

    @property
    def failed(self) -> bool:
        """Whether the law counts as failed; a fault that the catalogue's function has too does not count."""
        return self.fault != self.catalogue_fault


def audit_function(written: str, claimed: str, laws: Iterable[Law] = LAWS) -> Iterator[LawResult]:
    """Check every law for the function `written` (`module:name`) and the row `claimed`.

    Raises:
        ReluctantError: It is not a function, cannot be built, or fails on a batch.
    """
    build = buildable(written)
    name = ACTIVATIONS.canonical(claimed)
    if name.is_user_defined:
        raise StudyError(f"--as needs a name of the catalogue, such as 'gelu', not {claimed!r}")
    row = _row_with_parameters(ACTIVATIONS[name.head], str(name)) if name.arguments else ACTIVATIONS[name.head]
    users = CheckedActivation(row, build, str(name))
    catalogues = CheckedActivation(row, raw_factory(str(name)), str(name))
    for law in laws:
        if law.for_blocks or not users.is_block:
            fault = _check_law(law, users)
            yield LawResult(law, fault, _check_law(law, catalogues) if fault else "")


def buildable(written: str) -> Factory:
    """A function that builds fresh modules of the name `written`, after one of them was tried on a batch.

    Raises:
        ReluctantError: It cannot be built, fails, changes a global setting of PyTorch, or returns no tensor.
    """
    before = {name: read() for name, (read, _) in _GLOBAL_SETTINGS.items()}
    build = raw_factory(written)
    with warnings.catch_warnings(), preserve_random_states():
        warnings.simplefilter("ignore")
        try:
            out = set_feature_axis(build().eval(), 1)(torch.linspace(-3, 3, 144).reshape(2, 8, 3, 3))
        except ReluctantError:
            raise
        except Exception as fault:
            raise StudyError(
                f"{written} cannot be audited: it fails on a batch: {describe_exception(fault)}"
            ) from fault
        finally:
            changed = [name for name, (read, _) in _GLOBAL_SETTINGS.items() if read() != before[name]]
            for name, (_, write) in _GLOBAL_SETTINGS.items():
                write(before[name])
    if changed:
        raise StudyError(f"{written} cannot be audited: it changes PyTorch's {changed[0]}")
    if not isinstance(out, Tensor):
        raise StudyError(f"{written} cannot be audited: it returns {type(out).__name__}; it must return a tensor")
    return build


def _row_with_parameters(row: Activation, name: str) -> Activation:
    """The row with the facts measured for these parameters: the table states those of the defaults only."""
    facts = build_card(name).facts
    if facts is None:
        return row
    measured = {"monotone": facts.monotone, "smooth": facts.smooth, "discontinuous": facts.jumps, "bounded": False}
    traits = (row.traits - measured.keys()) | {trait for trait, holds in measured.items() if holds}
    limits, kinks = (facts.ends[0].limit, facts.ends[1].limit), (*facts.jumps, *facts.bends)
    return dataclasses.replace(row, traits=traits, limits=limits, kinks=kinks, range=None)


def _check_law(law: Law, activation: CheckedActivation) -> str:
    with warnings.catch_warnings(), preserve_random_states(), single_thread():
        warnings.simplefilter("ignore")
        try:
            return law.check(activation)
        except Exception as fault:
            return f"it fails: {describe_exception(fault)}"


@single_thread()
def nearest_rows(build: Factory, most: int = 3) -> list[tuple[str, float]]:
    """The rows whose values on [−5, 5] are nearest, at default parameters, with the largest difference.

    Raises `StudyError`: it fails for a line of numbers, or does not return one.
    """
    x = np.linspace(-5, 5, 241)
    try:
        y = ScalarFunction(build())(x)
    except Exception as fault:
        shape = "an activation takes inputs of any shape and keeps the shape"
        raise StudyError(f"it fails for an input of shape (n,): {describe_exception(fault)}; {shape}") from fault
    if y.shape != x.shape:
        raise StudyError("it is not a function of one number, so no row of the catalogue is near it")
    distances = []
    for row in ACTIVATIONS:
        if row.family != "block":
            other = ScalarFunction(raw_factory(row.name)())(x)
            difference = np.nan_to_num(np.abs(y - other) / (1 + np.abs(other)), nan=np.inf)
            distances.append((row.name, float(difference.max())))
    return sorted(distances, key=lambda pair: pair[1])[:most]
