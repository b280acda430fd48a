"""Blocks: activations of a whole layer that keep its width, such as gated blocks, maxout, CReLU and kWTA.

The first call creates the weights for the number of features on the block's `feature_axis`, without changing
PyTorch's global random state.
"""

import warnings
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.parameter import UninitializedParameter

from reluctant.activations.feature_axis import Block
from reluctant.core.randomness import preserve_random_states

MATCH = "parameters"  # what a gated layer has in common with the layer that it replaces, by default


class FeatureLinear(LazyModuleMixin, Block):
    """A linear map along the feature axis, from `in_factor` to `out_factor` times the number of features."""

    in_factor, out_factor = 1, 2

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # PyTorch warns that lazy modules are new
            super().__init__()
        self.weight, self.bias = UninitializedParameter(), UninitializedParameter()

    def _infer_parameters(self, module: Any, args: Any, kwargs: Any = None) -> Any:
        return None if self.is_undecided() else super()._infer_parameters(module, args, kwargs)

    def initialize_parameters(self, x: Tensor) -> None:
        """Create the weights for the features of `x` as `nn.Linear` does, without changing random states."""
        width = x.shape[self.axis_of(x)]
        if not self.has_uninitialized_params():
            return
        self.weight.materialize((self.out_factor * width, self.in_factor * width))
        self.bias.materialize((self.out_factor * width,))
        devices = [self.weight.device] if self.weight.device.type == "cuda" else []
        with preserve_random_states(), torch.random.fork_rng(devices=devices):
            self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights as `nn.Linear` does: uniform within ±1/√inputs."""
        if not self.has_uninitialized_params():
            bound = self.weight.shape[1] ** -0.5
            nn.init.uniform_(self.weight, -bound, bound)
            nn.init.uniform_(self.bias, -bound, bound)

    def linear(self, x: Tensor, axis: int) -> Tensor:
        """The result of the linear map, with the features in the last dimension."""
        return F.linear(x.movedim(axis, -1), self.weight, self.bias)


def _restore_layout(y: Tensor, x: Tensor, axis: int) -> Tensor:
    """`y` with its features in the dimension `axis` again and with the memory layout of `x`."""
    moved = y.movedim(-1, axis)
    return moved if moved.stride() == x.stride() else torch.empty_like(x, dtype=y.dtype).copy_(moved)


def _identity(x: Tensor) -> Tensor:
    return x


class GatedLinear(FeatureLinear):
    """value(xW + b) · gate(xV + c); W and V are the halves of `weight` (Shazeer 2020, 2002.05202).

    `gate_name` is the gate's name in the catalogue. `match` is for `swap_activations`: in a feed-forward layer the
    layer's own maps become W and V, and its width is chosen by it.
    """

    value: Callable[[Tensor], Tensor] = staticmethod(_identity)
    gate: Callable[[Tensor], Tensor] = staticmethod(_identity)
    gate_name = "identity"

    def __init__(self, match: str = MATCH) -> None:
        super().__init__()
        self.match = match

    @classmethod
    def pair(cls, values: Tensor, gates: Tensor) -> Tensor:
        """The function of the two maps' results."""
        return cls.value(values) * cls.gate(gates)

    def forward(self, x: Tensor) -> Tensor:
        if self.is_undecided():
            return x
        axis = self.axis_of(x)
        return _restore_layout(self.pair(*self.linear(x, axis).chunk(2, dim=-1)), x, axis)


class GLU(GatedLinear):
    """(xW + b)σ(xV + c) (Dauphin et al. 2016, 1612.08083)."""

    gate = staticmethod(torch.sigmoid)
    gate_name = "sigmoid"


class Bilinear(GatedLinear):
    """(xW + b)(xV + c) (Shazeer 2020, 2002.05202)."""


class ReGLU(GatedLinear):
    """(xW + b) max(0, xV + c) (Shazeer 2020, 2002.05202)."""

    gate = staticmethod(F.relu)
    gate_name = "relu"


class GEGLU(GatedLinear):
    """(xW + b) GELU(xV + c) (Shazeer 2020, 2002.05202)."""

    gate = staticmethod(F.gelu)
    gate_name = "gelu"


class SwiGLU(GatedLinear):
    """(xW + b) SiLU(xV + c) (Shazeer 2020, 2002.05202)."""

    gate = staticmethod(F.silu)
    gate_name = "silu"


class DReLU(GatedLinear):
    """max(0, xW + b) max(0, xV + c) (Song et al. 2024, 2406.05955)."""

    value = staticmethod(F.relu)
    gate = staticmethod(F.relu)
    gate_name = ""  # a product of two maps that a network has already cannot become this one


class Maxout(GatedLinear):
    """The larger of two linear maps, feature by feature (Goodfellow et al. 2013, 1302.4389)."""

    gate_name = ""

    @classmethod
    def pair(cls, values: Tensor, gates: Tensor) -> Tensor:
        return torch.maximum(values, gates)


class PairGate(nn.Module):
    """The gate of a feed-forward layer: the results (…, 2h) of both maps → (…, h), by the function of a gated block.

    Args:
        block: The class of the block, such as `SwiGLU`.
    """

    def __init__(self, block: type[GatedLinear]) -> None:
        super().__init__()
        self.block = block

    def forward(self, x: Tensor) -> Tensor:
        return self.block.pair(*x.chunk(2, dim=-1))

    def extra_repr(self) -> str:
        return self.block.__name__


class CReLU(FeatureLinear):
    """max(0, x) and max(0, −x) concatenated (Shang et al. 2016, 1603.05201), mapped back to the width."""

    in_factor, out_factor = 2, 1

    def forward(self, x: Tensor) -> Tensor:
        if self.is_undecided():
            return x
        axis = self.axis_of(x)
        return _restore_layout(self.linear(torch.cat([F.relu(x), F.relu(-x)], dim=axis), axis), x, axis)


class ABReLU(Block):
    """max(0, x − mean of the sample), of each token alone if the features are the last of more than two axes.

    No gradient flows through the mean (Dubey & Chakraborty 2018).
    """

    def forward(self, x: Tensor) -> Tensor:
        if self.is_undecided():
            return x
        axis = self.axis_of(x)
        dims = tuple(range(1, x.dim())) if axis == 1 else (axis,)
        return F.relu(x - x.detach().mean(dim=dims, keepdim=True))


class KWTA(Block):
    """The largest share `ratio` of each sample's units, 0 for the others (Xiao et al. 2019, 1905.10510).

    If the features are the last of more than two axes, the largest of each token.
    """

    def __init__(self, ratio: float = 0.2) -> None:
        super().__init__()
        self.ratio = ratio

    def forward(self, x: Tensor) -> Tensor:
        if self.is_undecided():
            return x
        axis = self.axis_of(x)
        units = x.flatten(1) if axis == 1 else x.movedim(axis, -1)
        count = max(1, int(self.ratio * units.shape[-1]))
        threshold = units.topk(count, dim=-1).values[..., -1:]
        threshold = threshold.reshape(-1, *[1] * (x.dim() - 1)) if axis == 1 else threshold.movedim(-1, axis)
        return torch.where(x >= threshold, x, torch.zeros_like(x))

    def extra_repr(self) -> str:
        return ", ".join([f"ratio={self.ratio}", *filter(None, [super().extra_repr()])])
