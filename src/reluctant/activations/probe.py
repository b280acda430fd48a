"""A look at an activation before anything trains: does it work, and what does it look like?"""

import copy
from typing import Any

import torch
from torch import Tensor, nn

from reluctant.activations.build import make
from reluctant.core.errors import ModelError

LIMIT = 5.0  # the curve is drawn from −LIMIT to LIMIT
POINTS = 101


def check(name: str) -> nn.Module:
    """A fresh module of this name, after others like it were tried on batches.

    Raises `ModelError` when it fails, changes shape or dtype, changes its input, or returns NaN or infinity.
    """
    batch = torch.linspace(-3, 3, 2 * 8 * 3 * 3).reshape(2, 8, 3, 3)
    for given in (batch, batch.reshape(2, -1)):
        fault = _fault(make(name), given.clone())  # one each: a block takes its width from what it sees first
        if fault:
            raise ModelError(f"activation {name}: {fault}")
    return make(name)


def _fault(module: nn.Module, given: Tensor) -> str:
    before = given.clone()
    try:
        out = module(given)
    except Exception as fault:
        return f"it fails on a batch of shape {tuple(given.shape)}: {type(fault).__name__}: {fault}"
    if not isinstance(out, Tensor):
        return f"it returns {type(out).__name__}; a tensor is wanted"
    if out.shape != given.shape:
        return f"it turns shape {tuple(given.shape)} into {tuple(out.shape)}; an activation keeps the shape"
    if out.dtype != given.dtype:
        return f"it turns {given.dtype} into {out.dtype}; an activation keeps the dtype"
    if not torch.isfinite(out).all():
        return "it returns NaN or infinity for inputs between −3 and 3"
    if not torch.equal(before, given):
        return "it changes its input in place; return a new tensor (inplace=False)"
    return ""


def shape(module: nn.Module) -> dict[str, Any] | None:
    """The curve of an activation: `f` and its `slope` at 101 even points of `x` = [−5, 5], five digits each.

    Taken in evaluation mode from a copy. None where the module cannot be applied to a line of points.
    """
    probe = copy.deepcopy(module).eval()
    x = torch.linspace(-LIMIT, LIMIT, POINTS, dtype=torch.float32, requires_grad=True)
    try:
        with torch.enable_grad():
            y = probe(x)
            (slope,) = torch.autograd.grad(y.sum(), x)
    except Exception:  # a picture is not worth a run
        return None
    return {"x": [-LIMIT, LIMIT], "f": _rounded(y), "slope": _rounded(slope)}


def _rounded(values: Tensor) -> list[float | None]:
    return [float(f"{v:.5g}") if abs(v) < 1e30 else None for v in values.detach().tolist()]
