"""Which axis of a tensor the features are, followed through a forward pass from layer to layer.

Layers with weights decide: the last axis after a linear layer, an embedding or a layer norm, axis 1 after a
convolution or a batch norm. Other functions pass the axis on, wherever they move it. Where the origin of a tensor is
not known, the next layer with weights decides in the same way.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvNd
from torch.utils.weak import WeakTensorKeyDictionary

from reluctant.models.swap.dimensions import (
    function_name,
    reduced_dimensions,
    reshaped_dimensions,
    tensors_in,
    view_dimensions,
)

_LAST = {"linear", "bilinear", "embedding", "embedding_bag", "multi_head_attention_forward", "lstm", "gru", "rnn_tanh",
         "rnn_relu", "layer_norm", "rms_norm"}  # fmt: skip
_CONVOLUTIONS = {f"conv{transposed}{n}d": n for n in (1, 2, 3) for transposed in ("", "_transpose")}
_NORMS = {"batch_norm", "group_norm", "instance_norm"}
_SAME_AXIS = _NORMS | {"layer_norm", "rms_norm"}
_PRODUCTS = {"matmul", "rmatmul", "mm", "bmm", "addmm", "baddbmm"}
_ATTENTION = {"scaled_dot_product_attention"}
_WEIGHTED = {*_LAST, *_CONVOLUTIONS, *_NORMS, *_PRODUCTS, *_ATTENTION}
_RESHAPES = {"view", "reshape", "flatten", "unflatten", "view_as", "reshape_as", "ravel"}
_VIEWS = {"permute", "transpose", "swapaxes", "swapdims", "movedim", "moveaxis", "t", "T", "mT", "H", "mH", "adjoint",
          "squeeze", "unsqueeze", "getitem", "select", "narrow", "unbind", "chunk", "split", "tensor_split",
          "split_with_sizes", "unsafe_chunk", "unsafe_split"}  # fmt: skip
_REDUCTIONS = {"mean", "sum", "amax", "amin", "max", "min", "std", "var", "logsumexp", "norm", "median"}
_CHANGES_SIZE = {"pixel_shuffle", "pixel_unshuffle", "cat", "concat", "concatenate", "pad", "glu"}
Axes = tuple[object, ...]  # one object for each dimension: the same object is the same axis of an earlier tensor


@dataclass
class TensorAxes:
    """What is known of the dimensions of a tensor."""

    axes: Axes
    features: int | None = None  # the dimension of the features


@dataclass(eq=False)
class SiteInput:
    """The input of an activation: its dimensions, and which of them are the features as soon as it is known."""

    axes: Axes
    features: int | None

    @property
    def feature_axis(self) -> int | None:
        """−1 for the last dimension, else its number; None if it is not known, or the first."""
        if len(self.axes) == 2:
            return -1
        return -1 if self.features == len(self.axes) - 1 else self.features or None


class FeatureAxes:
    """Follows the feature axis of every tensor while a network runs."""

    def __init__(self) -> None:
        self.origins: Any = WeakTensorKeyDictionary()
        self.weights: Any = WeakTensorKeyDictionary()  # computed from parameters alone
        self.undecided: list[SiteInput] = []

    def origin(self, x: Tensor) -> TensorAxes:
        """What is known of a tensor; nothing of one that is new."""
        if x not in self.origins or len(self.origins[x].axes) != x.dim():
            self.origins[x] = TensorAxes(tuple(object() for _ in range(x.dim())))
        known: TensorAxes = self.origins[x]
        return known

    def at_site(self, x: Tensor) -> SiteInput:
        """An activation gets this tensor."""
        known = self.origin(x)
        site = SiteInput(known.axes, known.features)
        if site.features is None:
            self.undecided.append(site)
        return site

    def is_weight(self, x: Tensor) -> bool:
        """Whether a tensor is a parameter, or was computed from parameters alone."""
        return isinstance(x, nn.Parameter) or x in self.weights

    def after_layer(self, module: nn.Module, output: Any) -> None:
        """A layer has run: its class decides where its functions could not be followed."""
        x = next(tensors_in([output]), None)
        if x is None or self.origin(x).features is not None:
            return
        if isinstance(module, _ConvNd):
            self._set(x, None, x.dim() - 1 - len(module.kernel_size))
        elif isinstance(module, _NormBase | nn.GroupNorm):
            self._set(x, None, 1)
        elif isinstance(module, nn.Linear | nn.Embedding | nn.MultiheadAttention | nn.RNNBase) or is_conv1d(module):
            self._set(x, None, x.dim() - 1)

    def pass_on(self, x: Any, output: Any) -> None:
        """An element-wise function was computed."""
        if isinstance(x, Tensor) and isinstance(output, Tensor) and x.shape == output.shape:
            self.origins[output] = self.origin(x)

    def after_function(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], output: Any
    ) -> None:
        """A function that is no activation was called."""
        name = function_name(function)
        outputs, inputs = list(tensors_in([output])), list(tensors_in((*args, *kwargs.values())))
        values = [x for x in inputs if not self.is_weight(x)]
        if not outputs or not inputs:
            return
        if not values:
            for x in outputs:
                self.weights[x] = True
            return
        x, y = values[0], outputs[0]
        if name in _WEIGHTED and self._after_weights(name, x, y, args, kwargs):
            return
        if name in _VIEWS:
            self._follow_views(function, x, args, kwargs, outputs)
        elif name in _RESHAPES:
            self._follow(x, y, reshaped_dimensions(x.shape, y.shape))
        elif name in _REDUCTIONS:
            for each in outputs:
                self._follow(x, each, reduced_dimensions(x, each, args, kwargs))
        elif name == "stack":
            at = kwargs.get("dim", args[1] if len(args) > 1 else 0) % y.dim()
            self._follow(x, y, [d if d < at else d - 1 if d > at else None for d in range(y.dim())])
        elif name != "einsum":
            for each in outputs:
                self._align(values, each, name)

    def _after_weights(self, name: str, x: Tensor, y: Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """A function of layers with weights, or a product of tensors; False where it says nothing of features."""
        operands = [a for a in (*args, *kwargs.values()) if isinstance(a, Tensor)]
        if name in _LAST:
            if name == "layer_norm" and len(kwargs.get("normalized_shape", args[1] if len(args) > 1 else ())) > 1:
                return False
            if not name.startswith("embedding"):
                self._use(x, -1)
            self._set(y, x, y.dim() - 1, same_axis=name in _SAME_AXIS)
        elif name in _CONVOLUTIONS:
            self._use(x, x.dim() - 1 - _CONVOLUTIONS[name])
            self._set(y, x, y.dim() - 1 - _CONVOLUTIONS[name])
        elif name in _NORMS:
            self._use(x, 1)
            self._set(y, x, 1, same_axis=True)
        elif name in _PRODUCTS and len(operands) > 1:
            a, b = operands[-2:]
            self._multiply(b, a, y) if name == "rmatmul" else self._multiply(a, b, y)
        elif name in _ATTENTION and len(operands) > 2:
            value = self.origin(operands[2])
            last = value.features == y.dim() - 1
            self.origins[y] = TensorAxes((*self.origin(x).axes[:-1], value.axes[-1]), value.features if last else None)
        return True

    def _use(self, x: Tensor, dimension: int) -> None:
        """Layers with weights use the dimension of a tensor as features, and so decide for sites before them."""
        axis, open_sites = self.origin(x).axes[dimension], []
        for site in self.undecided:
            if axis in site.axes:
                site.features = site.axes.index(axis)
            else:
                open_sites.append(site)
        self.undecided = open_sites

    def _set(self, y: Tensor, x: Tensor | None, dimension: int, *, same_axis: bool = False) -> None:
        """The features of `y` are this dimension, the others are those of `x` where it has as many."""
        axes = list(self.origin(x).axes) if x is not None and x.dim() == y.dim() else [object() for _ in y.shape]
        if not 0 <= dimension < y.dim():
            return
        if not same_axis:
            axes[dimension] = object()
        self.origins[y] = TensorAxes(tuple(axes), dimension)

    def _multiply(self, a: Tensor, b: Tensor, y: Tensor) -> None:
        """The matrix product of two tensors."""
        if y.dim() < 2 or a.dim() < 2 or b.dim() < 2:
            return
        if self.is_weight(b):
            self._use(a, -1)
            self._set(y, a, y.dim() - 1)
        elif self.is_weight(a):
            self._use(b, -2)
            self._set(y, b, y.dim() - 2)
        else:
            rows, columns = self.origin(a), self.origin(b)
            axes = [object() for _ in y.shape[:-2]] + [rows.axes[-2], columns.axes[-1]]
            last = columns.features == b.dim() - 1
            self.origins[y] = TensorAxes(tuple(axes), y.dim() - 1 if last else None)

    def _follow(self, x: Tensor, y: Tensor, sources: list[int | None]) -> None:
        """Dimension i of `y` is dimension `sources[i]` of `x`."""
        known = self.origin(x)
        axes = tuple(object() if i is None else known.axes[i] for i in sources)
        features = sources.index(known.features) if known.features is not None and known.features in sources else None
        self.origins[y] = TensorAxes(axes, features)

    def _follow_views(
        self, function: Callable[..., Any], x: Tensor, args: tuple[Any, ...], kwargs: dict[str, Any], ys: list[Tensor]
    ) -> None:
        """Run the function on a tensor without values, whose strides tell the dimensions apart."""
        plain = torch.empty(x.shape, device="meta")
        try:
            views = function(*(plain if a is x else a for a in args), **kwargs)
        except Exception:  # such as an index of a tensor
            return
        for y, view in zip(ys, tensors_in([views]), strict=False):
            if view.shape != y.shape or view.untyped_storage()._cdata != plain.untyped_storage()._cdata:
                continue
            self._follow(x, y, view_dimensions(plain, view))

    def _align(self, values: Iterable[Tensor], y: Tensor, name: str) -> None:
        """Any other function: dimensions of inputs and output correspond from the last one on, where sizes agree."""
        axes: list[object] = [None] * y.dim()
        features = set()
        for x in values:
            known, shift = self.origin(x), y.dim() - x.dim()
            for i, axis in enumerate(known.axes):
                if i + shift < 0:
                    continue
                same_size = x.shape[i] == y.shape[i + shift]
                if same_size and axes[i + shift] is None:
                    axes[i + shift] = axis
                if i == known.features and (same_size or (name in _CHANGES_SIZE and shift == 0)):
                    features.add(i + shift)
        axes = [object() if axis is None else axis for axis in axes]
        self.origins[y] = TensorAxes(tuple(axes), features.pop() if len(features) == 1 else None)


def is_conv1d(module: nn.Module) -> bool:
    """Whether a module is the linear layer of GPT-2 in transformers, with weights (inputs, outputs)."""
    kind = type(module)
    return kind.__name__ == "Conv1D" and kind.__module__.startswith("transformers.")
