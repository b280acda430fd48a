"""Networks whose forward is a program of its own: routing, flows, solvers, transforms, captured features, aliases."""

import copy
import functools
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.support.zoo import IMAGES, ROWS, Network, normal
from tests.support.zoo_images import convolution
from tests.support.zoo_spellings import Lambda, Lines, StatementModule, sequential_in_place
from tests.support.zoo_wrappings import Block


class PerceptualFeatures(nn.Module):
    """Collects the output of every layer; in-place activations change what was collected before."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            convolution(3, 4), nn.ReLU(True), convolution(4, 4), nn.ReLU(True), nn.MaxPool2d(2)
        )

    def forward(self, x: Tensor) -> Any:
        collected = []
        for layer in self.features:
            x = layer(x)
            collected.append(x)
        return collected


class FeaturesByType(nn.Module):
    """Collects the outputs of the modules that are ReLUs."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 3))

    def forward(self, x: Tensor) -> Any:
        collected = {}
        for name, layer in self.features.named_children():
            x = layer(x)
            if isinstance(layer, nn.ReLU):
                collected[name] = x
        return {**collected, "out": x}


class SliceOfSequential(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = sequential_in_place()

    def forward(self, x: Tensor) -> Any:
        body: Any = self.body
        return body[2:](body[:2](x))


class LinearReLU(nn.Linear):
    """A layer with its activation, by the forward of the parent."""

    def forward(self, x: Tensor) -> Any:
        return F.relu(super().forward(x))


class SequentialHead(nn.Sequential):
    def forward(self, x: Tensor) -> Any:
        forward: Any = super().forward
        return torch.relu_(forward(x) - 0.1)


class KeywordsAndPartials(Lines):
    """Modules called with a keyword, partial functions, functions as attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.act, self.leaky = nn.LeakyReLU(0.1), functools.partial(F.leaky_relu, negative_slope=0.1)
        self.function = F.leaky_relu

    def forward(self, x: Tensor) -> Any:
        h = self.act(input=self.a(x))
        h = self.leaky(self.b(h))
        return self.out(self.function(self.c(h), 0.1, inplace=True))


class SharedBlock(nn.Module):
    """One block under two names, beside a copy of it."""

    def __init__(self) -> None:
        super().__init__()
        self.block = Block(inplace=True)
        self.same_block, self.copied = self.block, copy.deepcopy(self.block)
        self.out = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Any:
        return self.out(self.copied(self.same_block(self.block(x))))


class AuxiliaryHead(nn.Module):
    """A second output in the training mode only."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.aux, self.out = (
            nn.Linear(6, 6),
            nn.Sequential(nn.Linear(6, 6), nn.ReLU(True), nn.Linear(6, 3)),
            nn.Linear(6, 3),
        )

    def forward(self, x: Tensor) -> Any:
        h = F.relu(self.body(x))
        return (self.out(h), self.aux(h)) if self.training else self.out(h)


class Autocast(nn.Module):
    """A part of forward in bfloat16."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.out = nn.Sequential(nn.Linear(6, 6), nn.GELU(), nn.Linear(6, 6)), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Any:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            h = F.gelu(self.body(x))
        return self.out(F.gelu(h.float()))


class ComplexReLU(nn.Module):
    """The real and the imaginary part, each with its activation."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.out = nn.Linear(6, 6, dtype=torch.complex64), nn.Linear(12, 3)

    def forward(self, x: Tensor) -> Any:
        z = self.first(x.to(torch.complex64))
        z = torch.complex(F.relu(z.real), F.relu(z.imag))
        return self.out(torch.view_as_real(z).flatten(1))


class ChainInPlace(Lines):
    """In-place arithmetic on the result of an in-place activation changes the tensor before it too."""

    def forward(self, x: Tensor) -> Any:
        h = self.a(x)
        result = F.silu(h, inplace=True)
        result += 1
        return self.out(self.b(h) + F.silu(self.c(result)))


