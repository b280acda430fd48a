"""Probe snapshots of the inside of a network, on a fixed batch of training inputs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from itertools import count
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from reluctant.activations.blocks import PairGate
from reluctant.core.errors import ModelError
from reluctant.core.randomness import generator, preserve_random_states
from reluctant.models.swap import activation_modules, site_name
from reluctant.models.swap.find_sites import find_sites
from reluctant.models.swap.forward import evaluation_mode
from reluctant.models.swap.modules import SOFTMAX, WIDTH_HALVING, base_kind
from reluctant.models.swap.tracer import CallTracer, FunctionCall
from reluctant.records.parts import NORMS, Json
from reluctant.records.probe_table import CURVE, EDGES
from reluctant.tasks import Classification, Task, Tokens
from reluctant.training.tensors import TensorSplit

LARGEST_BATCH, SMALLEST_BATCH, SHARE = 256, 32, 64  # the probe batch: one in 64 of the training split
PROBED_TOKENS = 4096  # the most tokens of the probe batch
NEARLY_ZERO_SLOPE = 1e-3
FLAT_SLOPE = 0.05  # below this a value is saturated
ZERO_OUTPUT = 1e-3
_CLASSES = Classification()


class Probes:
    """Takes snapshots of one network, which change nothing: no weight, gradient, statistic, random state.

    Calls of functions (`F.relu`) are traced too, under `block#relu`. Where the first snapshot finds none,
    later ones do not trace them, nor does any in a network of this package, which has none.
    """

    def __init__(self, model: nn.Module, train: TensorSplit, task: Task = _CLASSES) -> None:
        self.model = model
        size = probe_batch_size(len(train))
        if isinstance(task, Tokens):
            size = min(size, max(1, PROBED_TOKENS // train.inputs.shape[1]))
        chosen = generator(0, "probe").permutation(len(train))[:size]
        rows = torch.from_numpy(np.sort(chosen)).to(train.targets.device)
        self.inputs, self.targets, self.task = train.inputs[rows], train.targets[rows], task
        self.sites = activation_modules(model)
        self.bundled = type(model).__module__.startswith("reluctant.")
        self.trace_functions = not self.bundled
        self.axes: dict[str, int | None] | None = None  # by site: the axis of the features, found when it is needed
        self.dead: dict[str, Tensor] = {}  # by site: which single units were dead in the last snapshot
        self.weights: dict[str, Tensor] = {}  # by parameter: its values in the last snapshot

    def snapshot(self, *, detailed: bool = False) -> Json:
        """The state now; deaths and updates are counted since the last snapshot.

        Returns:
            `sites`: per activation call, counts of units and channels whose slope is zero (or below 10⁻³) for
            every input, of values with a flat slope or no output, moments, the norm of the loss's gradient by
            the output. Where the features are the last of several axes, a unit is a feature, over all inputs and
            tokens. `layers`: the norms of gradient, weights and update. `detailed` adds histograms, and the curves
            of learned functions.
        """
        with evaluation_mode(self.model), preserve_random_states(), torch.enable_grad():
            with _traced_calls(self.model, self.trace_functions) as calls:
                loss = self.task.loss(self.model(self.inputs.clone()), self.targets)
            self.trace_functions = any(isinstance(call.module, FunctionModule) for call in calls.values())
            parameters = {name: p for name, p in self.model.named_parameters() if p.requires_grad}
            outputs = {name: call.output for name, call in calls.items() if call.output.requires_grad}
            inner = [*parameters.values(), *outputs.values()]
            gradients = torch.autograd.grad(loss, inner, allow_unused=True)
            by_site = dict(zip(outputs, gradients[len(parameters) :], strict=True))
            site_records = {
                site: self._site_record(site, call, by_site.get(site), detailed) for site, call in calls.items()
            }
        layers = self._layer_norms(parameters, dict(zip(parameters, gradients, strict=False)))
        self.weights = {name: p.detach().clone() for name, p in parameters.items()}
        return {"sites": site_records, "layers": layers}

    def _site_record(self, name: str, call: "ActivationCall", gradient: Tensor | None, detailed: bool) -> Json:
        slope = slopes(call.module, call.input)
        items_first = self._items_first(name, slope)
        dead = (items_first == 0).all(0)
        before, self.dead[name] = self.dead.get(name, dead), dead
        x, y = call.input.double(), call.output.detach().double()
        record: Json = {
            "units": dead.numel(),
            "dead": int(dead.sum()),
            "nearly": int((items_first.abs() < NEARLY_ZERO_SLOPE).all(0).sum()),
            "died": int((dead & ~before).sum()),
            "revived": int((before & ~dead).sum()),
            "channels": len(dead),
            "dead_channels": int(dead.reshape(len(dead), -1).all(1).sum()),
            "values": y.numel(),
            "saturated": int((slope.abs() < FLAT_SLOPE).sum()),
            "zero": int((y.abs() < ZERO_OUTPUT).sum()),
            "in": [four_digits(x.mean()), four_digits(x.var())],
            "out": [four_digits(y.mean()), four_digits(y.var())],
            "gradient": four_digits(gradient.norm()) if gradient is not None else None,
        }
        learned = [value for p in call.module.parameters() for value in p.detach().reshape(-1)[:8].tolist()]
        if learned:
            record["learned"] = [four_digits(value) for value in learned]
        if detailed:
            record["histogram"] = {"in": histogram(x), "out": histogram(y)}
            if learned:
                record["curve"] = _learned_curve(call.module)
        return record

    def _items_first(self, name: str, slope: Tensor) -> Tensor:
        """The slopes as (items, features, …): tokens, and positions before the features, count as items."""
        if slope.dim() < 3 or (self.bundled and slope.dim() == 4):  # the maps of the networks of this package
            return slope
        if self.axes is None:
            with suppress(ModelError):  # the network needs more than its inputs
                self.axes = {site.name: site.feature_axis for site in find_sites(self.model, self.inputs[:2])}
            self.axes = self.axes or {}
        axis = self.axes.get(name, self.axes.get(name.rpartition("#")[0]))
        return slope if axis is None or axis == 1 else slope.movedim(axis, -1).flatten(0, -2)

    def _layer_norms(self, weights: dict[str, nn.Parameter], gradients: dict[str, Tensor | None]) -> Json:
        """Per layer: norm of the gradient, of the weights, and of their change since the last snapshot."""
        by_layer: dict[str, list[tuple[Tensor, Tensor, Tensor]]] = {}
        for name, p in weights.items():
            layer = name.rpartition(".")[0]
            if layer in self.sites:  # what an activation learns is in the record of its site
                continue
            gradient, values = gradients[name], p.detach()
            change = values - self.weights.get(name, values)
            zero = torch.zeros_like(values) if gradient is None else gradient
            by_layer.setdefault(layer, []).append((zero, values, change))
        return {
            layer: {
                key: four_digits(torch.stack([row[i].norm() for row in rows]).norm()) for i, key in enumerate(NORMS)
            }
            for layer, rows in by_layer.items()
        }


class ActivationCall:
    """One application of an activation: the module, its input, and its output in autograd's graph."""

    def __init__(self, module: nn.Module, x: Tensor) -> None:
        self.module, self.input = module, x.detach().clone()  # cloned: the module may work in place
        self.output = self.input


