"""Rectifiers: straight or nearly straight on both sides, or powers of a rectifier."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from reluctant.activations.formula import Number, clamped, hypotenuse, softplus


def squared_relu(x: Tensor) -> Tensor:
    """max(0, x)² (So et al. 2021, 2109.08668)."""
    r = F.relu(x)
    return r * r


def smooth_squared_relu(x: Tensor, beta: float) -> Tensor:
    """ln(1 + e^(βx))²/β²."""
    s = softplus(x * beta) / beta
    return s * s


def repu(x: Tensor, k: int) -> Tensor:
    """max(0, x)ᵏ (Li, Tang & Yu 2019)."""
    return F.relu(x) ** k


def star_relu(x: Tensor, scale: Number, bias: Number) -> Tensor:
    """ReLU squared, scaled and shifted, s max(0, x)² + b (Yu et al. 2022, 2210.13452)."""
    r = F.relu(x)
    return r * scale * r + bias  # in this order no intermediate result overflows before the final one


def shifted_relu(x: Tensor) -> Tensor:
    """max(−1, x) (Clevert et al. 2015, 1511.07289)."""
    return x.clamp(min=-1)


def bounded_relu(x: Tensor, ceiling: float) -> Tensor:
    """min(max(0, x), A) (Liew et al. 2016)."""
    return x.clamp(0, ceiling)


def srelu(x: Tensor, left: Number, left_slope: Number, right: Number, right_slope: Number) -> Tensor:
    """Three straight pieces with learned ends and outer slopes (Jin et al. 2015, 1512.07030)."""
    below = torch.where(x <= left, left + (x - left) * left_slope, x)
    return torch.where(x >= right, right + (x - right) * right_slope, below)


def modulus(x: Tensor) -> Tensor:
    """|x| (Vallés-Pérez et al. 2023, 2301.05993)."""
    return x.abs()


def soft_modulus_q(x: Tensor) -> Tensor:
    """x²(2 − |x|) up to |x| = 1, |x| beyond (Vallés-Pérez et al. 2023, 2301.05993)."""
    size = x.abs()
    near = size.clamp(max=1)
    return torch.where(size <= 1, near * near * (2 - near), size)


def soft_modulus_t(x: Tensor, beta: float) -> Tensor:
    """x·tanh(x/β) (Vallés-Pérez et al. 2023, 2301.05993)."""
    return x * torch.tanh(clamped(x / beta))


def flexible_relu(x: Tensor, bias: Number) -> Tensor:
    """max(0, x) + b (Qiu, Xu & Cai 2017, 1706.08098)."""
    return F.relu(x) + bias


def nlrelu(x: Tensor, beta: float) -> Tensor:
    """ln(β max(0, x) + 1) (Liu et al. 2019, 1908.03682)."""
    return torch.log1p(F.relu(x) * beta)


def sine_relu(x: Tensor, epsilon: float) -> Tensor:
    """Above zero x, else ε(sin x − cos x) (Rodrigues 2018)."""
    return torch.where(x > 0, x, epsilon * (torch.sin(x) - torch.cos(x)))


def sign_relu(x: Tensor, alpha: float) -> Tensor:
    """Above zero x, else αx/(1 + |x|) (Lin & Shen 2018)."""
    return F.relu(x) + F.softsign(x.clamp(max=0)) * alpha


def plu(x: Tensor, alpha: float, c: float) -> Tensor:
    """The identity between −c and c, slope α outside (Nicolae 2018, 1809.09534)."""
    inner = x.clamp(-c, c)
    return inner + (x - inner) * alpha


def squareplus(x: Tensor, b: float) -> Tensor:
    """(x + √(x² + b))/2 (Barron 2021, 2112.11687)."""
    h = hypotenuse(x, math.sqrt(b))
    low = (b / 2) / (h - x.clamp(max=0))  # the same number, without a difference of nearly equal numbers
    return torch.where(x >= 0, x / 2 + h / 2, low)


def smelu(x: Tensor, beta: float) -> Tensor:
    """0, (x + β)²/4β, x, joined at ∓β (Shamir et al. 2022, 2202.06499)."""
    near = x.clamp(-beta, beta) + beta
    return torch.where(x >= beta, x, near * near / (4 * beta))


def bent_identity(x: Tensor) -> Tensor:
    """(√(x² + 1) − 1)/2 + x (folklore)."""
    return blu(x, 0.5)


def blu(x: Tensor, beta: Number) -> Tensor:
    """β(√(x² + 1) − 1) + x with β within [−1, 1] (Godfrey 2019)."""
    if isinstance(beta, Tensor):
        beta = beta.clamp(-1, 1)
    return x + x * beta * (x / (hypotenuse(x) + 1))


def delu(x: Tensor, n: float) -> Tensor:
    """SiLU up to zero, (n + 1/2)x + |e^−x − 1| above (Pishchik 2023)."""
    r = F.relu(x)
    return F.silu(x.clamp(max=0)) + r * (n + 0.5) - torch.expm1(-r)


def shilu(x: Tensor, alpha: Number, beta: Number) -> Tensor:
    """α max(0, x) + β (Pishchik 2023)."""
    return F.relu(x) * alpha + beta


def arelu(x: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """(1 + σ(β))x above zero, αx with α within [0.01, 0.99] else (Chen, Li & Xu 2020, 2006.13858)."""
    return F.relu(x) * (1 + torch.sigmoid(beta)) + x.clamp(max=0) * alpha.clamp(0.01, 0.99)


def sugar(x: Tensor, alpha: float) -> Tensor:
    """ReLU with the slope of B-SiLU, (x + α)σ(x) − α/2 (Horuz et al. 2025, 2505.22074).

    The value of the surrogate is subtracted again, so only its slope remains.
    """
    surrogate = (x + alpha) * torch.sigmoid(x)
    return F.relu(x).detach() + (surrogate - surrogate.detach())
