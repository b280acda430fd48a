"""The activation sites of a network, found by tracing its forward pass on an example."""

import copy
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from reluctant.activations import MARK, undecided_axes
from reluctant.core.errors import ModelError
from reluctant.models.swap.dimensions import function_name, tensors_in
from reluctant.models.swap.feature_axes import FeatureAxes, SiteInput
from reluctant.models.swap.feed_forward import FeedForward, find_feed_forward
from reluctant.models.swap.forward import clone_sharing_parameters, error_summary, run_example
from reluctant.models.swap.layer_flows import LayerFlows, is_followed
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
    feature_axis: int | None = None  # of its input; None if it is not known
    dimensions: int = 0  # of its input, or the most; 0 where it is not called
    feed_forward: FeedForward | str = ""  # the layers around it, or why there are none
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
    inputs: list[SiteInput] = field(default_factory=list)

    @property
    def feature_axis(self) -> int | None:
        """That of all its inputs as far as it is known; None if they differ."""
        known = {x.feature_axis for x in self.inputs} - {None}
        return known.pop() if len(known) == 1 else None


def find_sites(model: nn.Module, example: Any = None) -> list[CallSite]:
    """The activation sites of a network in the order of use, then activation modules that were not called.

    Without an example these are the activation modules alone, as registered. Raises `ModelError` where the
    network fails on the example.
    """
    traced, flows = ({}, LayerFlows()) if example is None else trace_calls(model, example)
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
        shape = (trace.feature_axis, max(len(x.axes) for x in trace.inputs) if trace.inputs else 0)
        around = find_feed_forward(model, flows, CallKey(form, path, call))
        sites.append(CallSite(path, call, trace.kind, form, *counted, *shape, around, from_reluctant, attachable))
    called = {key.path for key in traced if key.form == "module"}
    return sites + [
        CallSite(path, "", activation_kind(module), "module", from_reluctant=hasattr(module, MARK))
        for path, module in modules.items()
        if path not in called
    ]


def trace_calls(model: nn.Module, example: Any) -> tuple[dict[CallKey, TracedCall], LayerFlows]:
    """The activation calls of a forward pass in evaluation mode, then those of one in training mode; and the layers.

    Both passes run on a copy, in which blocks without a feature axis return their inputs. A site is last if no weights
    are used after it in any mode that calls it. Raises `ModelError` where the network fails on the example in
    evaluation mode.
    """
    traced: dict[CallKey, TracedCall] = {}
    flows = LayerFlows()
    for training in (False, True):
        tracer = _SiteTracer(_separate_shared_activations(clone_sharing_parameters(model)))
        try:
            with tracer, undecided_axes():
                output = run_example(tracer.model, example, training=training)
            tracer.flows.end(tree_leaves(output))
        except Exception as error:
            if training:  # in training a network may need more than its inputs, targets for example
                break
            raise ModelError(f"{type(model).__name__} fails {error_summary(error, example)}") from error
        flows.merge(tracer.flows)
        for key, trace in tracer.traced.items():
            trace.last = trace.time > tracer.last_weight_use
            merged = traced.setdefault(key, trace)
            if merged is not trace:
                merged.inputs += trace.inputs
            merged.calls = max(merged.calls, trace.calls)
            merged.multiplied |= trace.multiplied
            merged.last &= trace.last
    return traced, flows


class _SiteTracer(CallTracer):
    """Records every activation call in order, what stands around it, and whether a gate's output is a factor."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__(model)
        self.traced: dict[CallKey, TracedCall] = {}
        self.clock = self.last_weight_use = 0  # the clock counts activation calls and uses of weights
        self.running: list[tuple[CallKey, Any]] = []
        self.axes, self.flows = FeatureAxes(), LayerFlows()
        # By storage address; the tensor stays alive with it, so that no other tensor gets the address.
        self.gate_outputs: dict[int, tuple[TracedCall, Tensor]] = {}

    def __enter__(self) -> "_SiteTracer":
        super().__enter__()
        for path, module in walk_modules(self.model):
            if activation_kind(module) or (any(module.children()) and not is_followed(module)):
                continue
            before, after = partial(self._enter_layer, path), partial(self._leave_layer, path)
            self.hooks.append(module.register_forward_pre_hook(before, with_kwargs=True))
            self.hooks.append(module.register_forward_hook(after, with_kwargs=True))
        return self

    def _enter_layer(self, path: str, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if is_followed(module):
            self.flows.enter_layer(path, module, next(iter((*args, *kwargs.values())), None))

    def _leave_layer(
        self, path: str, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any
    ) -> None:
        with torch._C.DisableTorchFunction():
            self.axes.after_layer(module, output)
            if is_followed(module):
                self.flows.leave_layer(path, module, next(iter((*args, *kwargs.values())), None), output)

    def on_module(self, path: str, module: nn.Module, x: Any) -> None:
        caller = self.callers[-1] if self.callers else None
        call = "" if caller is None else caller.name_module_call(path)
        self.running.append((CallKey("module", path, call), x))
        with torch._C.DisableTorchFunction():
            self._enter_site(self.running[-1][0], activation_kind(module), x)

    def on_module_output(self, module: nn.Module, output: Any) -> None:
        with torch._C.DisableTorchFunction():
            self._leave_site(*self.running.pop(), output)

    def on_function(self, call: FunctionCall) -> Any:
        key = CallKey("functional", call.owner, call.name)
        self._enter_site(key, call.kind, call.input)
        output = call.run()
        self._leave_site(key, call.input, output)
        return output

    def on_other_function(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        self.axes.after_function(function, args, kwargs, output)
        self.flows.after_function(function, args, kwargs, output)
        tensors = list(tensors_in((*args, *kwargs.values())))
        if len(tensors) < 2:
            return
        uses_weights = any(isinstance(tensor, nn.Parameter) for tensor in tensors)
        if uses_weights:
            self.last_weight_use = self.clock = self.clock + 1
        name = function_name(function)
        if name in _PRODUCTS or (name in _MATRIX_PRODUCTS and not uses_weights):
            for tensor in tensors:
                if _storage_address(tensor) in self.gate_outputs:
                    self.gate_outputs[_storage_address(tensor)][0].multiplied = True

    def _enter_site(self, key: CallKey, kind: str, x: Any) -> None:
        trace = self.traced.setdefault(key, TracedCall(kind))
        trace.calls += 1
        trace.time = self.clock = self.clock + 1
        if isinstance(x, Tensor):
            trace.inputs.append(self.axes.at_site(x))
        self.flows.enter_site(key, x)

    def _leave_site(self, key: CallKey, x: Any, output: Any) -> None:
        if base_kind(self.traced[key].kind) in GATES and isinstance(output, Tensor):
            self.gate_outputs[_storage_address(output)] = (self.traced[key], output)
        self.axes.pass_on(x, output)
        self.flows.leave_site(key, output)


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
