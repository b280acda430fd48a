"""Functions that saturate on both sides, and functions that grow like a logarithm."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from reluctant.activations.formula import FAR, clamped, hypotenuse
from reluctant.activations.gated import SATURATED


def dsilu(x: Tensor) -> Tensor:
    """The slope of SiLU, σ(x)(1 + x(1 − σ(x))) (Elfwing et al. 2017, 1702.03118)."""
    near = clamped(x)
    return torch.sigmoid(near) * (1 + near * torch.sigmoid(-near))


def seagull(x: Tensor) -> Tensor:
    """ln(1 + x²) (Gao et al. 2020)."""
    near, size = x.clamp(-1, 1), x.abs().clamp(min=1)
    far = torch.log(size) * 2 + torch.log1p((1 / size) ** 2)
    return torch.where(x.abs() <= 1, torch.log1p(near * near), far)


def lecun_tanh(x: Tensor) -> Tensor:
    """1.7159 tanh(2x/3) (LeCun et al. 1998)."""
    return torch.tanh(x * (2 / 3)) * 1.7159


def penalized_tanh(x: Tensor, alpha: float) -> Tensor:
    """Above zero tanh x, else α tanh x (Xu, Huang & Li 2016, 1602.05980)."""
    t = torch.tanh(x)
    return F.relu(t) + t.clamp(max=0) * alpha


def hard_sigmoid_binary(x: Tensor) -> Tensor:
    """clip((x + 1)/2, 0, 1) (Courbariaux et al. 2015)."""
    return ((x + 1) / 2).clamp(0, 1)


def isru(x: Tensor, alpha: float) -> Tensor:
    """x/√(1 + αx²) (Carlile et al. 2017, 1710.09967)."""
    c = 1 / math.sqrt(alpha)
    return x / hypotenuse(x, c) * c


def elliott(x: Tensor) -> Tensor:
    """x/(2(1 + |x|)) + 1/2 (Elliott 1993)."""
    above = 1 - 0.5 / (1 + x.clamp(min=0))
    return torch.where(x >= 0, above, 0.5 / (1 - x.clamp(max=0)))


def sqnl(x: Tensor) -> Tensor:
    """Two parabolas, x − x|x|/4, between −2 and 2, ±1 beyond (Wuraola & Patel 2018)."""
    near = x.clamp(-2, 2)
    return near - near * near.abs() / 4


def arctan(x: Tensor) -> Tensor:
    """The arctangent."""
    return torch.atan(x)


def arcsinh(x: Tensor) -> Tensor:
    """ln(x + √(x² + 1)); computed as a logarithm far out, where x² overflows."""
    far = 1e9
    return torch.asinh(x.clamp(-far, far)) + torch.sign(x) * torch.log(x.abs().clamp(min=far) / far)


def hexpo(x: Tensor, a: float, b: float, c: float, d: float) -> Tensor:
    """−a(e^(−x/b) − 1) above zero, c(e^(x/d) − 1) else (Kong & Takatsuka 2017)."""
    return torch.expm1(x.clamp(max=0) / d) * c - torch.expm1(F.relu(x) / -b) * a


def soft_clipping(x: Tensor, alpha: float) -> Tensor:
    """(1/α) ln((1 + e^(αx))/(1 + e^(α(x−1)))) (Klimek & Perelstein 2018, 1810.11509).

    This form avoids a difference of large numbers: ln(1 + (e^α − 1)σ(α(x − 1)))/α.
    """
    return torch.log1p(torch.sigmoid((x - 1) * alpha) * math.expm1(alpha)) / alpha


def soft_root_sign(x: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """x/(x/α + e^(−x/β)) (Zhou et al. 2020, 2003.00547).

    The denominator has a zero where α < β/e. So β is clamped to at least 0.01 and α to at least β/2.
    """
    beta = beta.clamp(min=0.01)
    alpha = torch.maximum(alpha, beta / 2)
    r, n = F.relu(x), x.clamp(max=0)
    scaled = n * torch.exp(clamped(n / beta, -FAR, 0))  # below zero both sides are multiplied by e^(x/β)
    return (r / (r + torch.exp(-r / beta) * alpha) + scaled / (scaled + alpha)) * alpha


def cloglog(x: Tensor) -> Tensor:
    """1 − e^(−eˣ) (Gomes & Ludermir 2008)."""
    return -torch.expm1(-torch.exp(clamped(x, high=SATURATED)))


def loglog(x: Tensor) -> Tensor:
    """e^(−e^−x) (Gomes & Ludermir 2008)."""
    return torch.exp(-torch.exp(-clamped(x, low=-SATURATED)))


def gaussian(x: Tensor) -> Tensor:
    """e^(−x²)."""
    near = clamped(x)
    return torch.exp(-near * near)
