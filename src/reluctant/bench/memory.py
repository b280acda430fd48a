"""Memory of one pass forward and back: what is kept in between, and the most that is alive at once."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor

from reluctant.bench.trial import Step, Trial


def kept(trial: Trial) -> int:
    """Bytes that wait for the backward pass: each storage once, the input with them.

    Parameters and buffers are not counted: they stay in any case. Nor is what a Python `autograd.Function`
    hides in attributes of its own instead of saving it.
    """
    owned = {t.untyped_storage().data_ptr() for t in (*trial.module.parameters(), *trial.module.buffers())}
    found: dict[int, torch.UntypedStorage] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        found[storage.data_ptr()] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        trial.function(trial.x)
    return sum(storage.nbytes() for place, storage in found.items() if place not in owned)


def peak(trial: Trial) -> int | None:
    """The most bytes alive at once in a pass forward and back: input, output, gradients and all between.

    None on a device that does not tell.
    """
    step, where = trial.both(), trial.x.device
    if where.type == "cpu":
        risen = _on_processor(step)
    elif where.type == "cuda":
        risen = on_cuda(step, where)
    else:
        return None
    return trial.x.nbytes + trial.gradient.nbytes + risen


def on_cuda(step: Step, where: torch.device) -> int:
    """The most that a step has allocated on a card above what was there before."""
    torch.cuda.synchronize(where)
    torch.cuda.reset_peak_memory_stats(where)
    before = torch.cuda.memory_allocated(where)
    step()
    torch.cuda.synchronize(where)
    return torch.cuda.max_memory_allocated(where) - before


def _on_processor(step: Step) -> int:
    """From the profiler's memory events: every allocation and release with its time."""
    from torch.profiler import ProfilerActivity, profile

    with _quiet(), profile(activities=[ProfilerActivity.CPU], profile_memory=True) as watched:
        step()
    results: Any = watched.profiler.kineto_results if watched.profiler else None
    events = [event for event in results.events() if event.name() == "[memory]"]
    changes: list[int] = [event.nbytes() for event in sorted(events, key=lambda event: event.start_ns())]
    return max(accumulate(changes, initial=0))


@contextmanager
def _quiet() -> Iterator[None]:
    """The profiler's first use within it settles that it prints nothing when it starts and stops."""
    before = os.environ.get("KINETO_LOG_LEVEL")
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")
    try:
        yield
    finally:
        if before is None:
            del os.environ["KINETO_LOG_LEVEL"]
