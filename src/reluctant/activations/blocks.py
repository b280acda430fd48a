"""Blocks: activations of a whole layer that keep its width, such as gated blocks, maxout, CReLU and kWTA.

The features are dimension 1 of (n, features, …). The first call creates the weights for its number of
features, without changing PyTorch's global random state.
"""

import warnings
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.parameter import UninitializedParameter


def _feature_count(x: Tensor) -> int:
    if x.dim() < 2:
        raise ValueError(f"a block needs (n, features, …), not the shape {tuple(x.shape)}")
    return x.shape[1]


class FeatureLinear(LazyModuleMixin, nn.Module):
    """A linear map along dimension 1, from `in_factor` to `out_factor` times the number of features."""

    in_factor, out_factor = 1, 2

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # PyTorch warns that lazy modules are new
            super().__init__()
        self.weight, self.bias = UninitializedParameter(), UninitializedParameter()

    def initialize_parameters(self, x: Tensor) -> None:
        """Create the weights for the features of `x` as `nn.Linear` does, without changing random states."""
        width = _feature_count(x)
        if not self.has_uninitialized_params():
            return
        self.weight.materialize((self.out_factor * width, self.in_factor * width))
        self.bias.materialize((self.out_factor * width,))
        devices = [self.weight.device] if self.weight.device.type == "cuda" else []
        with torch.random.fork_rng(devices=devices):
            self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights as `nn.Linear` does: uniform within ±1/√inputs."""
        if not self.has_uninitialized_params():
            bound = self.weight.shape[1] ** -0.5
            nn.init.uniform_(self.weight, -bound, bound)
            nn.init.uniform_(self.bias, -bound, bound)

    def linear(self, x: Tensor) -> Tensor:
        """The result of the linear map, with the features in the last dimension."""
        _feature_count(x)
        return F.linear(x.movedim(1, -1), self.weight, self.bias)


def _restore_layout(y: Tensor, x: Tensor) -> Tensor:
    """`y` with its features in dimension 1 again and with the memory layout of `x`."""
    moved = y.movedim(-1, 1)
    return moved if moved.stride() == x.stride() else torch.empty_like(x, dtype=y.dtype).copy_(moved)


def _identity(x: Tensor) -> Tensor:
    return x


class GatedLinear(FeatureLinear):
    """value(xW + b) · gate(xV + c); W and V are the halves of `weight` (Shazeer 2020, 2002.05202)."""

    value: Callable[[Tensor], Tensor] = staticmethod(_identity)
    gate: Callable[[Tensor], Tensor] = staticmethod(_identity)

    def forward(self, x: Tensor) -> Tensor:
        values, gates = self.linear(x).chunk(2, dim=-1)
        return _restore_layout(self.value(values) * self.gate(gates), x)


class GLU(GatedLinear):
    """(xW + b)σ(xV + c) (Dauphin et al. 2016, 1612.08083)."""

    gate = staticmethod(torch.sigmoid)


class Bilinear(GatedLinear):
    """(xW + b)(xV + c) (Shazeer 2020, 2002.05202)."""


class ReGLU(GatedLinear):
    """(xW + b) max(0, xV + c) (Shazeer 2020, 2002.05202)."""

    gate = staticmethod(F.relu)


class GEGLU(GatedLinear):
    """(xW + b) GELU(xV + c) (Shazeer 2020, 2002.05202)."""

    gate = staticmethod(F.gelu)


class SwiGLU(GatedLinear):
    """(xW + b) SiLU(xV + c) (Shazeer 2020, 2002.05202)."""

    gate = staticmethod(F.silu)


class DReLU(GatedLinear):
    """max(0, xW + b) max(0, xV + c) (Song et al. 2024, 2406.05955)."""

    value = staticmethod(F.relu)
    gate = staticmethod(F.relu)


class Maxout(FeatureLinear):
    """The larger of two linear maps, feature by feature (Goodfellow et al. 2013, 1302.4389)."""

    def forward(self, x: Tensor) -> Tensor:
        return _restore_layout(torch.maximum(*self.linear(x).chunk(2, dim=-1)), x)


class CReLU(FeatureLinear):
    """max(0, x) and max(0, −x) concatenated (Shang et al. 2016, 1603.05201), mapped back to the width."""

    in_factor, out_factor = 2, 1

    def forward(self, x: Tensor) -> Tensor:
        _feature_count(x)
        return _restore_layout(self.linear(torch.cat([F.relu(x), F.relu(-x)], dim=1)), x)


class ABReLU(nn.Module):
    """max(0, x − mean of the sample); no gradient flows through the mean (Dubey & Chakraborty 2018)."""

    def forward(self, x: Tensor) -> Tensor:
        _feature_count(x)
        mean = x.detach().mean(dim=tuple(range(1, x.dim())), keepdim=True)
        return F.relu(x - mean)


class KWTA(nn.Module):
    """The largest share `ratio` of each sample's units, 0 for the others (Xiao et al. 2019, 1905.10510)."""

    def __init__(self, ratio: float = 0.2) -> None:
        super().__init__()
        self.ratio = ratio

    def forward(self, x: Tensor) -> Tensor:
        _feature_count(x)
        flat = x.flatten(1)
        count = max(1, int(self.ratio * flat.shape[1]))
        threshold = flat.topk(count, dim=1).values[:, -1]
        return torch.where(x >= threshold.reshape(-1, *[1] * (x.dim() - 1)), x, torch.zeros_like(x))

    def extra_repr(self) -> str:
        return f"ratio={self.ratio}"
