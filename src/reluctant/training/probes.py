"""What goes on inside a network, on a fixed batch of training images: at the start and after every epoch."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from reluctant.core.randomness import generator
from reluctant.models.swap import activation_modules, site_name
from reluctant.models.swap.activation_kinds import SOFTMAX, WIDTH_HALVING, base_kind
from reluctant.models.swap.tracer import CallTracer, FunctionCall
from reluctant.records.probe_format import CURVE, EDGES
from reluctant.records.store import Record
from reluctant.tasks import Classification, Task
from reluctant.training.tensors import Part

MOST, LEAST, SHARE = 256, 32, 64  # images of the probe batch: one in 64 of the training part, within these
NEARLY = 1e-3  # a slope below this is nearly zero
SATURATED = 0.05  # a slope below this is flat
NEAR_ZERO = 1e-3  # an output below this is as good as none


_CLASSES = Classification()


class Probes:
    """Looks into one network. A look changes nothing: no weight, gradient, statistic or random state.

    Calls of functions (`F.relu`) are seen too, called `block#relu`; where the first look hears none, later
    ones do not listen for them, nor does any in a network of ours, which has none.
    """

    def __init__(self, model: nn.Module, train: Part, task: Task = _CLASSES) -> None:
        self.model = model
        chosen = generator(0, "probe").permutation(len(train))[: batch_size(len(train))]
        rows = torch.from_numpy(np.sort(chosen)).to(train.labels.device)
        self.images, self.labels, self.task = train.images[rows], train.labels[rows], task
        self.sites = activation_modules(model)
        self.functions = not type(model).__module__.startswith("reluctant.")  # whether it may call any
        self.dead: dict[str, Tensor] = {}  # by site: which single units were dead at the last look
        self.weights: dict[str, Tensor] = {}  # by parameter: its values at the last look

    def look(self, *, closely: bool = False) -> Record:
        """What is seen now; deaths and updates are counted since the last look.

        `sites` holds per place an activation is applied: counts of units and channels whose slope is zero
        (or below 10⁻³) for every image, of values with a flat slope or no output, moments, the norm of the
        loss's gradient by the output; `layers` the norms of gradient and update. With `closely` also
        histograms, and the curves of learned functions.
        """
        with _undisturbed(self.model):
            with _listening(self.model, self.functions) as heard:
                loss = self.task.loss(self.model(self.images), self.labels)
            self.functions = any(isinstance(call.module, Function) for call in heard.values())
            named = {name: p for name, p in self.model.named_parameters() if p.requires_grad}
            reached = {name: call.out for name, call in heard.items() if call.out.requires_grad}
            gradients = torch.autograd.grad(loss, [*named.values(), *reached.values()], allow_unused=True)
            by_site = dict(zip(reached, gradients[len(named) :], strict=True))
            seen = {name: self._site(name, call, by_site.get(name), closely) for name, call in heard.items()}
        layers = self._layers(named, dict(zip(named, gradients, strict=False)))
        self.weights = {name: p.detach().clone() for name, p in named.items()}
        return {"sites": seen, "layers": layers}

    def _site(self, name: str, call: "Call", gradient: Tensor | None, closely: bool) -> Record:
        slope = slopes(call.module, call.given)
        dead = (slope == 0).all(0)
        before = self.dead.get(name, dead)
        self.dead[name] = dead
        nearly = (slope.abs() < NEARLY).all(0)
        x, y = call.given.double(), call.out.detach().double()
        seen: Record = {
            "units": dead.numel(),
            "dead": int(dead.sum()),
            "nearly": int(nearly.sum()),
            "died": int((dead & ~before).sum()),
            "revived": int((before & ~dead).sum()),
            "channels": len(dead),
            "dead_channels": int(_channels(dead).sum()),
            "values": y.numel(),
            "saturated": int((slope.abs() < SATURATED).sum()),
            "zero": int((y.abs() < NEAR_ZERO).sum()),
            "in": [short(x.mean()), short(x.var())],
            "out": [short(y.mean()), short(y.var())],
            "gradient": short(gradient.norm()) if gradient is not None else None,
        }
        learned = [value for p in call.module.parameters() for value in p.detach().reshape(-1)[:8].tolist()]
        if learned:
            seen["learned"] = [short(value) for value in learned]
        if closely:
            seen["histogram"] = {"in": histogram(x), "out": histogram(y)}
            if learned:
                seen["curve"] = curve(call.module)
        return seen

    def _layers(self, named: dict[str, nn.Parameter], gradients: dict[str, Tensor | None]) -> Record:
        """Per layer: norm of the gradient, of the weights, and of their change since the last look."""
        parts: dict[str, list[tuple[Tensor, Tensor, Tensor]]] = {}
        for name, p in named.items():
            if name.rpartition(".")[0] in self.sites:  # what an activation learns is told at its site
                continue
            gradient, values = gradients[name], p.detach()
            change = values - self.weights.get(name, values)
            zero = torch.zeros_like(values) if gradient is None else gradient
            parts.setdefault(name.rpartition(".")[0], []).append((zero, values, change))
        found = {}
        for layer, rows in parts.items():
            gradient, weight, update = (torch.stack([row[i].norm() for row in rows]).norm() for i in range(3))
            found[layer] = {"gradient": short(gradient), "weight": short(weight), "update": short(update)}
        return found


class Call:
    """One application of an activation: the module, what went in, and what came out, in autograd's graph."""

    def __init__(self, module: nn.Module, given: Tensor) -> None:
        self.module, self.given = module, given.detach().clone()  # cloned: the module may work in place
        self.out = self.given


