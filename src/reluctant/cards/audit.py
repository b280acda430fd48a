"""An audit: the laws of the catalogue tried on anybody's function, against the row it is said to be."""

import dataclasses
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from reluctant.activations import builder
from reluctant.activations.laws import LAWS, Law, Subject
from reluctant.cards.card import Card, card
from reluctant.cards.function import Function, one_thread
from reluctant.catalogue import ACTIVATIONS, Activation
from reluctant.core.errors import ReluctantError, StudyError, describe_exception

Fresh = Callable[[], nn.Module]
AGREE = 1e-6  # relative to 1 + |f|: nearer than this, two functions are one


@dataclass(frozen=True)
class Verdict:
    """A law and what is wrong, empty where it is kept; `own` is what is wrong with the catalogue's then."""

    law: Law
    fault: str = ""
    own: str = ""

    @property
    def broken(self) -> bool:
        """Whether the function differs here from the catalogue's: one that fails just so does not."""
        return self.fault != self.own


def audit(written: str, claimed: str, laws: Iterable[Law] = LAWS) -> Iterator[Verdict]:
    """Try every law on what `written` names (`module:name`), held against the row that it is claimed to be.

    Raises `StudyError` where it cannot be audited: it is no function, cannot be made, or fails on a batch.
    """
    subject = _subject(target(written), claimed)
    own = Subject(subject.row, builder(subject.name), subject.name)
    for law in laws:
        if law.blocks or not subject.is_block:
            fault = _tried(law, subject)
            yield Verdict(law, fault, own=_tried(law, own) if fault else "")


def target(written: str) -> Fresh:
    """What makes a fresh module of a function on trial, which was tried on a batch."""
    before = _settings()
    fresh = builder(written)
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.simplefilter("ignore")
        try:
            out = fresh().eval()(torch.linspace(-3, 3, 144).reshape(2, 8, 3, 3))
        except ReluctantError:
            raise
        except Exception as fault:
            raise StudyError(
                f"{written} cannot be audited: it fails on a batch: {describe_exception(fault)}"
            ) from fault
        finally:
            changed = [what for what, value in _settings().items() if value != before[what]]
            _restore(before)
    if changed:
        raise StudyError(f"{written} cannot be audited: it has a side effect, on PyTorch's {changed[0]}")
    if not isinstance(out, Tensor):
        raise StudyError(f"{written} cannot be audited: it returns {type(out).__name__}; a tensor is wanted")
    return fresh


def _settings() -> dict[str, Any]:
    """What PyTorch is set to for everybody."""
    return {
        "default dtype": torch.get_default_dtype(),
        "gradient mode": torch.is_grad_enabled(),
        "number of threads": torch.get_num_threads(),
        "choice of deterministic algorithms": torch.are_deterministic_algorithms_enabled(),
    }


def _restore(settings: dict[str, Any]) -> None:
    dtype, grad, threads, deterministic = settings.values()
    torch.set_default_dtype(dtype)
    torch.set_grad_enabled(grad)
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(deterministic)


def _subject(fresh: Fresh, claimed: str) -> Subject:
    name = ACTIVATIONS.canonical(claimed)
    if name.is_user_defined:
        raise StudyError(f"--as wants a name of the catalogue, such as 'gelu', not {claimed!r}")
    row = ACTIVATIONS[name.head]
    return Subject(_at(row, card(str(name))) if name.arguments else row, fresh, str(name))


def _at(row: Activation, found: Card) -> Activation:
    """The row as it is at other parameters than the default ones: the table speaks of those alone."""
    facts = found.facts
    if facts is None:
        return row
    kept = row.traits - {"monotone", "smooth", "bounded", "discontinuous"}
    traits = {"monotone"} if facts.monotone else set()
    traits |= {"smooth"} if facts.smooth else set()
    traits |= {"discontinuous"} if facts.jumps else set()
    limits = (facts.ends[0].limit, facts.ends[1].limit)
    kinks = (*facts.jumps, *facts.bends)
    return dataclasses.replace(row, traits=frozenset(kept | traits), limits=limits, kinks=kinks, range=None)


def _tried(law: Law, subject: Subject) -> str:
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]), one_thread():
        warnings.simplefilter("ignore")
        try:
            return law.check(subject)
        except Exception as fault:
            return f"it fails: {describe_exception(fault)}"


@one_thread()
def nearest(fresh: Fresh, most: int = 3) -> list[tuple[str, float]]:
    """The rows whose values at default parameters come nearest on [−5, 5], with the largest difference."""
    x = np.linspace(-5, 5, 241)
    y = Function(fresh())(x)
    if y.shape != x.shape:
        raise StudyError("it is no function of one number, so no row of the catalogue is near it")
    rows = [row.name for row in ACTIVATIONS if row.family != "block"]
    found = [(name, _apart(y, Function(builder(name)())(x))) for name in rows]
    return sorted(found, key=lambda pair: pair[1])[:most]


def _apart(one: np.ndarray, other: np.ndarray) -> float:
    apart = np.abs(one - other) / (1 + np.abs(other))
    return float(np.nan_to_num(apart, nan=np.inf).max())
