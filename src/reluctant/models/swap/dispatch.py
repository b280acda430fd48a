"""Functional activation calls that run modules: a dispatch mode sends each call to the module of its site.

A module with such calls gets a subclass of its class, whose forward runs under the mode. The modules that
replace the calls are its children, so every part of a network is complete: it can be called alone, copied,
pickled, run again in backward (`torch.utils.checkpoint` of a module) and run in threads.
`torch.compile` traces through the mode if it compiles the network as one graph. After a graph break,
dispatched calls would be dispatched again, so a graph break is an error, and so is compiling a part alone.
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
from reluctant.models.swap.modules import CALL_MODULES, FUNCTION_MODULES, FUNCTIONS, OPTIONAL, base_kind, is_in_place
from reluctant.models.swap.tracer import CallCounter

KNOWN_CALLS = "reluctant_known_calls"  # attribute of a module whose calls are dispatched
RETRACE = "give swap_activations an example that takes this path too"


@dataclass(frozen=True)
class KnownCalls:
    """The functional calls that the trace found in the module at `path`."""

    path: str
    calls: frozenset[str] = frozenset()  # their names
    replaced: frozenset[str] = frozenset()  # the kinds that have a module


class ActivationDispatch(TorchFunctionMode):
    """The mode under which one module's forward runs once: activation calls go to the modules of their sites.

    A call is identified by its function and its number, `relu`, `relu_2`, …, whatever else runs in between.
    The mode is off inside the module that replaces a call.
    """

    def __init__(self, module: nn.Module, known: KnownCalls) -> None:
        super().__init__()
        self.module, self.known = module, known
        self.counter = CallCounter(known.path)

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kind, kwargs = FUNCTIONS.get(func), kwargs or {}
        if kind is None:
            return func(*args, **kwargs)
        call = self.counter.name_function_call(kind)
        with torch._C.DisableTorchFunction():
            if call not in self.known.calls:
                if base_kind(kind) not in OPTIONAL or kind in self.known.replaced:
                    raise RuntimeError(
                        f"{self.known.path}#{call} ({type(self.module).__name__}) was never called when activations "
                        f"were swapped, so no module replaces it; {RETRACE}"
                    )
                return func(*args, **kwargs)
            modules: Any = getattr(self.module, FUNCTION_MODULES, {})
            if call not in modules:
                return func(*args, **kwargs)
            x = args[0] if args else kwargs["input"]
            if is_in_place(func, kwargs):  # other code may use x afterwards, and a gradient its old values
                y = modules[call](x.clone())
                return x.copy_(y) if y.shape == x.shape else y  # a gate halves the width
            return modules[call](x)


class OutsideNetworkError(RuntimeError):
    """A module with several sites runs outside its network, so it does not know which of its modules to use."""


class ModulePerCall(nn.Module):
    """Replaces an activation module that is called at several sites: one module for every call.

    `modules_by_call` has the names that `CallCounter.name_module_call` gives to the calls.
    """

    def __init__(self, path: str, modules_by_call: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.path = path
        self.numbers = {call: str(number) for number, call in enumerate(modules_by_call, 1)}
        modules = {self.numbers[call]: module for call, module in modules_by_call.items()}
        setattr(self, CALL_MODULES, nn.ModuleDict(modules))

    def forward(self, x: Tensor) -> Any:
        for mode in reversed(_get_current_function_mode_stack()):  # type: ignore[no-untyped-call]
            if isinstance(mode, ActivationDispatch):
                return self.module_for(mode.counter.name_module_call(self.path))(x)
        raise OutsideNetworkError(f"{self.path} has one module for every call, so it runs only inside its network")

    def module_for(self, call: str) -> nn.Module:
        """The module of one call."""
        if call not in self.numbers:
            caller, _, number = call.rpartition("#")
            raise RuntimeError(
                f"call {number} of {self.path} by {caller or 'the network itself'} never happened when "
                f"activations were swapped; {RETRACE}"
            )
        module: nn.Module = getattr(self, CALL_MODULES)[self.numbers[call]]
        return module


def has_changed_class(module: nn.Module) -> bool:
    """Whether `dispatch_calls` changed the class of a module."""
    return hasattr(type(module), "reluctant_original_class")


def dispatch_calls(module: nn.Module, known: KnownCalls | None) -> None:
    """Run a module's forward under `ActivationDispatch` from now on; `ModelError` if it is wrapped.

    With None, an activation module's forward runs without any mode, as its own calls are not sites.
    """
    forward = module.__dict__.get("forward")
    if getattr(forward, "__func__", None) is type(module).forward and getattr(forward, "__self__", None) is module:
        del module.__dict__["forward"]  # the method of its class, left there by a tool that unwrapped it
    elif forward is not None:
        raise ModelError(
            f"{type(module).__name__}: its forward is wrapped, so its activation calls cannot be replaced; "
            f"swap activations before the forward is wrapped"
        )
    module.__dict__[KNOWN_CALLS] = known
    if not has_changed_class(module):
        module.__class__ = _subclass(type(module), "plain" if known is None else "dispatching")  # type: ignore[arg-type]


def works_in_place(module: nn.Module) -> bool:
    """Whether an activation module changes its input."""
    return bool(getattr(module, "inplace", False) or getattr(module, "reluctant_in_place", False))


def write_output_into_input(module: nn.Module) -> None:
    """Make an activation module work in place, as the module that it replaces does (`inplace=True`)."""
    module.__class__ = _subclass(type(module), "in place")  # type: ignore[arg-type]


@functools.cache
def _subclass(kind: Any, form: str) -> type[nn.Module]:
    """A subclass with another forward; it has the same name, and its pickles name the original class."""
    forward = _FORWARDS[form](kind)

    def reduce(self: nn.Module, protocol: Any) -> Any:
        reduced: Any = object.__reduce_ex__(self, 4)
        if reduced[0] is not copyreg.__newobj__:  # type: ignore[attr-defined]
            return reduced
        return (_new_instance, (kind, form), *reduced[2:])

    names = {name: getattr(kind, name) for name in ("__module__", "__qualname__", "__doc__")}
    changes = {"__reduce_ex__": reduce, "forward": forward, "reluctant_original_class": kind}
    changes["reluctant_in_place"] = form == "in place" or getattr(kind, "reluctant_in_place", False)
    return type(kind.__name__, (kind,), {**names, **changes})


def _dispatching_forward(kind: type[nn.Module]) -> Any:
    @functools.wraps(kind.forward)
    def forward(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
        known = self.__dict__.get(KNOWN_CALLS)
        if known is None:  # built by its class, such as a slice of a Sequential
            return kind.forward(self, *args, **kwargs)
        if torch.compiler.is_compiling():  # after a graph break, dispatched calls would be dispatched again
            with torch._dynamo.error_on_graph_break(True), ActivationDispatch(self, known):
                return kind.forward(self, *args, **kwargs)
        with ActivationDispatch(self, known):
            return kind.forward(self, *args, **kwargs)

    return forward


def _plain_forward(kind: type[nn.Module]) -> Any:
    @functools.wraps(kind.forward)
    def forward(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
        with torch._C.DisableTorchFunction():
            return kind.forward(self, *args, **kwargs)

    return forward


def _in_place_forward(kind: type[nn.Module]) -> Any:
    @functools.wraps(kind.forward)
    def forward(self: nn.Module, x: Tensor) -> Any:
        with torch._C.DisableTorchFunction():  # a gradient may need the old values, so the function gets a copy
            return x.copy_(kind.forward(self, x.clone()))

    return forward


_FORWARDS = {"dispatching": _dispatching_forward, "plain": _plain_forward, "in place": _in_place_forward}


def _new_instance(kind: type[nn.Module], form: str) -> nn.Module:
    """An empty instance of the subclass, for `copy` and `pickle` to fill."""
    subclass = _subclass(kind, form)  # type: ignore[arg-type]
    instance: nn.Module = subclass.__new__(subclass)
    return instance
