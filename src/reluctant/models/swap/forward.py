"""Running a network on an example without a trace: on a copy that shares its weights, random states kept."""

import copy
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.parameter import is_lazy
from torch.utils.flop_counter import FlopCounterMode

from reluctant.core.errors import ModelError


def likeness(model: nn.Module) -> nn.Module:
    """A copy of a network with the same parameters (not copies), and buffers and a state of its own.

    Raises `ModelError` for one that cannot be copied.
    """
    shared: list[Tensor] = [p for p in model.parameters() if not is_lazy(p)]
    for module in model.modules():  # a tensor that was computed cannot be copied
        shared += [v for v in vars(module).values() if isinstance(v, Tensor) and not v.is_leaf]
    try:
        return copy.deepcopy(model, {id(each): each for each in shared})
    except Exception as fault:
        raise ModelError(
            f"the network cannot be copied, as it must be to look at it: {type(fault).__name__}: {fault}"
        ) from fault


def call(model: nn.Module, example: Any) -> Any:
    """What a network gives for a tensor, or for a tuple or mapping of its inputs."""
    if isinstance(example, Mapping):
        return model(**example)
    if isinstance(example, tuple | list):
        return model(*example)
    return model(example)


def try_out(model: nn.Module, example: Any, *, training: bool = False) -> Any:
    """One forward pass without gradients; in training mode batch norms keep to their running statistics.

    For a `likeness`: buffers and the module's own counters may change. Random states are left alone.
    """
    model.train(training)
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.eval()  # a batch of one has no variance
    with undisturbed(model), torch.no_grad():
        return call(model, example)


def operations(model: nn.Module, example: Any) -> int:
    """Multiply-adds of one forward pass on the example: of convolutions, linear maps and attention."""
    with FlopCounterMode(display=False) as counter:
        try_out(model, example)
    flops: int = counter.get_total_flops()
    return flops // 2  # of a multiplication and an addition


def parameters(model: nn.Module) -> int:
    """How many numbers a network learns; those not made yet are not counted."""
    return sum(p.numel() for p in model.parameters() if not is_lazy(p))


@contextmanager
def undisturbed(model: nn.Module) -> Iterator[None]:
    """Random states are put back afterwards: PyTorch's on the network's devices, NumPy's and Python's."""
    devices = {p.device.index or 0 for p in model.parameters() if p.device.type == "cuda"}
    states = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng(devices=sorted(devices)):
            yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
