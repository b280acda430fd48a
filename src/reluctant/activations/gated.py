"""Self-gated functions: the input times a gate that opens with the input."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from reluctant.activations.exponential import pflu_tail
from reluctant.activations.formula import FAR, Number, clamped, hypotenuse, normal_cdf, softplus, without_infinities

SATURATED = 7.0  # e^(−e^7) is zero in double precision


def swish_beta(x: Tensor, beta: Number) -> Tensor:
    """xσ(βx) (Ramachandran et al. 2017, 1710.05941)."""
    return x * torch.sigmoid(x * beta)


def quick_gelu(x: Tensor) -> Tensor:
    """xσ(1.702x) (Hendrycks & Gimpel 2016, 1606.08415)."""
    return swish_beta(x, 1.702)


def e_swish(x: Tensor, beta: float) -> Tensor:
    """βxσ(x) (Alcaide 2018, 1801.07145)."""
    return F.silu(x) * beta


def flatten_t_swish(x: Tensor, t: float) -> Tensor:
    """max(0, x)σ(x) + T (Chieng et al. 2018, 1812.06247)."""
    return F.relu(x) * torch.sigmoid(x) + t


def hard_mish(x: Tensor) -> Tensor:
    """(x/2) clip(x + 2, 0, 2)."""
    return x / 2 * (x + 2).clamp(0, 2)


def hard_gelu(x: Tensor) -> Tensor:
    """(x/3) clip(x + 3/2, 0, 3) (Vaidyanathan et al. 2023, 2305.17105)."""
    return x / 3 * (x + 1.5).clamp(0, 3)


def lisht(x: Tensor) -> Tensor:
    """x·tanh x (Roy et al. 2019, 1901.05894)."""
    return x * torch.tanh(x)


def tanh_exp(x: Tensor) -> Tensor:
    """x·tanh(eˣ) (Liu & Di 2020, 2003.09855)."""
    return x * torch.tanh(torch.exp(clamped(x, high=SATURATED)))


def telu_mercioni(x: Tensor, alpha: Tensor) -> Tensor:
    """x·tanh(ELU(αx)) (Mercioni & Holban 2020)."""
    return x * torch.tanh(F.elu(clamped(x * alpha)))


def serf(x: Tensor) -> Tensor:
    """x·erf(ln(1 + eˣ)) (Nag et al. 2021, 2108.09598)."""
    return x * torch.erf(softplus(clamped(x)))


def smish(x: Tensor, alpha: float, beta: float) -> Tensor:
    """αx tanh(ln(1 + σ(βx))) (Wang, Ren & Wang 2022)."""
    return x * torch.tanh(torch.log1p(torch.sigmoid(clamped(x * beta)))) * alpha


def logish(x: Tensor, alpha: float, beta: float) -> Tensor:
    """αx ln(1 + σ(βx)) (Zhu et al. 2021)."""
    return x * torch.log1p(torch.sigmoid(clamped(x * beta))) * alpha


def gish(x: Tensor) -> Tensor:
    """x·ln(2 − e^(−eˣ)) (Kaytan et al. 2022)."""
    return x * torch.log1p(-torch.expm1(-torch.exp(clamped(x, high=SATURATED))))


def phish(x: Tensor) -> Tensor:
    """x·tanh(GELU(x)) (Naveen 2021)."""
    near = clamped(x)
    return x * torch.tanh(near * normal_cdf(near))


def golu(x: Tensor) -> Tensor:
    """x·e^(−e^−x) (Das et al. 2025, 2502.03654)."""
    return x * torch.exp(-torch.exp(-clamped(x, low=-SATURATED)))


def log_logish(x: Tensor) -> Tensor:
    """x(1 − e^(−eˣ)) (Zhu et al. 2021)."""
    return x * -torch.expm1(-torch.exp(clamped(x, high=SATURATED)))


def atlu(x: Tensor) -> Tensor:
    """x(arctan x + π/2)/π (Huang 2024, 2405.20768); the gate as an angle, which is precise far below zero."""
    return x * (torch.atan2(torch.ones_like(x), -x) / math.pi)


def lalu(x: Tensor) -> Tensor:
    """The input times the Laplace distribution function: 1 − e^−x/2 above zero, eˣ/2 else."""
    n = clamped(x, -FAR, 0)
    return F.relu(x) * (1 - torch.exp(-clamped(x, 0, FAR)) / 2) + n * torch.exp(n) / 2


def sgelu(x: Tensor, alpha: Tensor) -> Tensor:
    """αx erf(x/√2) (Yu & Su 2019, 1911.03925)."""
    return x * torch.erf(clamped(x) * math.sqrt(0.5)) * alpha


def sinsig(x: Tensor) -> Tensor:
    """x·sin(πσ(x)/2) (Douge et al. 2021)."""
    return x * torch.sin(torch.sigmoid(clamped(x)) * (math.pi / 2))


def erf_act(x: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """x·erf(αe^(βx)) (Biswas et al. 2021, 2109.04386)."""
    return x * torch.erf(torch.exp(clamped(x * beta, high=40)) * alpha)


def pserf(x: Tensor, gamma: Tensor, delta: Tensor) -> Tensor:
    """x·erf(γ ln(1 + e^(δx))) (Biswas et al. 2021, 2109.04386)."""
    return x * torch.erf(softplus(clamped(x * delta)) * gamma)


def aria2(x: Tensor, alpha: float, beta: float) -> Tensor:
    """x(1 + e^(−βx))^(−α) (Patwardhan et al. 2018, 1805.08878)."""
    return x * torch.exp(softplus(clamped(x * -beta)) * -alpha)


def pflu(x: Tensor) -> Tensor:
    """x(1 + x/√(1 + x²))/2 (Zhu et al. 2021)."""
    r = F.relu(x)
    return r / 2 * (1 + r / hypotenuse(r)) + pflu_tail(x.clamp(max=0)) / 2


def eanaf(x: Tensor) -> Tensor:
    """x·eˣ/(eˣ + 2) = xσ(x − ln 2) (Chai et al. 2022)."""
    return x * torch.sigmoid(x - math.log(2))


def sinlu(x: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """(x + α sin βx)σ(x) (Paul et al. 2022)."""
    return (x + torch.sin(without_infinities(x * beta)) * alpha) * torch.sigmoid(x)


def coslu(x: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """(x + α cos βx)σ(x) (Pishchik 2023)."""
    return (x + torch.cos(without_infinities(x * beta)) * alpha) * torch.sigmoid(x)


def eis_1(x: Tensor) -> Tensor:
    """x·ln(1 + eˣ)/(x + 1.16e^−x) (Biswas et al. 2020, 2009.13501)."""
    r, n = F.relu(x), clamped(x, -FAR, 0)
    scaled = n * torch.exp(n)  # below zero both sides of the fraction are multiplied by eˣ
    return (r / (r + torch.exp(-r) * 1.16) + scaled / (scaled + 1.16)) * softplus(x)


def tanh_soft(x: Tensor, alpha: float, beta: float, gamma: float, delta: float) -> Tensor:
    """tanh(αx + βe^(γx)) ln(δ + eˣ) (Biswas et al. 2020)."""
    inner = x * alpha + torch.exp(clamped(x * gamma, high=80)) * beta
    floor = math.log(delta) if delta else -math.inf
    return torch.logaddexp(x, torch.full_like(x, floor)) * torch.tanh(inner)


def acon_c(x: Tensor, p1: Tensor, p2: Tensor, beta: Tensor) -> Tensor:
    """(p₁ − p₂)xσ(β(p₁ − p₂)x) + p₂x (Ma et al. 2020, 2009.04759)."""
    return swish_beta(x * (p1 - p2), beta) + x * p2


def smu(x: Tensor, alpha: float, mu: Tensor) -> Tensor:
    """((1 + α)x + (1 − α)x erf(μ(1 − α)x))/2 (Biswas et al. 2021, 2111.04682)."""
    sharp = mu.clamp(-1e30, 1e30)  # a million is infinite in half precision
    return x * (torch.erf(clamped(x * (1 - alpha) * sharp)) * ((1 - alpha) / 2) + (1 + alpha) / 2)


def smu_1(x: Tensor, alpha: float, mu: Tensor) -> Tensor:
    """((1 + α)x + √((1 − α)²x² + μ²))/2 (Biswas et al. 2021, 2111.04682)."""
    width = mu.abs().clamp(min=1e-30)  # the paper's start is zero in half precision
    return x * ((1 + alpha) / 2) + torch.hypot(x * (1 - alpha), width) / 2


def sau(x: Tensor, alpha: float, sigma: float) -> Tensor:
    """Leaky ReLU of slope α smoothed by a normal density of width σ (Biswas et al. 2021, 2109.13210)."""
    z = clamped(x / sigma)
    bump = torch.exp(-z * z / 2) * ((1 - alpha) * sigma / math.sqrt(2 * math.pi))
    return bump + x * ((1 - alpha) * normal_cdf(z) + alpha)


def tangma(x: Tensor, alpha: Tensor, gamma: Tensor) -> Tensor:
    """x·tanh(x + α) + γx (Golwala 2025, 2507.10560)."""
    return x * torch.tanh(x + alpha) + x * gamma


def gelu_sine(x: Tensor) -> Tensor:
    """GELU(x) + 0.1 sin x (Vitvitskyi et al. 2026, 2602.05688)."""
    return x * normal_cdf(x) + torch.sin(x) * 0.1


def gelu_sinc(x: Tensor) -> Tensor:
    """GELU(x)(1 + sin(πx)/(2πx)) (Vitvitskyi et al. 2026, 2602.05688); multiplied out, nothing is divided by x."""
    wave = torch.sin(without_infinities(x * math.pi)) / (2 * math.pi)
    return (x + wave) * normal_cdf(x)


def aglu(x: Tensor, kappa: Tensor, lambd: Tensor) -> Tensor:
    """x(λe^(−κx) + 1)^(−1/λ), λ clamped to at least 1e−4 (Alexandridis et al. 2024, 2407.08567)."""
    steep = lambd.clamp(min=1e-4)
    return x * torch.exp(softplus(clamped(torch.log(steep) - x * kappa)) / -steep)
