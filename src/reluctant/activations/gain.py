"""The gain of an activation: what it does to the size of signals with a standard normal distribution."""

from collections.abc import Iterable
from functools import lru_cache
from math import sqrt

import numpy as np
import torch
from torch import nn

from reluctant.activations.build import make
from reluctant.core.errors import ModelError
from reluctant.core.names import parse

REACH = 12.0  # standard deviations; the density beyond is below 1e-31
PANEL = 0.125
NODES = 16  # Gauss-Legendre points per panel: exact up to rounding where the function is smooth


def gain(name: str) -> float:
    """1/√E[f(z)²] with z ~ N(0, 1): the factor on the weights with which f keeps the mean square at 1.

    It is √2 for ReLU (He et al. 2015, 1502.01852). It is computed by numerical integration in double precision, with
    learned parameters at their initial values. Raises `ModelError`: the activation is not a function of one number, or
    it is zero everywhere.
    """
    compute = _mean_square.__wrapped__ if parse(name).is_user_defined else _mean_square  # a user's code may change
    return 1 / sqrt(compute(name))


@lru_cache(maxsize=256)
def _mean_square(name: str) -> float:
    _, square = gaussian_moments(make(name))
    if not 0 < square < float("inf"):
        raise ModelError(f"activation {name} has no gain: the mean of its squares is {square} under N(0, 1)")
    return square


def gaussian_moments(module: nn.Module, kinks: Iterable[float] = ()) -> tuple[float, float]:
    """E[f(z)] and E[f(z)²] with z ~ N(0, 1), in evaluation mode; ten digits of the `kinks` are enough."""
    x, weight = _quadrature(tuple(kinks))
    try:
        with torch.no_grad():
            y = module.eval().double()(torch.from_numpy(x)).numpy()
    except Exception as fault:
        raise ModelError(f"it is not a function of one number: {type(fault).__name__}: {fault}") from fault
    if y.shape != x.shape:
        raise ModelError(f"it turns shape {x.shape} into {y.shape}; it is not a function of one number")
    return float(weight @ y), float(weight @ y**2)


@lru_cache(maxsize=64)
def _quadrature(kinks: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Points, and weights that include the normal density; panels end at the kinks and at 0."""
    even = np.arange(-REACH, REACH + PANEL / 2, PANEL)
    edges = np.unique(np.concatenate([even, [k for k in kinks if abs(k) < REACH]]))
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    half, middle = np.diff(edges) / 2, (edges[:-1] + edges[1:]) / 2
    x = (middle[:, None] + half[:, None] * nodes).reshape(-1)
    density = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    return x, (half[:, None] * weights).reshape(-1) * density