class Function(nn.Module):
    """A call of an activation function as a module of its first argument."""

    def __init__(self, function: Callable[..., Tensor], args: tuple[Any, ...], named: dict[str, Any]) -> None:
        super().__init__()
        self.function, self.args, self.named = function, args, named

    def forward(self, x: Tensor) -> Tensor:
        """The function of `x`, any shape."""
        return self.function(x, *self.args, **self.named)


def batch_size(images: int) -> int:
    """How many images of the training part are looked at."""
    return min(images, max(LEAST, min(MOST, images // SHARE)))


def slopes(module: nn.Module, x: Tensor) -> Tensor:
    """The slope of an activation at every value."""
    with torch.enable_grad():
        x = x.detach().clone().requires_grad_()
        y = module(x * 1)  # a copy: the module may work in place
        slope = torch.autograd.grad(y.sum(), x, allow_unused=True)[0] if y.requires_grad else None
    return torch.zeros_like(x) if slope is None else slope


def _channels(dead: Tensor) -> Tensor:
    """Which channels are dead at every place."""
    return dead.reshape(len(dead), -1).all(1)


def histogram(values: Tensor) -> list[int]:
    """Counts of values in 24 even bins from −6 to 6, the first and last reaching to ±∞."""
    clipped = np.clip(values.cpu().numpy().reshape(-1), EDGES[0], EDGES[-1])
    counts: list[int] = np.histogram(clipped, EDGES)[0].tolist()
    return counts


def curve(module: nn.Module) -> list[float | None] | None:
    """The function as it is now, at 41 even points from −5 to 5; None where it takes no line of points."""
    p = next(module.parameters())
    try:
        with torch.no_grad():
            y = module(torch.from_numpy(CURVE).to(p.device, p.dtype))
    except Exception:  # a block with weights of its own
        return None
    return [short(value) for value in y.tolist()]


def short(value: Any) -> float | None:
    """Four digits, enough for a picture; None for what is not finite."""
    number = float(value)
    return float(f"{number:.4g}") if abs(number) < 1e300 else None


@contextmanager
def _undisturbed(model: nn.Module) -> Iterator[None]:
    """Evaluation mode, with gradients; afterwards modes and random state are as before."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            yield
    finally:
        for module, training in modes.items():
            module.training = training


@contextmanager
def _listening(model: nn.Module, functions: bool) -> Iterator[dict[str, Call]]:
    """Calls of the network's activations by site, `name#2` where one is used again; also of `functions`."""
    heard: dict[str, Call] = {}
    open_calls: dict[str, list[Call]] = {}

    def before(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, given: tuple[Tensor, ...], named: dict[str, Tensor]) -> None:
            open_calls.setdefault(name, []).append(Call(module, (*given, *named.values())[0]))

        return hook

    def after(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, given: object, named: object, out: Tensor) -> None:
            call = open_calls[name].pop()
            call.out = out
            if call.given.dim() < 2:  # a gate of one number, not what a layer gives
                return
            heard[_free(site_name(name), heard)] = call

        return hook

    hooks: list[Any] = []
    for name, module in activation_modules(model).items():
        hooks.append(module.register_forward_pre_hook(before(name), with_kwargs=True))
        hooks.append(module.register_forward_hook(after(name), with_kwargs=True))
    try:
        with _Functions(model, heard) if functions else nullcontext():
            yield heard
    finally:
        for hook in hooks:
            hook.remove()


def _free(name: str, heard: dict[str, Call]) -> str:
    """The name of the next call of a site."""
    free, number = name, 1
    while free in heard:
        number += 1
        free = f"{name}#{number}"
    return free


class _Functions(CallTracer):
    """Notes calls of functions among those of modules."""

    def __init__(self, model: nn.Module, heard: dict[str, Call]) -> None:
        super().__init__(model)
        self.heard = heard

    def on_function(self, call: FunctionCall) -> Any:
        if base_kind(call.kind) in SOFTMAX | WIDTH_HALVING or call.input.dim() < 2:
            return call.run()
        rest = {key: value for key, value in call.kwargs.items() if key != "input"}
        noted = Call(Function(call.function, call.args[1:], rest), call.input)
        noted.out = call.run()
        self.heard[_free(f"{call.owner}#{call.name}", self.heard)] = noted
        return noted.out
