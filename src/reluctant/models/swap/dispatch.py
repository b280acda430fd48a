"""Calls of activation functions that go to modules: the mode that sends each to the module of its place.

A module that calls functions gets a class of its own, made from the one it had, whose forward runs under the
mode. The modules that answer lie in the calling module itself, so every part of a network is whole: it can be
called alone, copied, pickled, run again in backward (`torch.utils.checkpoint` of a module) or in threads.
`torch.compile` sees through the mode where a whole network is compiled in one piece: in pieces, what has been
sent to a module would be sent again, so a graph break is an error, and so is compiling a part alone.
"""

import copyreg
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode, _get_current_function_mode_stack

from reluctant.core.errors import ModelError
from reluctant.models.swap.activation_types import FUNCTIONS, GATES, SOFTMAX, WIDTH, basic, in_place
from reluctant.models.swap.sites import CALLS, TURNS
from reluctant.models.swap.tracer import numbered

HEARD = "reluctant_heard"
QUIET = GATES | SOFTMAX | WIDTH  # functions that go on as they are where nobody asked for them


@dataclass(frozen=True)
class Heard:
    """What is known of a module's calls: its path, the calls heard, the functions that modules answer for."""

    path: str
    calls: frozenset[str] = frozenset()
    answered: frozenset[str] = frozenset()


class Attention(TorchFunctionMode):
    """One call of a module under way: its calls of activation functions go to the modules of their places.

    Calls are known by function and order, `relu`, `relu_2`, …, whatever else runs between. What an activation
    calls itself is not looked at: no mode is on inside.
    """

    def __init__(self, module: nn.Module, heard: Heard) -> None:
        super().__init__()
        self.module, self.heard = module, heard
        self.counts: dict[str, int] = {}

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kind = FUNCTIONS.get(func)
        if kind is not None:
            return self._answer(kind, func, args, kwargs or {})
        return func(*args, **(kwargs or {}))

    def turn(self, turns: "Turns") -> nn.Module:
        """The module whose turn it is."""
        return turns.place(self.heard.path, self._number(f"module {turns.path}"))

    def _number(self, what: str) -> int:
        self.counts[what] = self.counts.get(what, 0) + 1
        return self.counts[what]

    def _answer(self, kind: str, function: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        call = numbered(kind, self._number(kind))
        with torch._C.DisableTorchFunction():
            if call not in self.heard.calls:
                self._unheard(kind, call)
                return function(*args, **named)
            places: Any = getattr(self.module, CALLS, {})
            if call not in places:
                return function(*args, **named)
            x = args[0] if args else named["input"]
            if in_place(function, named):
                return x.copy_(places[call](x.clone()))  # others may look at x, and a gradient at what it was
            return places[call](x)

    def _unheard(self, kind: str, call: str) -> None:
        if basic(kind) in QUIET and kind not in self.heard.answered:
            return
        raise RuntimeError(
            f"{self.heard.path}#{call} ({type(self.module).__name__}) was never called when activations were "
            f"swapped, so no module stands for it; give swap_activations an example that goes this way too"
        )


class Turns(nn.Module):
    """The modules that stand for one called at several places; who calls and which time tells them apart."""

    def __init__(self, path: str, places: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.path = path
        self.order = {key: str(number) for number, key in enumerate(places, 1)}
        turns = {number: places[key] for key, number in self.order.items()}
        setattr(self, TURNS, nn.ModuleDict(turns))

    def place(self, caller: str, number: int) -> nn.Module:
        """The module for the n-th call within one call of `caller`."""
        key = turn(caller, number)
        if key not in self.order:
            raise RuntimeError(
                f"{self.path} was never called for the {number}. time by {caller or 'the network itself'} "
                f"when activations were swapped; give swap_activations an example that goes this way too"
            )
        found: nn.Module = getattr(self, TURNS)[self.order[key]]
        return found

    def forward(self, x: Tensor) -> Any:
        for mode in reversed(_get_current_function_mode_stack()):  # type: ignore[no-untyped-call]
            if isinstance(mode, Attention):
                return mode.turn(self)(x)
        raise RuntimeError(f"{self.path} stands for several places, so it runs only inside its network")


def turn(caller: str, number: int) -> str:
    """How `Turns` knows a call: by the path of the module that calls, and which time."""
    return f"{caller}#{number}"


def attend(module: nn.Module, heard: Heard | None) -> None:
    """Let a module's forward run under `Attention`, or, without `heard`, under no mode: a closed activation.

    Raises `ModelError` for a module whose forward was replaced.
    """
    mine = module.__dict__.get("forward")
    if getattr(mine, "__func__", None) is type(module).forward and getattr(mine, "__self__", None) is module:
        del module.__dict__["forward"]  # the very method of its class, left there by somebody who put it back
    elif mine is not None:
        raise ModelError(
            f"{type(module).__name__}: somebody has wrapped its forward, past which its calls of activations "
            f"cannot be sent to modules; swap before it is wrapped"
        )
    module.__dict__[HEARD] = heard
    if not is_attended(module):
        module.__class__ = _attending(type(module), heard is None)  # type: ignore[arg-type]


def is_attended(module: nn.Module) -> bool:
    """Whether a module has been given its class here."""
    return hasattr(type(module), "reluctant_kind")


@functools.cache
def _attending(kind: Any, closed: bool) -> type[nn.Module]:
    """The class of attended modules of a class; it is called alike and pickled as what it was made from."""
    forward = _closed_forward(kind) if closed else _open_forward(kind)

    def reduced(self: nn.Module, protocol: Any) -> Any:
        found: Any = object.__reduce_ex__(self, 4)
        if found[0] is not copyreg.__newobj__:  # type: ignore[attr-defined]
            return found
        return (_revived, (kind, closed), *found[2:])

    names = {"forward": forward, "__reduce_ex__": reduced, "reluctant_kind": kind}
    about = {"__module__": kind.__module__, "__qualname__": kind.__qualname__, "__doc__": kind.__doc__}
    return type(kind.__name__, (kind,), {**about, **names})


def _open_forward(kind: type[nn.Module]) -> Any:
    @functools.wraps(kind.forward)
    def forward(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
        heard = self.__dict__.get(HEARD)
        if heard is None:  # made anew by its class, such as a slice of a Sequential
            return kind.forward(self, *args, **kwargs)
        if (
            torch.compiler.is_compiling()
        ):  # in pieces it would run under the mode what the mode has been through
            with torch._dynamo.error_on_graph_break(True), Attention(self, heard):
                return kind.forward(self, *args, **kwargs)
        with Attention(self, heard):
            return kind.forward(self, *args, **kwargs)

    return forward


def _closed_forward(kind: type[nn.Module]) -> Any:
    @functools.wraps(kind.forward)
    def forward(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
        with torch._C.DisableTorchFunction():
            return kind.forward(self, *args, **kwargs)

    return forward


def _revived(kind: type[nn.Module], closed: bool) -> nn.Module:
    """An empty module of the class, for `copy` and `pickle` to fill."""
    made = _attending(kind, closed)  # type: ignore[arg-type]
    found: nn.Module = made.__new__(made)
    return found