class FunctionModule(nn.Module):
    """A call of an activation function as a module of its first argument."""

    def __init__(self, function: Callable[..., Tensor], args: Any, kwargs: dict[str, Any]) -> None:
        super().__init__()
        self.function, self.args, self.kwargs = function, args, kwargs

    def forward(self, x: Tensor) -> Tensor:
        """The function of `x`, any shape."""
        return self.function(x, *self.args, **self.kwargs)


def probe_batch_size(n: int) -> int:
    """How many of n training inputs the probes use."""
    return min(n, max(SMALLEST_BATCH, min(LARGEST_BATCH, n // SHARE)))


def slopes(module: nn.Module, x: Tensor) -> Tensor:
    """The slope of an activation at every value; of a gate of two maps, the steeper one."""
    with torch.enable_grad():
        x = x.detach().clone().requires_grad_()
        y = module(x * 1)  # a copy: the module may work in place
        slope = torch.autograd.grad(y.sum(), x, allow_unused=True)[0] if y.requires_grad else None
    if slope is None:
        return torch.zeros_like(y)
    if isinstance(module, PairGate):
        first, second = slope.chunk(2, dim=-1)
        return torch.where(first.abs() > second.abs(), first, second)
    return slope


def histogram(values: Tensor) -> list[int]:
    """Counts of values in 24 even bins from −6 to 6, the first and last reaching to ±∞."""
    clipped = np.clip(values.cpu().numpy().reshape(-1), EDGES[0], EDGES[-1])
    counts: list[int] = np.histogram(clipped, EDGES)[0].tolist()
    return counts


def _learned_curve(module: nn.Module) -> list[float | None] | None:
    """The function as it is now, at 41 even points from −5 to 5; None where it takes no line of points."""
    p = next(module.parameters())
    try:
        with torch.no_grad():
            y = module(torch.from_numpy(CURVE).to(p.device, p.dtype))
    except Exception:  # a block with its own weights
        return None
    return [four_digits(value) for value in y.tolist()]


def four_digits(value: Any) -> float | None:
    """The value with four digits, enough for a figure; None for what is not finite."""
    number = float(value)
    return float(f"{number:.4g}") if abs(number) < 1e300 else None


@contextmanager
def _traced_calls(model: nn.Module, trace_functions: bool) -> Iterator[dict[str, ActivationCall]]:
    """Calls of the network's activations by site, `name#2` where one is used again."""
    calls: dict[str, ActivationCall] = {}
    open_calls: dict[str, list[ActivationCall]] = {}

    def before(name: str, module: nn.Module, args: tuple[Tensor, ...], kwargs: dict[str, Tensor]) -> None:
        open_calls.setdefault(name, []).append(ActivationCall(module, (*args, *kwargs.values())[0]))

    def after(name: str, module: nn.Module, args: object, kwargs: object, output: Tensor) -> None:
        call = open_calls[name].pop()
        call.output = output
        if call.input.dim() >= 2:  # else a gate of one number, not the output of a layer
            calls[_unused_name(site_name(name), calls)] = call

    hooks: list[Any] = []
    for name, module in activation_modules(model).items():
        hooks.append(module.register_forward_pre_hook(partial(before, name), with_kwargs=True))
        hooks.append(module.register_forward_hook(partial(after, name), with_kwargs=True))
    try:
        with _FunctionTracer(model, calls) if trace_functions else nullcontext():
            yield calls
    finally:
        for hook in hooks:
            hook.remove()


def _unused_name(name: str, calls: dict[str, ActivationCall]) -> str:
    """The name of a site's next call: `name`, then `name#2`, …."""
    return next(each for i in count(1) if (each := f"{name}#{i}" if i > 1 else name) not in calls)


class _FunctionTracer(CallTracer):
    """Adds calls of functions to those of modules."""

    def __init__(self, model: nn.Module, calls: dict[str, ActivationCall]) -> None:
        super().__init__(model)
        self.calls = calls

    def on_function(self, call: FunctionCall) -> Any:
        if base_kind(call.kind) in SOFTMAX | WIDTH_HALVING or call.input.dim() < 2:
            return call.run()
        kwargs = {key: value for key, value in call.kwargs.items() if key != "input"}
        traced = ActivationCall(FunctionModule(call.function, call.args[1:], kwargs), call.input)
        traced.output = call.run()
        self.calls[_unused_name(f"{call.owner}#{call.name}", self.calls)] = traced
        return traced.output
