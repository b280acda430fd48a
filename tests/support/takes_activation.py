"""Factories that take an activation in the forms that people write: some use it, some swallow it."""

from collections.abc import Callable
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn


class Layers(nn.Module):
    """Three linear layers; `act` is called between them."""

    act: Callable[[Tensor], Tensor]

    def __init__(self, in_features: int, num_classes: int) -> None:
        super().__init__()
        self.a, self.b, self.c = nn.Linear(in_features, 16), nn.Linear(16, 16), nn.Linear(16, num_classes)

    def forward(self, x: Tensor) -> Any:
        return self.c(self.act(self.b(self.act(self.a(x)))))


class RequiredClass(Layers):
    def __init__(self, in_features: int, num_classes: int, activation: type[nn.Module]) -> None:
        super().__init__(in_features, num_classes)
        self.act = activation()


class RequiredFunction(Layers):
    def __init__(self, in_features: int, num_classes: int, activation: Callable[[Tensor], Tensor]) -> None:
        super().__init__(in_features, num_classes)
        self.act = activation


class FirstParameter(Layers):
    def __init__(self, act_fn: Callable[[Tensor], Tensor], in_features: int, num_classes: int) -> None:
        super().__init__(in_features, num_classes)
        self.act = act_fn


class DefaultClass(Layers):
    def __init__(self, in_features: int, num_classes: int, activation: type[nn.Module] = nn.ReLU) -> None:
        super().__init__(in_features, num_classes)
        self.act = activation()


class DefaultFunction(Layers):
    def __init__(self, in_features: int, num_classes: int, activation: Callable[[Tensor], Tensor] = F.relu) -> None:
        super().__init__(in_features, num_classes)
        self.act = activation


class DefaultModule(Layers):
    def __init__(self, in_features: int, num_classes: int, activation: nn.Module | None = None) -> None:
        super().__init__(in_features, num_classes)
        self.act = activation or nn.ReLU()


class DefaultName(Layers):
    def __init__(self, in_features: int, num_classes: int, activation: str = "relu") -> None:
        super().__init__(in_features, num_classes)
        self.act = getattr(F, activation)


class OutputOnly(Layers):
    """As segmentation libraries have it: `activation` is for the output, none unless asked for."""

    def __init__(self, in_features: int, num_classes: int, activation: Any = None) -> None:
        super().__init__(in_features, num_classes)
        self.output = activation() if isinstance(activation, type) else activation
        self.act = F.relu

    def forward(self, x: Tensor) -> Any:
        y = super().forward(x)
        return y if self.output is None else self.output(y)


class NotEverywhere(Layers):
    """Takes an activation, and calls another one itself."""

    def __init__(self, in_features: int, num_classes: int, activation: type[nn.Module] = nn.ReLU) -> None:
        super().__init__(in_features, num_classes)
        self.act = activation()

    def forward(self, x: Tensor) -> Any:
        return self.c(F.relu(self.b(self.act(self.a(x)))))


class Number(Layers):
    def __init__(self, in_features: int, num_classes: int, activation: int = 0) -> None:
        super().__init__(in_features, num_classes)
        self.act = [nn.ReLU(), nn.Tanh()][activation]


class HandedOn(Layers):
    def __init__(self, in_features: int, num_classes: int, **options: Any) -> None:
        super().__init__(in_features, num_classes)
        self.options, self.act = options, nn.ReLU()


class ClosureHook(Layers):
    """Uses what a hook has stored, and the hook is a closure over the network."""

    def __init__(self, in_features: int, num_classes: int) -> None:
        super().__init__(in_features, num_classes)
        self.stored: dict[str, Tensor] = {}
        self.b.register_forward_hook(lambda module, inputs, output: self.stored.__setitem__("b", output))

    def forward(self, x: Tensor) -> Any:
        self.b(F.relu(self.a(x)))
        return self.c(F.relu(self.stored["b"]))


def from_options(**options: Any) -> nn.Module:
    """Reads the activation from its options under a name that nobody else uses."""
    return DefaultFunction(
        options.get("in_features", 8), options.get("num_classes", 2), getattr(F, options.get("nonlin", "relu"))
    )


FACTORIES: tuple[Callable[..., Any], ...] = (
    RequiredClass, RequiredFunction, FirstParameter, DefaultClass, DefaultFunction, DefaultModule, DefaultName,
    OutputOnly, Number, HandedOn, ClosureHook, from_options,
)  # fmt: skip
