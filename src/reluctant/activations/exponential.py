"""ELU and its relatives: a line above zero; below zero a curve that saturates or dips."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from reluctant.activations.formula import FAR, clamped, hypotenuse


def _negative_part(x: Tensor) -> Tensor:
    """The negative part, clamped to a bound below which eˣ is zero."""
    return clamped(x, -FAR, 0)


def pelu(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """(a/b)x above zero, a(e^(x/b) − 1) else; a, b ≥ 0.1 (Trottier et al. 2016, 1605.09332)."""
    a, b = a.clamp(min=0.1), b.clamp(min=0.1)
    return F.relu(x) * (a / b) + torch.expm1(x.clamp(max=0) / b) * a


def mpelu(x: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """Above zero x, else α(e^(βx) − 1) (Li et al. 2016, 1606.00305)."""
    return F.relu(x) + torch.expm1(x.clamp(max=0) * beta) * alpha


def isrlu(x: Tensor, alpha: float) -> Tensor:
    """Above zero x, else x/√(1 + αx²) (Carlile et al. 2017, 1710.09967)."""
    n, c = x.clamp(max=0), 1 / math.sqrt(alpha)
    return F.relu(x) + n / hypotenuse(n, c) * c


def serlu(x: Tensor, scale: float, alpha: float) -> Tensor:
    """λx above zero, λαx eˣ else (Zhang & Li 2018, 1807.10117)."""
    n = _negative_part(x)
    return F.relu(x) * scale + n * torch.exp(n) * (scale * alpha)


def elish(x: Tensor) -> Tensor:
    """xσ(x) above zero, (eˣ − 1)σ(x) else (Basirat & Roth 2018, 1808.00783)."""
    return (F.relu(x) + torch.expm1(_negative_part(x))) * torch.sigmoid(x)


def hard_elish(x: Tensor) -> Tensor:
    """ELiSH with clip((x + 1)/2, 0, 1) in place of σ (Basirat & Roth 2018, 1808.00783)."""
    return (F.relu(x) + torch.expm1(_negative_part(x))) * ((x + 1) / 2).clamp(0, 1)


def pdelu(x: Tensor, t: float, alpha: Tensor) -> Tensor:
    """Above zero x, else α([1 + (1−t)x]₊^(1/(1−t)) − 1) (Cheng et al. 2020)."""
    n, power = x.clamp(max=0), 1 / (1 - t)
    near = torch.expm1(torch.log1p((n * (1 - t)).clamp(min=-0.5)) * power)
    far = (1 + n * (1 - t)).clamp(min=0) ** power - 1
    return F.relu(x) + torch.where(n * (1 - t) > -0.5, near, far) * alpha


def slu(x: Tensor) -> Tensor:
    """Above zero x, else 2 ln((eˣ + 1)/2) (Zhao et al. 2018)."""
    return F.relu(x) + torch.log1p(torch.expm1(_negative_part(x)) / 2) * 2


def talu(x: Tensor, alpha: float) -> Tensor:
    """Above zero x, tanh x down to α, tanh α below (Mercioni & Holban 2020)."""
    return F.relu(x) + torch.tanh(x.clamp(alpha, 0))


def ptelu(x: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """Above zero x, else α tanh(βx) (Duggal & Gupta 2017)."""
    return F.relu(x) + torch.tanh(x.clamp(max=0) * beta) * alpha


def soft_exponential(x: Tensor, alpha: Tensor) -> Tensor:
    """(e^(αx) − 1)/α + α; x for α = 0; −ln(1 − α(x + α))/α for α < 0 (Godfrey & Gashler 2015, 1602.01321).

    Where the logarithm has no value, its argument is clamped to just above zero.
    """
    rising, falling = alpha.clamp(min=0), alpha.clamp(max=0)
    z, u = x * rising, (x + falling) * falling
    near, far = x * _series(clamped(z, -0.1, 0.1), factorial=True), torch.expm1(z) / _nonzero(rising)
    exponential = torch.where(z.abs() < 0.1, near, far) + rising
    near = (x + falling) * _series(clamped(u, -0.1, 0.1), factorial=False)
    far = -torch.log1p(-u.clamp(max=1 - 1e-6)) / _nonzero(falling)
    return torch.where(alpha >= 0, exponential, torch.where(u.abs() < 0.1, near, far))


def _nonzero(alpha: Tensor) -> Tensor:
    return torch.where(alpha.abs() < 1e-12, torch.ones_like(alpha), alpha)


def _series(z: Tensor, factorial: bool) -> Tensor:
    """(eᶻ − 1)/z or −ln(1 − z)/z for |z| ≤ 0.1, with its slope: Σ zᵏ/(k+1)! or Σ zᵏ/(k+1)."""
    total = torch.zeros_like(z)
    for k in range(16, 0, -1):
        total = z * (total + 1) / (k + 1) if factorial else z * (total + 1 / (k + 1))
    return total + 1


def xielu(x: Tensor, alpha_p: Tensor, alpha_n: Tensor, beta: float) -> Tensor:
    """α₊x² + βx above zero, α₋(eˣ − 1 − x) + βx else (Huang & Schlag 2024, 2411.13010)."""
    r, n = F.relu(x), x.clamp(max=0)
    return r * alpha_p * r + (torch.expm1(n) - n) * alpha_n + x * beta


def colu(x: Tensor) -> Tensor:
    """x/(1 − x e^(−(x + eˣ))) (Vagerwal 2021, 2112.12078)."""
    p, n = clamped(x, 0, 6), _negative_part(x)  # beyond 6 the denominator is 1
    above = F.relu(x) / (1 - p * torch.exp(-(p + torch.exp(p))))
    t = torch.exp(n + torch.exp(n))
    return above + n * t / (t - n)  # each term is zero where the other one counts


def pflu_tail(n: Tensor) -> Tensor:
    """x(1 + x/√(1 + x²)) for x ≤ 0, without a difference of nearly equal numbers."""
    h = hypotenuse(n)
    return n / h / (h - n)


def fpflu(x: Tensor) -> Tensor:
    """Above zero x, else x + x²/√(1 + x²) (Zhu et al. 2021)."""
    return F.relu(x) + pflu_tail(x.clamp(max=0))
