"""Every place of a network where an activation is applied: modules by registration, calls by listening."""

import copy
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor, nn

from reluctant.activations import MARK
from reluctant.core.errors import ModelError, describe_exception
from reluctant.models.swap.activation_types import GATES, basic, kind_of
from reluctant.models.swap.dispatch import turn
from reluctant.models.swap.forward import likeness, try_out
from reluctant.models.swap.sites import place_name
from reluctant.models.swap.tracer import Listener, walk

Form = Literal["module", "functional"]
Key = tuple[Form, str, str]
CONTAINERS = nn.Sequential | nn.ModuleList | nn.ModuleDict
_PRODUCTS = {"mul", "rmul", "imul", "multiply", "addcmul", "lerp"}  # of two tensors, element by element
_MATRIX_PRODUCTS = {"matmul", "rmatmul", "bmm", "baddbmm", "einsum"}


@dataclass(frozen=True)
class Place:
    """A place where an activation is applied.

    `path` is that of the module, or of the module that calls the function; `call` tells its calls apart:
    `relu_2`, or for a module who calls and which time. `number` counts the places of one module.
    """

    path: str
    call: str
    kind: str
    form: Form
    number: int = 1
    calls: int = 0  # in one forward pass; none where no example was given
    gate: bool = False  # what comes out is multiplied with something
    last: bool = False  # no weights come after it
    ours: bool = False  # made by `reluctant.activations`
    room: bool = True  # whether its owner can hold more modules

    @property
    def name(self) -> str:
        """What the place is called in reports, patterns and probes."""
        if self.form == "functional":
            return f"{self.path}#{self.call}"
        name = place_name(self.path)
        return name if self.number == 1 else f"{name}#{self.number}"


@dataclass
class Trace:
    """What was heard of one place; times are those of the pass it was heard in first."""

    kind: str
    time: int = 0
    calls: int = 0
    gate: bool = False
    last: bool = False


@dataclass(frozen=True)
class Registered:
    """An activation module where its parent holds it."""

    path: str
    parent: nn.Module
    name: str
    module: nn.Module


class _Pass(Listener):
    """Notes every call, in order, and whether what comes out is a factor of a product."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__(model)
        self.traces: dict[Key, Trace] = {}
        self.time = self.weighed = 0  # `weighed`: when weights were used last
        self.running: list[Trace] = []
        self.factors: dict[
            int, tuple[Trace, Tensor]
        ] = {}  # by memory, which stays theirs while they are held

    def on_module(self, path: str, module: nn.Module) -> None:
        caller = self.frames[-1] if self.frames else None
        key = ""
        if caller is not None:
            key = turn(caller.path, caller.turn(path))
        self.running.append(self._note("module", path, key, kind_of(module)))

    def on_result(self, path: str, module: nn.Module, out: Any) -> None:
        self._watch(self.running.pop(), out)

    def on_function(
        self, owner: str, call: str, kind: str, function: Any, args: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        trace = self._note("functional", owner, call, kind)
        out = function(*args, **named)
        self._watch(trace, out)
        return out

    def on_other(self, function: Any, args: tuple[Any, ...], named: dict[str, Any]) -> None:
        tensors = list(_tensors((*args, *named.values())))
        if len(tensors) < 2:
            return
        weighed = any(isinstance(each, nn.Parameter) for each in tensors)
        if weighed:
            self.weighed = self.time = self.time + 1
        name = getattr(function, "__name__", "").strip("_")
        if name in _PRODUCTS or (name in _MATRIX_PRODUCTS and not weighed):
            for each in tensors:
                if _memory(each) in self.factors:
                    self.factors[_memory(each)][0].gate = True

    def _note(self, form: Form, path: str, call: str, kind: str) -> Trace:
        trace = self.traces.setdefault((form, path, call), Trace(kind))
        trace.calls += 1
        trace.time = self.time = self.time + 1
        return trace

    def _watch(self, trace: Trace, out: Any) -> None:
        if basic(trace.kind) in GATES and isinstance(out, Tensor):
            self.factors[_memory(out)] = (trace, out)


def _tensors(values: Iterable[Any]) -> Iterator[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, tuple | list):
            yield from (each for each in value if isinstance(each, Tensor))


def _memory(tensor: Tensor) -> int:
    """Where a tensor's values lie, the same for all views of it."""
    try:
        return tensor.untyped_storage().data_ptr() or id(tensor)
    except (NotImplementedError, RuntimeError):
        return id(tensor)


def registered(model: nn.Module) -> list[Registered]:
    """The activation modules where they are registered, one for every place of a shared one."""
    found = []
    for path, parent in walk(model):
        if not kind_of(parent):
            for name, module in parent._modules.items():
                if module is not None and kind_of(module):
                    found.append(Registered(f"{path}.{name}" if path else name, parent, name, module))
    return found


def places(model: nn.Module, example: Any = None) -> list[Place]:
    """All places of a network, in the order of use; without an example its modules alone, as registered.

    The example is run in evaluation and in training mode, on a copy. Raises `ModelError` where it fails.
    """
    traces = {} if example is None else _heard(model, example)
    modules, owners = {each.path: each.module for each in registered(model)}, dict(walk(model))
    numbers: Counter[tuple[Form, str]] = Counter()
    found = []
    for (form, path, call), trace in traces.items():
        numbers[form, path] += 1
        ours = form == "module" and hasattr(modules[path], MARK)
        room = form == "module" or not isinstance(owners[path], CONTAINERS)
        number, about = numbers[form, path], (trace.calls, trace.gate, trace.last)
        found.append(Place(path, call, trace.kind, form, number, *about, ours, room))
    heard = {path for form, path, _ in traces if form == "module"}
    return found + [
        Place(path, "", kind_of(module), "module", ours=hasattr(module, MARK))
        for path, module in modules.items()
        if path not in heard
    ]


def _heard(model: nn.Module, example: Any) -> dict[Key, Trace]:
    """What is called in either mode; a place is last where it is so in every mode that calls it."""
    merged: dict[Key, Trace] = {}
    for training in (False, True):
        listener = _Pass(_unshared(likeness(model)))
        try:
            with listener:
                try_out(listener.model, example, training=training)
        except Exception as fault:
            if training:  # a network may train on more than its inputs
                break
            raise ModelError(f"the network fails on the example: {describe_exception(fault)}") from fault
        for key, trace in listener.traces.items():
            trace.last = trace.time > listener.weighed
            known = merged.setdefault(key, trace)
            known.calls = max(known.calls, trace.calls)
            known.gate, known.last = known.gate or trace.gate, known.last and trace.last
    return merged


def _unshared(model: nn.Module) -> nn.Module:
    """The network with a module of its own at every place, so that calls can be told apart."""
    met: set[int] = set()
    for each in registered(model):
        if id(each.module) in met:
            same: dict[int, Any] = {id(p): p for p in each.module.parameters()}
            setattr(each.parent, each.name, copy.deepcopy(each.module, same))
        met.add(id(each.module))
    return model
