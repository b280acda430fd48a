"""Networks that spell activations in all the ways people do: in place, as statements, in lambdas, in containers."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.functional import relu as plain_relu

from tests.support.zoo import ROWS, Network

GLOBAL_ACTIVATION = nn.ReLU()
GLOBAL_IN_PLACE = nn.ReLU(inplace=True)


class Lines(nn.Module):
    """Four linear layers and an output layer; the subclasses write the forward."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c, self.d = (nn.Linear(6, 6) for _ in range(4))
        self.out = nn.Linear(6, 3)


def sequential_in_place() -> nn.Module:
    return nn.Sequential(
        nn.Linear(6, 6), nn.ReLU(inplace=True), nn.Linear(6, 6), nn.ReLU(inplace=True), nn.Linear(6, 3)
    )


class StatementModule(Lines):
    """The result of an in-place module is not used."""

    def __init__(self) -> None:
        super().__init__()
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Any:
        h = self.a(x)
        self.relu(h)
        h = self.b(h)
        self.relu(h)
        return self.out(h)


class StatementCalls(Lines):
    """The results of in-place functional calls are not used."""

    def forward(self, x: Tensor) -> Any:
        h = self.a(x)
        F.relu(h, inplace=True)
        h = self.b(h)
        h.relu_()
        h = self.c(h)
        torch.relu_(h)
        h = self.d(h)
        F.relu_(h)
        return self.out(h)


class InPlaceSpellings(Lines):
    """Every spelling of an in-place call, with the result used."""

    def forward(self, x: Tensor) -> Any:
        h = torch.relu_(self.a(x))
        h = F.relu_(self.b(h))
        h = F.relu(self.c(h), True)
        h = F.relu(input=self.d(h), inplace=True)
        return self.out(self.a(h).relu_())


class PlainSpellings(Lines):
    """Every spelling of a call that is not in place."""

    def forward(self, x: Tensor) -> Any:
        h = torch.nn.functional.relu(self.a(x))
        h = plain_relu(self.b(h), inplace=False)
        h = torch.relu(self.c(h)) + Tensor.relu(self.c(h))
        return self.out(self.d(h).relu())


class LeakyStatements(Lines):
    """In-place leaky ReLU, whose slope is a positional or a keyword argument."""

    def forward(self, x: Tensor) -> Any:
        h = self.a(x)
        F.leaky_relu(h, 0.1, inplace=True)
        h = F.leaky_relu(self.b(h), 0.1, True)
        h = F.leaky_relu_(self.c(h), negative_slope=0.1)
        return self.out(h)


class SiluInPlace(Lines):
    def forward(self, x: Tensor) -> Any:
        h = self.a(x)
        F.silu(h, inplace=True)
        return self.out(F.silu(self.b(h), inplace=True) + F.silu(self.c(h)))


class SliceInPlace(Lines):
    """An in-place call on a view changes a part of the tensor."""

    def forward(self, x: Tensor) -> Any:
        h = self.a(x)
        h[:, :3].relu_()
        h = self.b(h)
        F.relu(h.view(-1, 3), inplace=True)
        return self.out(h)


class ShortcutSeesTheChange(Lines):
    """The shortcut has the tensor that an in-place module changes afterwards."""

    def __init__(self) -> None:
        super().__init__()
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Any:
        h = self.a(x)
        for line in (self.b, self.c):
            shortcut = h
            h = line(self.relu(h)) + shortcut
        return self.out(h)


class SharedModule(Lines):
    """One module under two names, and in a container."""

    def __init__(self) -> None:
        super().__init__()
        self.act = nn.ReLU()
        self.same_act = self.act
        self.block = nn.Sequential(nn.Linear(6, 6), self.act, nn.Linear(6, 6), self.act)

    def forward(self, x: Tensor) -> Any:
        return self.out(self.block(self.same_act(self.b(self.act(self.a(x))))))


class GlobalInstance(Lines):
    """The activation is an instance in the module's file, registered nowhere."""

    def forward(self, x: Tensor) -> Any:
        h = self.a(x)
        GLOBAL_IN_PLACE(h)
        return self.out(GLOBAL_ACTIVATION(self.c(GLOBAL_ACTIVATION(self.b(h)))))


class PlainContainers(Lines):
    """The activations stand in a list, a dict and a tuple of Python."""

    def __init__(self) -> None:
        super().__init__()
        self.in_list = [nn.ReLU(), nn.ReLU(inplace=True)]
        self.in_dict: dict[str, Callable[[Tensor], Tensor]] = {"relu": nn.ReLU(), "function": F.relu}
        self.in_tuple = (nn.ReLU(),)

    def forward(self, x: Tensor) -> Any:
        h = self.in_list[0](self.a(x))
        h = self.in_list[1](h - 0.1)
        h = self.in_dict["relu"](self.b(h))
        h = self.in_dict["function"](self.c(h))
        return self.out(self.in_tuple[0](self.d(h)))


