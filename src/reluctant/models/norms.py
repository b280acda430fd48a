"""Norms over the last dimension, and DyT and Derf, which replace them."""

from typing import cast

import torch
from torch import Tensor, nn

from reluctant.catalogue import NORMS
from reluctant.core.extensions import load_object


def make_norm(name: str, features: int, *, affine: bool = True, bias: bool = True) -> nn.Module:
    """A norm of the catalogue, such as `dyt(alpha=0.8)`: (…, features) → (…, features).

    Args:
        affine: Whether it has a learned γ (`weight`).
        bias: Whether it has a learned β (`bias`) beside γ, if its formula has one.

    Raises:
        StudyError: No norm has this name.
    """
    canonical = NORMS.canonical(name)
    build = load_object(NORMS[canonical.head].code)
    return cast(nn.Module, build(features, affine=affine, bias=bias, **NORMS.arguments(canonical)))


def layer_norm(features: int, *, affine: bool, bias: bool, eps: float) -> nn.LayerNorm:
    """Layer norm (Ba, Kiros & Hinton 2016, 1607.06450)."""
    return nn.LayerNorm(features, eps, elementwise_affine=affine, bias=bias)


def rms_norm(features: int, *, affine: bool, bias: bool, eps: float) -> nn.RMSNorm:
    """RMS norm, which has no β (Zhang & Sennrich 2019, 1910.07467)."""
    return nn.RMSNorm(features, eps, elementwise_affine=affine)


def batch_norm(features: int, *, affine: bool, bias: bool, eps: float) -> "TokenBatchNorm":
    """Batch norm over all tokens of a batch (Ioffe & Szegedy 2015, 1502.03167)."""
    return TokenBatchNorm(features, affine=affine, bias=bias, eps=eps)


class _Affine(nn.Module):
    """γ and β, one of each per feature, where wanted; else None."""

    def __init__(self, features: int, *, affine: bool, bias: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(features)) if affine else None
        self.bias = nn.Parameter(torch.empty(features)) if affine and bias else None

    def reset_parameters(self) -> None:
        """Set γ = 1 and β = 0."""
        if self.weight is not None:
            nn.init.ones_(self.weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def scale(self, x: Tensor) -> Tensor:
        """γx + β."""
        x = x if self.weight is None else x * self.weight
        return x if self.bias is None else x + self.bias


class TokenBatchNorm(_Affine):
    """Batch norm of every feature over all other dimensions: (…, features) → (…, features)."""

    def __init__(self, features: int, *, affine: bool = True, bias: bool = True, eps: float = 1e-5) -> None:
        super().__init__(features, affine=affine, bias=bias)
        self.norm = nn.BatchNorm1d(features, eps, affine=False)
        self.reset_parameters()

    def forward(self, x: Tensor) -> Tensor:
        normalised: Tensor = self.norm(x.flatten(0, -2))
        return self.scale(normalised.view(x.shape))


class DynamicTanh(_Affine):
    """γ tanh(αx) + β, α learned: (…, features) → (…, features) (Zhu et al. 2025, 2503.10622)."""

    def __init__(self, features: int, *, affine: bool = True, bias: bool = True, alpha: float = 0.5) -> None:
        super().__init__(features, affine=affine, bias=bias)
        self.initial_alpha = alpha
        self.alpha = nn.Parameter(torch.empty(1))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set γ = 1, β = 0 and α to its initial value."""
        super().reset_parameters()
        nn.init.constant_(self.alpha, self.initial_alpha)

    def forward(self, x: Tensor) -> Tensor:
        return self.scale(torch.tanh(x * self.alpha))


class DynamicErf(_Affine):
    """γ erf(αx + s) + β, α and s learned: (…, features) → (…, features) (Chen et al. 2025, 2512.10938)."""

    def __init__(
        self, features: int, *, affine: bool = True, bias: bool = True, alpha: float = 0.5, shift: float = 0.0
    ) -> None:
        super().__init__(features, affine=affine, bias=bias)
        self.initial_alpha, self.initial_shift = alpha, shift
        self.alpha, self.shift = nn.Parameter(torch.empty(1)), nn.Parameter(torch.empty(1))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set γ = 1, β = 0, and α and s to their initial values."""
        super().reset_parameters()
        nn.init.constant_(self.alpha, self.initial_alpha)
        nn.init.constant_(self.shift, self.initial_shift)

    def forward(self, x: Tensor) -> Tensor:
        return self.scale(torch.erf(x * self.alpha + self.shift))
