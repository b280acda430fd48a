"""What an activation does to the size of what passes through it: moments under a standard normal input."""

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
NODES = 16  # Gauss-Legendre points a panel: exact to rounding where the function is smooth in it


def gain(name: str) -> float:
    """1/√E[f(z)²], z ~ N(0, 1): what weights must be scaled by so that f keeps the mean square at 1.

    √2 for ReLU (He et al. 2015, 1502.01852). By numerical integration in double precision, at the parameters'
    start. Raises `ModelError` for an activation that is not a function of one number, or is zero everywhere.
    """
    square = _square(name) if parse(name).is_user_defined else _moment(name)
    return 1 / sqrt(square)


@lru_cache(maxsize=256)
def _moment(name: str) -> float:
    """The second moment of a catalogue's activation; a name of one's own may mean another one later."""
    return _square(name)


def _square(name: str) -> float:
    _, square = moments(make(name))
    if not 0 < square < float("inf"):
        raise ModelError(f"activation {name} has no gain: the mean of its squares is {square} under N(0, 1)")
    return square


def moments(module: nn.Module, kinks: Iterable[float] = ()) -> tuple[float, float]:
    """E[f(z)] and E[f(z)²], z ~ N(0, 1), in evaluation mode; `kinks` need to be given only to ten digits."""
    x, weight = _rule(tuple(kinks))
    try:
        with torch.no_grad():
            y = module.eval().double()(torch.from_numpy(x)).numpy()
    except Exception as fault:
        raise ModelError(f"no function of one number: {type(fault).__name__}: {fault}") from fault
    if y.shape != x.shape:
        raise ModelError(f"it turns shape {x.shape} into {y.shape}; it is no function of one number")
    return float(weight @ y), float(weight @ y**2)


@lru_cache(maxsize=64)
def _rule(kinks: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Points, and weights that hold the normal density; panels end at the kinks and at 0."""
    even = np.arange(-REACH, REACH + PANEL / 2, PANEL)
    edges = np.unique(np.concatenate([even, [k for k in kinks if abs(k) < REACH]]))
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    half, middle = np.diff(edges) / 2, (edges[:-1] + edges[1:]) / 2
    x = (middle[:, None] + half[:, None] * nodes).reshape(-1)
    density = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    return x, (half[:, None] * weights).reshape(-1) * density