class FunctionalCall(nn.Module):
    """Weights by torch.func.functional_call: a hypernetwork scales them."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.scale = nn.Sequential(nn.Linear(6, 6), nn.ReLU(), Block(rate=0.0)), nn.Linear(6, 1)

    def forward(self, x: Tensor) -> Any:
        scale = F.relu(self.scale(x)).mean() + 1
        weights = {name: parameter * scale for name, parameter in self.inner.named_parameters()}
        return torch.func.functional_call(self.inner, weights, (x,))


class VectorizedMap(nn.Module):
    """torch.func.vmap over the rows, and a derivative in the forward mode."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 3))

    def forward(self, x: Tensor) -> Any:
        return torch.func.vmap(self.net)(x), torch.func.jvp(self.net, (x,), (x,))[1]


class HingeOfIntegers(nn.Module):
    """ReLU of integer positions, beside ReLUs of features."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.out = nn.Linear(6, 6), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Any:
        distance = torch.relu(torch.arange(6) - 2)
        return self.out(F.relu(self.first(x)) * distance)


def graph_module() -> nn.Module:
    """The network that torch.fx writes."""
    graph: nn.Module = torch.fx.symbolic_trace(nn.Sequential(Block(rate=0.0), nn.ReLU(), nn.Linear(6, 3)))
    return graph


def channels_last() -> nn.Module:
    network = nn.Sequential(
        convolution(3, 4), nn.BatchNorm2d(4), nn.ReLU(True), convolution(4, 4), nn.ReLU(True), convolution(4, 2)
    )
    return cast(nn.Module, cast(Any, network).to(memory_format=torch.channels_last))


class OwnReLU(nn.ReLU):
    """A subclass of an activation that changes nothing."""


def subclassed_module() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 6), OwnReLU(), nn.Linear(6, 6), OwnReLU(inplace=True), nn.Linear(6, 3))


class ParentForward(StatementModule):
    """Forward calls the forward of the parent class."""

    def forward(self, x: Tensor) -> Any:
        return F.relu(super().forward(x) - 0.1).sum(1)


def tanh_approximation() -> nn.Module:
    return nn.Sequential(
        nn.Linear(6, 6),
        nn.GELU(approximate="tanh"),
        nn.Linear(6, 6),
        Lambda(lambda x: F.gelu(x, approximate="tanh")),
        nn.Linear(6, 3),
    )


def image_in_place() -> nn.Module:
    """An activation in place after a layer whose backward needs its own output: the pool."""
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(True), nn.MaxPool2d(2), nn.ReLU(True), nn.Flatten(), nn.Linear(36, 3)
    )


PROGRAMS = {
    "collected features": Network(PerceptualFeatures, IMAGES),
    "features by type": Network(FeaturesByType, ROWS),
    "slices of a Sequential": Network(SliceOfSequential, ROWS),
    "layers with activations": Network(
        lambda: nn.Sequential(LinearReLU(6, 6), SequentialHead(nn.Linear(6, 6)), nn.Linear(6, 3)), ROWS
    ),
    "keywords and partials": Network(KeywordsAndPartials, ROWS, "leaky_relu(negative_slope=0.1)"),
    "shared block": Network(SharedBlock, ROWS),
    "auxiliary head": Network(AuxiliaryHead, ROWS),
    "autocast": Network(Autocast, ROWS, "gelu"),
    "bfloat16": Network(
        lambda: nn.Sequential(Block(), nn.ReLU(True), nn.Linear(6, 3)).bfloat16(), normal(5, 6, dtype=torch.bfloat16)
    ),
    "complex numbers": Network(ComplexReLU, ROWS),
    "arithmetic in place after silu": Network(ChainInPlace, ROWS, "silu"),
    "functional_call": Network(FunctionalCall, ROWS),
    "vmap": Network(VectorizedMap, ROWS, "tanh"),
    "relu of integers": Network(HingeOfIntegers, ROWS, other="tanh"),
    "graph module": Network(graph_module, ROWS),
    "channels last": Network(channels_last, IMAGES.to(memory_format=torch.channels_last)),
    "subclassed module": Network(subclassed_module, ROWS),
    "forward of the parent": Network(ParentForward, ROWS),
    "gelu with tanh": Network(tanh_approximation, ROWS, "gelu(approximate='tanh')"),
    "relu in place around a pool": Network(image_in_place, IMAGES),
}
