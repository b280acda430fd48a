"""Who calls which activation function while a network runs: calls by place, modules and functions alike."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from reluctant.models.swap.activation_types import FUNCTIONS, kind_of


class Frame:
    """One call of a module under way: its path, and what it has called so far."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.counts: Counter[str] = Counter()

    def next(self, kind: str) -> str:
        """`relu` for the first call of that function, `relu_2` for the second."""
        self.counts[kind] += 1
        return numbered(kind, self.counts[kind])

    def turn(self, path: str) -> int:
        """Which time the module at `path` is called."""
        self.counts[f"module {path}"] += 1
        return self.counts[f"module {path}"]


class Listener(TorchFunctionMode):
    """Hears the calls of activations in one network, as long as it is entered.

    A call of a function belongs to the innermost module that runs and has children or is not PyTorch's own;
    what happens inside an activation module is part of that module. Subclasses say what they do with it.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.frames: list[Frame | None] = []  # None where an activation module runs
        self.hooks: list[Any] = []

    def __enter__(self) -> "Listener":
        for path, module in walk(self.model):
            if not (kind_of(module) or calls(module)):
                continue
            self.hooks.append(module.register_forward_pre_hook(self._before(path), prepend=True))
            self.hooks.append(module.register_forward_hook(self._after(path), always_call=True))
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *fault: object) -> None:
        super().__exit__(*fault)  # type: ignore[no-untyped-call]
        while self.hooks:
            self.hooks.pop().remove()

    def _before(self, path: str) -> Callable[..., None]:
        def hook(module: nn.Module, given: object) -> None:
            if kind_of(module):
                self.on_module(path, module)
                self.frames.append(None)
            else:
                self.frames.append(Frame(path))

        return hook

    def _after(self, path: str) -> Callable[..., None]:
        def hook(module: nn.Module, given: object, out: Any) -> None:
            self.frames.pop()
            if kind_of(module):
                self.on_result(path, module, out)

        return hook

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        frame, named = self.frames[-1] if self.frames else None, kwargs or {}
        if frame is None:
            return func(*args, **named)
        kind = FUNCTIONS.get(func)
        if kind is None:
            self.on_other(func, args, named)
            return func(*args, **named)
        return self.on_function(frame.path, frame.next(kind), kind, func, args, named)

    def on_module(self, path: str, module: nn.Module) -> None:
        """An activation module is about to run; `self.frames[-1]` is its caller."""

    def on_result(self, path: str, module: nn.Module, out: Any) -> None:
        """An activation module has run."""

    def on_function(
        self, owner: str, call: str, kind: str, function: Any, args: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        """An activation function is called: what it gives."""
        return function(*args, **named)

    def on_other(self, function: Any, args: tuple[Any, ...], named: dict[str, Any]) -> None:
        """Any other function of PyTorch's is about to be called."""


def numbered(kind: str, number: int) -> str:
    """What the n-th call of a function within one call of a module is called."""
    return kind if number == 1 else f"{kind}_{number}"


def walk(model: nn.Module, path: str = "", seen: set[int] | None = None) -> Iterator[tuple[str, nn.Module]]:
    """Every module once with its first path; what lies inside activations and scripts is left out."""
    seen = set() if seen is None else seen
    if id(model) in seen or isinstance(model, torch.jit.ScriptModule):
        return
    seen.add(id(model))
    yield path, model
    if not kind_of(model):
        for name, child in model.named_children():
            yield from walk(child, f"{path}.{name}" if path else name, seen)


def own(module: nn.Module) -> bool:
    """Whether a module's class is somebody's own: its forward may call anything."""
    return not type(module).__module__.startswith("torch.nn.")


def calls(module: nn.Module) -> bool:
    """Whether a module may call activations."""
    return own(module) or any(module.children())
