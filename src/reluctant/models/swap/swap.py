"""Any activation in any network: every place gets a fresh one, whether a module stood there or a function."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Literal

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from reluctant.activations import factory
from reluctant.core.display import quoted
from reluctant.core.errors import ModelError, describe_exception
from reluctant.core.suggestions import did_you_mean
from reluctant.models.swap.activation_types import GATES, HEADS, SOFTMAX, WIDTH, basic, kind_of
from reluctant.models.swap.dispatch import is_attended
from reluctant.models.swap.forward import call, likeness, operations, parameters, undisturbed
from reluctant.models.swap.replace import put
from reluctant.models.swap.sites_found import Form, Place, places

Patterns = str | Iterable[str] | None
WIDE, MOST, FEW = 38, 12, 4  # characters of a place in the table, places in a message, in a sentence


@dataclass(frozen=True)
class Swapped:
    """A place that has a fresh activation now: what was there, and how often it is used in one pass."""

    path: str
    kind: str
    form: Form
    calls: int


@dataclass(frozen=True)
class Left:
    """A place that was left alone, and why."""

    path: str
    kind: str
    form: Form
    reason: str


@dataclass(frozen=True)
class Swap:
    """What `swap_activations` did.

    `parameters` and `operations` (multiply-adds of one pass on the example; None without one) are those
    before and after. Where calls are sent to modules, `torch.compile` takes the network `in one
    piece` alone (a graph break is an error), and otherwise as before.
    """

    activation: str
    swapped: tuple[Swapped, ...]
    left: tuple[Left, ...]
    parameters: tuple[int, int]
    operations: tuple[int, int] | None
    compiles: Literal["as before", "in one piece"]

    def brief(self) -> str:
        """One sentence: how many places, which, and what was left alone."""
        functional = sum(each.form == "functional" for each in self.swapped)
        places = _listed([each.path for each in self.swapped], FEW)
        calls = f", {functional} of them calls of functions" if functional else ""
        left = _listed([f"{place.path} ({place.reason})" for place in self.left], FEW)
        return f"activations at {_counted(len(self.swapped), 'place')}{calls}: {places}" + (
            f"; left alone: {left}" if left else ""
        )

    def __str__(self) -> str:
        functional = sum(each.form == "functional" for each in self.swapped)
        lines = [
            f"{self.activation} at {_counted(len(self.swapped), 'place')}, {functional} of them a function"
        ]
        lines += [_line(p.path, p.kind, f"{p.calls or '-'} per pass") for p in self.swapped]
        if self.left:
            lines += [f"left alone: {_counted(len(self.left), 'place')}"]
            lines += [_line(place.path, place.kind, place.reason) for place in self.left]
        lines += [_change("parameters", self.parameters)]
        if self.operations:
            lines += [_change("multiply-adds", self.operations)]
        else:
            lines += ["no example was given: calls of functions were not looked for"]
        return "\n".join(lines)


def swap_activations(
    model: nn.Module,
    activation: str | nn.Module | Callable[..., Any],
    only: Patterns = None,
    exclude: Patterns = None,
    example: Any = None,
) -> tuple[nn.Module, Swap]:
    """The network with another activation, and what was done: the network itself is changed.

    Every place gets a fresh module: activation modules (one per place that calls them) and, where `example`
    (a tensor, or a tuple or mapping of inputs) shows them, calls of functions such as `F.relu`. A place is
    called by its module's path, `layer1.0.act`, or by who calls what, `layer1.0#relu_2`; `only` and
    `exclude` are patterns of these (`*.act`). Weights, buffers and random states stay as they are.

    Left alone and named, unless `only` asks for them: sigmoid, tanh and softplus where they are factors, or
    stand beside other activations; softmax; what bends the output. Of functions, `max` and `clamp` are not
    known as activations; nor is seen what runs in TorchScript or is called past a module's `forward`.
    A call that the example did not show raises RuntimeError when it comes: it would have run the old function
    beside the new one, and no report would have said so.

    Raises `ModelError` where nothing is found or matched, or the network fails with the new activation; then
    it is as it was before.
    """
    if kind_of(model):
        raise ModelError(
            f"{type(model).__name__} is itself an activation; make another instead of swapping it"
        )
    fresh, only, exclude = factory(activation), _patterns(only), _patterns(exclude)
    found = places(model, example)
    _matching(found, (*(only or ()), *(exclude or ())))
    reasons = {place: _reason(place, found, only, exclude) for place in found}
    chosen = [place for place in found if not reasons[place]]
    if not chosen:
        raise ModelError(_nothing(model, reasons, example))
    before = parameters(model), None if example is None else operations(likeness(model), example)
    trial = likeness(model)
    put(trial, found, chosen, fresh)
    after = None if example is None else _tried(trial, activation, example)
    put(model, found, chosen, fresh)
    if example is not None:
        _complete(model, example)
    return model, Swap(
        activation
        if isinstance(activation, str)
        else getattr(activation, "__name__", quoted(activation, 40)),
        tuple(Swapped(p.name, p.kind, p.form, p.calls) for p in chosen),
        tuple(Left(p.name, p.kind, p.form, reason) for p, reason in reasons.items() if reason),
        (before[0], parameters(model)),
        None if before[1] is None or after is None else (before[1], after),
        "in one piece" if any(map(is_attended, model.modules())) else "as before",
    )


def _tried(trial: nn.Module, activation: object, example: Any) -> int:
    """The multiply-adds of the network with its new activation, after it was seen to work."""
    try:
        return operations(trial, example)
    except Exception as fault:
        raise ModelError(
            f"with {quoted(activation)} the network fails on the example: {describe_exception(fault)}"
        ) from fault


def _complete(model: nn.Module, example: Any) -> None:
    """Let modules that take their width from the first input make their weights."""
    if not any(map(is_lazy, model.parameters())):
        return
    modes = {module: module.training for module in model.modules()}
    with undisturbed(model), torch.no_grad():
        call(model.eval(), example)
    for module in model.modules():
        module.training = modes.get(module, module.training)


def _reason(
    place: Place, found: list[Place], only: tuple[str, ...] | None, exclude: tuple[str, ...] | None
) -> str:
    """Why a place is left alone; empty where it is swapped."""
    if basic(place.kind) in WIDTH:
        return "halves the width"
    if not place.room:
        return "a container calls it"
    if _matches(place, exclude or ()):
        return "excluded"
    if only is not None:
        return "" if _matches(place, only) else "not in only"
    reason = _other_use(place)
    if (
        not reason
        and _doubtful(place)
        and any(not _doubtful(p) and not _other_use(p) for p in found if p.room)
    ):
        return "perhaps a gate"
    return reason


def _other_use(place: Place) -> str:
    """What a place does instead of activating units."""
    kind = basic(place.kind)
    if kind in WIDTH:
        return "halves the width"
    if kind in HEADS and place.last and not place.ours:
        return "output"
    if kind in SOFTMAX:
        return "attention" if place.calls else "softmax"
    return "gate" if _doubtful(place) and place.gate else ""


def _doubtful(place: Place) -> bool:
    return basic(place.kind) in GATES and not place.ours


def _matches(place: Place, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(place.name, pattern) for pattern in patterns)


def _patterns(given: Patterns) -> tuple[str, ...] | None:
    patterns = given if given is None else (given,) if isinstance(given, str) else tuple(given)
    if patterns is not None and not all(isinstance(each, str) for each in patterns):
        raise ModelError(f"only= and exclude= take patterns such as '*.act', not {quoted(given)}")
    return patterns


def _matching(found: list[Place], patterns: Iterable[str]) -> None:
    """Refuse a pattern that no place matches: it is misspelt."""
    names = [place.name for place in found]
    for pattern in patterns if found else ():
        if not any(fnmatchcase(name, pattern) for name in names):
            near = did_you_mean(pattern, names) or f"; the places are {_listed(names)}"
            raise ModelError(f"no place matches {pattern!r}{near}")


def _nothing(model: nn.Module, reasons: dict[Place, str], example: Any) -> str:
    """Why there is nothing to swap, and what to do."""
    kind = type(model).__name__
    if reasons:
        left = _listed([f"{place.name} ({reason})" for place, reason in reasons.items()])
        return f"all activations of {kind} were left alone: {left}; name in only= what you want swapped"
    if example is None:
        return (
            f"{kind} has no activation module; give example= (a batch of its inputs) to find "
            "calls such as F.relu"
        )
    if any(isinstance(module, torch.jit.ScriptModule) for module in model.modules()):
        return f"{kind} is a TorchScript network, into which nobody can look; swap before torch.jit.script"
    return (
        f"no activation was found in {kind}: neither a module known as one nor a call such as F.relu. "
        f"Calls in a compiled function cannot be seen: swap first, compile afterwards"
    )


def _listed(names: list[str], most: int = MOST) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _line(path: str, kind: str, remark: str) -> str:
    path = path if len(path) <= WIDE else "…" + path[1 - WIDE :]
    return f"  {path:<{WIDE}} {kind[:18]:<18} {remark}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" + "s" * (number != 1)


def _change(what: str, counts: tuple[int, int]) -> str:
    before, after = counts
    return f"{what}: {before:,}" + (f" → {after:,}" if after != before else ", as before")
