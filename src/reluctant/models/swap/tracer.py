"""A tracer of activation calls: it names every call of an activation while a network runs."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from torch import nn
from torch.overrides import TorchFunctionMode

from reluctant.models.swap.modules import FUNCTIONS, activation_kind, may_call_activations, walk_modules


class CallCounter:
    """Names the activation calls that one module makes while its forward runs once.

    The tracer and the dispatch both count with it, so a site has one name when it is found and when it runs.
    """

    def __init__(self, caller: str) -> None:
        self.caller = caller  # the path of the module whose forward runs
        self.counts: dict[str, int] = {}

    def name_function_call(self, kind: str) -> str:
        """`relu` for the first call of that function, `relu_2` for the second."""
        number = self._count(kind)
        return kind if number == 1 else f"{kind}_{number}"

    def name_module_call(self, path: str) -> str:
        """`blocks.0#2` for the second call of the module at `path` by the module `blocks.0`."""
        return f"{self.caller}#{self._count(f'module {path}')}"

    def _count(self, target: str) -> int:
        self.counts[target] = self.counts.get(target, 0) + 1
        return self.counts[target]


@dataclass(frozen=True)
class FunctionCall:
    """A functional call: `owner` is the path of the calling module, `name` such as `relu_2`."""

    owner: str
    name: str
    kind: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    @property
    def input(self) -> Any:
        """The tensor that the activation is applied to."""
        return self.args[0] if self.args else self.kwargs["input"]

    def run(self) -> Any:
        """Call the function."""
        return self.function(*self.args, **self.kwargs)


class CallTracer(TorchFunctionMode):
    """Calls its `on_…` methods for every activation call in one network, while its context is entered.

    A functional call belongs to the innermost running module that has children or a user-defined class.
    Calls inside an activation module belong to that module and are not reported.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.callers: list[CallCounter | None] = []  # the running modules; None for an activation module
        self.hooks: list[Any] = []

    def __enter__(self) -> "CallTracer":
        for path, module in walk_modules(self.model):
            if activation_kind(module) or may_call_activations(module):
                enter, leave = partial(self._enter_module, path), partial(self._exit_module, path)
                self.hooks.append(module.register_forward_pre_hook(enter, prepend=True, with_kwargs=True))
                self.hooks.append(module.register_forward_hook(leave, always_call=True))
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)  # type: ignore[no-untyped-call]
        while self.hooks:
            self.hooks.pop().remove()

    def _enter_module(self, path: str, module: nn.Module, inputs: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        if activation_kind(module):
            self.on_module(path, module, next(iter((*inputs, *keywords.values())), None))
        self.callers.append(None if activation_kind(module) else CallCounter(path))

    def _exit_module(self, path: str, module: nn.Module, inputs: object, output: Any) -> None:
        self.callers.pop()
        if activation_kind(module):
            self.on_module_output(module, output)

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        caller, kwargs = self.callers[-1] if self.callers else None, kwargs or {}
        if caller is None:
            return func(*args, **kwargs)
        kind = FUNCTIONS.get(func)
        if kind is None:
            output = func(*args, **kwargs)
            self.on_other_function(func, args, kwargs, output)
            return output
        name = caller.name_function_call(kind)
        return self.on_function(FunctionCall(caller.caller, name, kind, func, args, kwargs))

    def on_module(self, path: str, module: nn.Module, x: Any) -> None:
        """An activation module is about to run on `x`; `self.callers[-1]` is its caller."""

    def on_module_output(self, module: nn.Module, output: Any) -> None:
        """An activation module has run."""

    def on_function(self, call: FunctionCall) -> Any:
        """An activation function is called; the result replaces that of the function."""
        return call.run()

    def on_other_function(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        """Any other PyTorch function was called."""
