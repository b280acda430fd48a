"""What stands around an activation: the linear layer that its input comes from, and the one that its output goes to.

An output is followed through functions that work at any width, such as dropout. Every other use of it is noted.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from torch import Tensor, nn
from torch.utils.weak import WeakTensorKeyDictionary

from reluctant.activations import Stochastic
from reluctant.models.swap.dimensions import function_name, tensors_in
from reluctant.models.swap.feature_axes import is_conv1d

_ANY_WIDTH = {"dropout", "alpha_dropout", "contiguous", "clone", "detach", "to", "float", "double", "half", "bfloat16",
              "type", "type_as", "requires_grad", "identity"}  # fmt: skip
_PARTS = {"chunk", "split", "tensor_split", "getitem", "narrow", "unbind"}
_PRODUCTS = {"mul", "rmul", "imul", "multiply"}
Kind = Literal["layer", "part", "site", "product", "other"]
Step = tuple[Kind, Any]  # with the path of a layer, the key of a site, or the name of a function


@dataclass
class Flow:
    """An output on its way."""

    source: Step
    uses: set[Step] = field(default_factory=set)


@dataclass
class LayerUse:
    """What a trace records of a linear layer: where its inputs come from and its outputs go; its rows in one pass."""

    sources: set[Step] = field(default_factory=set)
    uses: set[Step] = field(default_factory=set)
    rows: int = 0


class LayerFlows:
    """Follows the outputs of linear layers and of activation sites while a network runs."""

    def __init__(self) -> None:
        self.flows: Any = WeakTensorKeyDictionary()
        self.layers: dict[str, LayerUse] = {}
        self.sites: dict[Any, LayerUse] = {}
        self.products: dict[Any, LayerUse] = {}  # of a site's output with another layer's
        self.loose_weights: set[int] = set()  # ids of parameters that are used outside their layers
        self.running: list[nn.Module] = []

    def enter_layer(self, path: str, module: nn.Module, x: Any) -> None:
        """A linear layer, or a dropout, begins; what it does inside is its own."""
        if not self.running and not _is_dropout(module):
            layer = self.layers.setdefault(path, LayerUse())
            layer.sources.add(self._source(x))
            self._use([x], ("layer", path))
        self.running.append(module)

    def leave_layer(self, path: str, module: nn.Module, x: Any, output: Any) -> None:
        """It has run."""
        self.running.pop()
        if self.running or not isinstance(output, Tensor):
            return
        if _is_dropout(module):
            if isinstance(x, Tensor) and x in self.flows:
                self.flows[output] = self.flows[x]
            return
        layer = self.layers[path]
        layer.rows += output.numel() // max(1, output.shape[-1])
        self.flows[output] = Flow(("layer", path), layer.uses)

    def enter_site(self, key: Any, x: Any) -> None:
        """An activation gets `x`."""
        self.sites.setdefault(key, LayerUse()).sources.add(self._source(x))
        self._use([x], ("site", key))

    def leave_site(self, key: Any, output: Any) -> None:
        """It has returned `output`."""
        if isinstance(output, Tensor):
            self.flows[output] = Flow(("site", key), self.sites[key].uses)

    def end(self, outputs: Iterable[Any]) -> None:
        """The network has returned these."""
        self._use(outputs, ("other", "the network's output"))

    def after_function(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        """A function that is no activation was called."""
        name, inputs = function_name(function), list(tensors_in((*args, *kwargs.values())))
        own = self.running[-1]._parameters.values() if self.running else ()
        outputs = list(tensors_in([output]))
        if not (outputs or name == "setitem"):  # such as x.shape
            return
        self.loose_weights |= {id(x) for x in inputs if isinstance(x, nn.Parameter) and all(x is not p for p in own)}
        if self.running:
            return
        moving = [x for x in inputs if x in self.flows]
        if name in _ANY_WIDTH and len(moving) == 1 and len(outputs) == 1:
            self.flows[outputs[0]] = self.flows[moving[0]]
            return
        new: Step | None = None
        if name in _PARTS and len(moving) == 1 and moving[0] is inputs[0]:
            source = self.flows[inputs[0]].source
            new = ("part", source[1]) if source[0] in ("layer", "part") else None
        elif name in _PRODUCTS and len(moving) == 2 and moving[0] is not moving[1]:
            kinds = {self.flows[x].source[0]: self.flows[x].source[1] for x in moving}
            if "site" in kinds and len(kinds) == 2 and kinds.keys() <= {"site", "layer", "part"}:
                new = ("product", kinds["site"])
        self._use(moving, new if new and new[0] == "product" else ("other", name))
        for x in outputs:
            self.flows.pop(x, None)  # of a function that works in place
            if new:
                uses = self.products.setdefault(new[1], LayerUse()).uses if new[0] == "product" else set()
                self.flows[x] = Flow(new, uses)

    def merge(self, other: "LayerFlows") -> None:
        """Add what another pass of the same network has recorded."""
        for mine, others in ((self.layers, other.layers), (self.sites, other.sites), (self.products, other.products)):
            for key, use in others.items():
                known = mine.setdefault(key, LayerUse())
                known.sources |= use.sources
                known.uses |= use.uses
                known.rows = known.rows or use.rows
        self.loose_weights |= other.loose_weights

    def _source(self, x: Any) -> Step:
        return self.flows[x].source if isinstance(x, Tensor) and x in self.flows else ("other", "")

    def _use(self, values: Iterable[Any], step: Step) -> None:
        for x in tensors_in(values):
            if x in self.flows:
                self.flows[x].uses.add(step)


def is_linear_layer(module: nn.Module) -> bool:
    """Whether a module is a linear map (nn.Linear, a subclass of it, or transformers' Conv1D)."""
    return isinstance(module, nn.Linear) or is_conv1d(module)


def is_followed(module: nn.Module) -> bool:
    """Whether `LayerFlows` wants to know when a module runs."""
    return is_linear_layer(module) or _is_dropout(module)


def _is_dropout(module: nn.Module) -> bool:
    """A dropout that zeroes single values; this package's, which computes its mask in a kernel, among them."""
    own = isinstance(module, Stochastic) and type(module).__name__ == "Dropout"
    return own or isinstance(module, nn.Dropout | nn.AlphaDropout | nn.Identity)