class ModuleContainers(nn.Module):
    """The activations stand in a ModuleDict and a ModuleList; the weights in a ParameterList."""

    def __init__(self) -> None:
        super().__init__()
        self.acts = nn.ModuleDict({"first": nn.ReLU(), "second": nn.ReLU(inplace=True)})
        self.steps = nn.ModuleList([nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 6), nn.ReLU()])
        self.weights = nn.ParameterList([nn.Parameter(torch.randn(6, 6)), nn.Parameter(torch.randn(6, 3))])

    def forward(self, x: Tensor) -> Any:
        x = self.acts["first"](x @ self.weights[0])
        for step in self.steps:
            x = step(x)
        return self.acts["second"](x - 0.1) @ self.weights[1]


class Lambda(nn.Module):
    """A module that calls any function."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Any:
        return self.function(x)


def lambda_modules() -> nn.Module:
    return nn.Sequential(
        nn.Linear(6, 6), Lambda(lambda x: F.relu(x - 0.1)), nn.Linear(6, 6), Lambda(F.relu), nn.Linear(6, 6),
        Lambda(torch.relu), nn.Linear(6, 6), Lambda(lambda x: F.relu(x, inplace=True) * 2), nn.Linear(6, 3),
    )  # fmt: skip


class NestedFunction(Lines):
    """Forward defines a function, and a recursion."""

    def forward(self, x: Tensor) -> Any:
        def block(line: nn.Module, h: Tensor) -> Tensor:
            return F.relu(line(h))

        def repeat(h: Tensor, times: int) -> Tensor:
            return h if times == 0 else repeat(torch.relu(self.c(h)), times - 1)

        return self.out(repeat(block(self.b, block(self.a, x)), 2))


class LoopOverModuleList(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lines = nn.ModuleList(nn.Linear(6, 6) for _ in range(4))
        self.out = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Any:
        for i, line in enumerate(self.lines):
            x = F.relu(line(x)) if i % 2 else line(x).relu_()
        return self.out(x)


class ListComprehension(nn.Module):
    """Branches in a comprehension, a generator and a map."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = nn.ModuleList(nn.Linear(6, 4) for _ in range(3))
        self.out = nn.Linear(12, 3)

    def forward(self, x: Tensor) -> Any:
        listed = torch.cat([F.relu(line(x)) for line in self.lines], 1)
        summed: Any = sum(F.relu(line(x)) for line in self.lines)
        mapped = torch.cat(list(map(torch.relu, listed.chunk(3, 1))), 1)
        return self.out(listed + mapped) + summed.sum(1, keepdim=True)


class ActivationAsArgument(nn.Module):
    """The activation's class, or function, is an argument of the constructor."""

    def __init__(self, act_layer: Callable[..., nn.Module] = nn.GELU, act: Callable[..., Tensor] = F.gelu) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(6, 6), act_layer(), nn.Linear(6, 6), act_layer())
        self.act, self.out = act, nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Any:
        return self.out(getattr(F, "gelu")(self.act(self.body(x)) - 0.2))  # noqa: B009


def sequential_of(*layers: Callable[[], nn.Module]) -> Callable[[], nn.Module]:
    """Linear layers with one activation module after each."""
    return lambda: nn.Sequential(*(m for layer in layers for m in (nn.Linear(6, 6), layer())), nn.Linear(6, 3))


SPELLINGS = {
    "sequential in place": Network(sequential_in_place, ROWS),
    "module as a statement": Network(StatementModule, ROWS),
    "calls as statements": Network(StatementCalls, ROWS),
    "in-place spellings": Network(InPlaceSpellings, ROWS),
    "plain spellings": Network(PlainSpellings, ROWS),
    "leaky relu in place": Network(LeakyStatements, ROWS, "leaky_relu(negative_slope=0.1)"),
    "silu in place": Network(SiluInPlace, ROWS, "silu"),
    "view in place": Network(SliceInPlace, ROWS),
    "shortcut sees the change": Network(ShortcutSeesTheChange, ROWS),
    "shared module": Network(SharedModule, ROWS),
    "global instance": Network(GlobalInstance, ROWS),
    "list, dict and tuple": Network(PlainContainers, ROWS),
    "module containers": Network(ModuleContainers, ROWS),
    "lambda modules": Network(lambda_modules, ROWS),
    "nested function": Network(NestedFunction, ROWS),
    "loop over a ModuleList": Network(LoopOverModuleList, ROWS),
    "list comprehension": Network(ListComprehension, ROWS),
    "activation as an argument": Network(ActivationAsArgument, ROWS, "gelu"),
    "relu6": Network(sequential_of(nn.ReLU6, lambda: nn.ReLU6(inplace=True)), ROWS, "relu6"),
    "hardswish": Network(sequential_of(nn.Hardswish, lambda: nn.Hardswish(inplace=True)), ROWS, "hardswish"),
    "mish": Network(sequential_of(nn.Mish, lambda: nn.Mish(inplace=True)), ROWS, "mish"),
    "celu": Network(sequential_of(nn.CELU, nn.CELU), ROWS, "celu"),
    "elu with alpha": Network(sequential_of(lambda: nn.ELU(0.5), lambda: nn.ELU(0.5)), ROWS, "elu(alpha=0.5)"),
    "softplus": Network(sequential_of(nn.Softplus, nn.Softplus), ROWS, "softplus", other="tanh"),
    "sigmoid": Network(sequential_of(nn.Sigmoid, nn.Sigmoid), ROWS, "sigmoid", other="tanh"),
}
