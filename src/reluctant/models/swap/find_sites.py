"""The activation sites of a network, found by tracing its forward pass on an example."""

import copy
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from torch import Tensor, nn

from reluctant.activations import MARK
from reluctant.core.errors import ModelError
from reluctant.models.swap.forward import clone_sharing_parameters, error_summary, run_example
from reluctant.models.swap.modules import (
    GATES,
    activation_kind,
    base_kind,
    registered_activations,
    site_name,
    walk_modules,
)
from reluctant.models.swap.tracer import CallTracer, FunctionCall

Form = Literal["module", "functional"]
CONTAINERS = nn.Sequential | nn.ModuleList | nn.ModuleDict
_PRODUCTS = {"mul", "rmul", "imul", "multiply", "addcmul", "lerp"}  # of two tensors, element by element
_MATRIX_PRODUCTS = {"matmul", "rmatmul", "bmm", "baddbmm", "einsum"}


@dataclass(frozen=True)
class CallSite:
    """A site where an activation is applied: one call of a module or of a function.

    `path` is the path of the activation module, or of the module that calls the function. `call` tells the
    calls of one path apart: `relu_2` for a function; for a module its caller and the number of the call.
    """

    path: str
    call: str
    kind: str
    form: Form
    number: int = 1  # counts the sites of one path
    calls: int = 0  # in one forward pass; 0 where no example was given
    multiplied: bool = False  # the output is a factor of a product
    last: bool = False  # no weights are used after it
    from_reluctant: bool = False  # made by `reluctant.activations`
    attachable: bool = True  # the caller can have a further module; containers would call it

    @property
    def name(self) -> str:
        """The name of the site in reports, patterns and probes."""
        if self.form == "functional":
            return f"{self.path}#{self.call}"
        name = site_name(self.path)
        return name if self.number == 1 else f"{name}#{self.number}"


class CallKey(NamedTuple):
    """What identifies a site in a trace."""

    form: Form
    path: str
    call: str


@dataclass
class TracedCall:
    """What a trace records of one site."""

    kind: str
    time: int = 0  # of its last call, on the tracer's clock
    calls: int = 0
    multiplied: bool = False
    last: bool = False


def find_sites(model: nn.Module, example: Any = None) -> list[CallSite]:
    """The activation sites of a network in the order of use, then activation modules that were not called.

    Without an example these are the activation modules alone, as registered. Raises `ModelError` where the
    network fails on the example.
    """
    traced = {} if example is None else trace_calls(model, example)
    modules = {entry.path: entry.module for entry in registered_activations(model)}
    callers = dict(walk_modules(model))
    numbers: Counter[tuple[Form, str]] = Counter()
    sites = []
    for (form, path, call), trace in traced.items():
        numbers[form, path] += 1
        number, is_module = numbers[form, path], form == "module"
        from_reluctant = is_module and hasattr(modules[path], MARK)
        attachable = is_module or not isinstance(callers[path], CONTAINERS)
        counted = (number, trace.calls, trace.multiplied, trace.last)
        sites.append(CallSite(path, call, trace.kind, form, *counted, from_reluctant, attachable))
    called = {key.path for key in traced if key.form == "module"}
    return sites + [
        CallSite(path, "", activation_kind(module), "module", from_reluctant=hasattr(module, MARK))
        for path, module in modules.items()
        if path not in called
    ]


def trace_calls(model: nn.Module, example: Any) -> dict[CallKey, TracedCall]:
    """The activation calls of a forward pass in evaluation mode, then those of one in training mode.

    Both passes run on a copy. A site is last if no weights are used after it in any mode that calls it. Raises
    `ModelError` where the network fails on the example in evaluation mode.
    """
    traced: dict[CallKey, TracedCall] = {}
    for training in (False, True):
        tracer = _SiteTracer(_separate_shared_activations(clone_sharing_parameters(model)))
        try:
            with tracer:
                run_example(tracer.model, example, training=training)
        except Exception as error:
            if training:  # in training a network may need more than its inputs, targets for example
                break
            raise ModelError(f"{type(model).__name__} fails {error_summary(error, example)}") from error
        for key, trace in tracer.traced.items():
            trace.last = trace.time > tracer.last_weight_use
            merged = traced.setdefault(key, trace)
            merged.calls = max(merged.calls, trace.calls)
            merged.multiplied |= trace.multiplied
            merged.last &= trace.last
    return traced


class _SiteTracer(CallTracer):
    """Records every activation call in order, and whether the output of a gate is a factor of a product."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__(model)
        self.traced: dict[CallKey, TracedCall] = {}
        self.clock = 0  # counts activation calls and uses of weights
        self.last_weight_use = 0
        self.running: list[TracedCall] = []
        # By storage address; the tensor stays alive with it, so that no other tensor gets the address.
        self.gate_outputs: dict[int, tuple[TracedCall, Tensor]] = {}

    def on_module(self, path: str, module: nn.Module) -> None:
        caller = self.callers[-1] if self.callers else None
        call = "" if caller is None else caller.name_module_call(path)
        self.running.append(self._record(CallKey("module", path, call), activation_kind(module)))

    def on_module_output(self, module: nn.Module, output: Any) -> None:
        self._watch_gate(self.running.pop(), output)

    def on_function(self, call: FunctionCall) -> Any:
        trace = self._record(CallKey("functional", call.owner, call.name), call.kind)
        output = call.run()
        self._watch_gate(trace, output)
        return output

    def on_other_function(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        tensors = list(_tensors((*args, *kwargs.values())))
        if len(tensors) < 2:
            return
        uses_weights = any(isinstance(tensor, nn.Parameter) for tensor in tensors)
        if uses_weights:
            self.last_weight_use = self.clock = self.clock + 1
        name = getattr(function, "__name__", "").strip("_")
        if name in _PRODUCTS or (name in _MATRIX_PRODUCTS and not uses_weights):
            for tensor in tensors:
                if _storage_address(tensor) in self.gate_outputs:
                    self.gate_outputs[_storage_address(tensor)][0].multiplied = True

    def _record(self, key: CallKey, kind: str) -> TracedCall:
        trace = self.traced.setdefault(key, TracedCall(kind))
        trace.calls += 1
        trace.time = self.clock = self.clock + 1
        return trace

    def _watch_gate(self, trace: TracedCall, output: Any) -> None:
        if base_kind(trace.kind) in GATES and isinstance(output, Tensor):
            self.gate_outputs[_storage_address(output)] = (trace, output)


def _tensors(values: Iterable[Any]) -> Iterator[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, tuple | list):
            yield from (item for item in value if isinstance(item, Tensor))


def _storage_address(tensor: Tensor) -> int:
    """The address of a tensor's values, the same for all views of it."""
    try:
        return tensor.untyped_storage().data_ptr() or id(tensor)
    except (NotImplementedError, RuntimeError):
        return id(tensor)


def _separate_shared_activations(model: nn.Module) -> nn.Module:
    """The network with a copy of a shared activation module for every attribute, so that paths are unique."""
    visited: set[int] = set()
    for entry in registered_activations(model):
        if id(entry.module) in visited:
            shared: dict[int, Any] = {id(p): p for p in entry.module.parameters()}
            setattr(entry.parent, entry.attribute, copy.deepcopy(entry.module, shared))
        visited.add(id(entry.module))
    return model
