"""Periodic functions, and functions with a periodic part."""

import torch
import torch.nn.functional as F
from torch import Tensor

from reluctant.activations.formula import without_infinities


def sine(x: Tensor, omega: float) -> Tensor:
    """The sine of ωx (Parascandolo et al. 2016; Sitzmann et al. 2020, 2006.09661)."""
    return torch.sin(without_infinities(x * omega))


def cosine(x: Tensor) -> Tensor:
    """The cosine of x (Gallant & White 1988)."""
    return torch.cos(x)


def snake(x: Tensor, alpha: Tensor) -> Tensor:
    """The identity plus sin²(αx)/α (Ziyin et al. 2020, 2006.08195); at α = 0 its limit, x."""
    steep = torch.where(alpha.abs() < 1e-9, torch.full_like(alpha, 1e-9), alpha)
    wave = torch.sin(without_infinities(x * steep))
    return x + wave * wave / steep


def gcu(x: Tensor) -> Tensor:
    """x·cos x (Noel et al. 2021, 2108.12943)."""
    return x * torch.cos(x)


def sinc(x: Tensor) -> Tensor:
    """sin(x)/x, 1 at zero; near zero computed by its series, which has the right slope there."""
    small = x.abs() < 0.5
    square = x.clamp(-0.5, 0.5) ** 2
    series = torch.zeros_like(x)
    for k in range(9, 0, -1):
        series = square * (series + 1) / -(2 * k * (2 * k + 1))
    far = torch.where(small, torch.ones_like(x), x)
    return torch.where(small, series + 1, torch.sin(far) / far)


def pvlu(x: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """max(0, x) + α sin βx (Gupta & Duggal 2021)."""
    return F.relu(x) + torch.sin(without_infinities(x * beta)) * alpha


def minsin(x: Tensor) -> Tensor:
    """min(x, sin x)."""
    return torch.where(x >= 0, torch.sin(x), x)
