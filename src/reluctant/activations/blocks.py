"""What looks at a whole layer and keeps its width: gated blocks, maxout, CReLU, winners that take all.

The features lie along dimension 1 of (n, features, …). Weights are made at the first call, from its features,
without a draw from PyTorch's global random state.
"""

import warnings
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.parameter import UninitializedParameter


def _features(x: Tensor) -> int:
    if x.dim() < 2:
        raise ValueError(f"a block needs (n, features, …), not the shape {tuple(x.shape)}")
    return x.shape[1]


class Block(LazyModuleMixin, nn.Module):
    """A linear map along dimension 1, from `into` to `out` times the number of features."""

    into, out = 1, 2

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that lazy modules are young
            super().__init__()
        self.weight, self.bias = UninitializedParameter(), UninitializedParameter()

    def initialize_parameters(self, x: Tensor) -> None:
        """Make the weights for the features of `x`, as `nn.Linear` would; random states stay as they are."""
        width = _features(x)
        if not self.has_uninitialized_params():
            return
        self.weight.materialize((self.out * width, self.into * width))
        self.bias.materialize((self.out * width,))
        devices = [self.weight.device] if self.weight.device.type == "cuda" else []
        with torch.random.fork_rng(devices=devices):
            self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights as `nn.Linear` does: uniform within ±1/√inputs."""
        if not self.has_uninitialized_params():
            bound = self.weight.shape[1] ** -0.5
            nn.init.uniform_(self.weight, -bound, bound)
            nn.init.uniform_(self.bias, -bound, bound)

    def mapped(self, x: Tensor) -> Tensor:
        """The map's result with the features in the last dimension."""
        _features(x)
        return F.linear(x.movedim(1, -1), self.weight, self.bias)


def _back(y: Tensor, x: Tensor) -> Tensor:
    """`y` with its features along dimension 1 again, and the memory layout of `x`."""
    moved = y.movedim(-1, 1)
    return moved if moved.stride() == x.stride() else torch.empty_like(x, dtype=y.dtype).copy_(moved)


def _same(x: Tensor) -> Tensor:
    return x


class Gated(Block):
    """value(xW + b) · gate(xV + c); W and V are the halves of `weight` (Shazeer 2020, 2002.05202)."""

    value: Callable[[Tensor], Tensor] = staticmethod(_same)
    gate: Callable[[Tensor], Tensor] = staticmethod(_same)

    def forward(self, x: Tensor) -> Tensor:
        one, other = self.mapped(x).chunk(2, dim=-1)
        return _back(self.value(one) * self.gate(other), x)


class GLU(Gated):
    """(xW + b)σ(xV + c) (Dauphin et al. 2016, 1612.08083)."""

    gate = staticmethod(torch.sigmoid)


class Bilinear(Gated):
    """(xW + b)(xV + c) (Shazeer 2020, 2002.05202)."""


class ReGLU(Gated):
    """(xW + b) max(0, xV + c) (Shazeer 2020, 2002.05202)."""

    gate = staticmethod(F.relu)


class GEGLU(Gated):
    """(xW + b) GELU(xV + c) (Shazeer 2020, 2002.05202)."""

    gate = staticmethod(F.gelu)


class SwiGLU(Gated):
    """(xW + b) SiLU(xV + c) (Shazeer 2020, 2002.05202)."""

    gate = staticmethod(F.silu)


class DReLU(Gated):
    """max(0, xW + b) max(0, xV + c) (Song et al. 2024, 2406.05955)."""

    value = staticmethod(F.relu)
    gate = staticmethod(F.relu)


class Maxout(Block):
    """The larger of two linear maps, feature by feature (Goodfellow et al. 2013, 1302.4389)."""

    def forward(self, x: Tensor) -> Tensor:
        one, other = self.mapped(x).chunk(2, dim=-1)
        return _back(torch.maximum(one, other), x)


class CReLU(Block):
    """max(0, x) and max(0, −x) side by side (Shang et al. 2016, 1603.05201), mapped back to the width."""

    into, out = 2, 1

    def forward(self, x: Tensor) -> Tensor:
        _features(x)
        return _back(self.mapped(torch.cat([F.relu(x), F.relu(-x)], dim=1)), x)


class ABReLU(nn.Module):
    """max(0, x − mean) with each sample's mean, a constant on the way back (Dubey & Chakraborty 2018)."""

    def forward(self, x: Tensor) -> Tensor:
        _features(x)
        mean = x.detach().mean(dim=tuple(range(1, x.dim())), keepdim=True)
        return F.relu(x - mean)


class KWTA(nn.Module):
    """The largest `ratio` of each sample's units, the others zero (Xiao et al. 2019, 1905.10510)."""

    def __init__(self, ratio: float = 0.2) -> None:
        super().__init__()
        self.ratio = ratio

    def forward(self, x: Tensor) -> Tensor:
        _features(x)
        flat = x.flatten(1)
        kept = max(1, int(self.ratio * flat.shape[1]))
        least = flat.topk(kept, dim=1).values[:, -1]
        return torch.where(x >= least.reshape(-1, *[1] * (x.dim() - 1)), x, torch.zeros_like(x))

    def extra_repr(self) -> str:
        return f"ratio={self.ratio}"
