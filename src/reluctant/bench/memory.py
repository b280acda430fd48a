"""Memory of a forward and a backward pass: what is saved for backward, and the peak."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor

from reluctant.bench.trial import Step, TimedTrial


def measure_saved_bytes(trial: TimedTrial) -> int:
    """Bytes saved for the backward pass; each storage counts once, the input's too.

    Parameters and buffers do not count, because they exist anyway. What a Python `autograd.Function` stores
    in its own attributes, instead of saving it, is not seen.
    """
    owned = {t.untyped_storage().data_ptr() for t in (*trial.module.parameters(), *trial.module.buffers())}
    saved: dict[int, torch.UntypedStorage] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        saved[storage.data_ptr()] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        trial.function(trial.x)
    return sum(storage.nbytes() for address, storage in saved.items() if address not in owned)


def measure_peak_bytes(trial: TimedTrial) -> int | None:
    """The most bytes alive at once during both passes: input, output, gradients and intermediate results.

    None on a device that cannot report it.
    """
    step, device = trial.both(), trial.x.device
    if device.type == "cpu":
        increase = _peak_increase_on_cpu(step)
    elif device.type == "cuda":
        increase = peak_increase_on_cuda(step, device)
    else:
        return None
    return trial.x.nbytes + trial.gradient.nbytes + increase


def peak_increase_on_cuda(step: Step, device: torch.device) -> int:
    """The most bytes that a step allocates on a GPU, in addition to those allocated before."""
    torch.cuda.synchronize(device)
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    step()
    torch.cuda.synchronize(device)
    return torch.cuda.max_memory_allocated(device) - before


def _peak_increase_on_cpu(step: Step) -> int:
    """The same on the CPU, from the profiler's memory events: every allocation and release with its time."""
    from torch.profiler import ProfilerActivity, profile

    with _silent_profiler(), profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
        step()
    results: Any = profiled.profiler.kineto_results if profiled.profiler else None
    events = [event for event in results.events() if event.name() == "[memory]"]
    changes: list[int] = [event.nbytes() for event in sorted(events, key=lambda event: event.start_ns())]
    return max(accumulate(changes, initial=0))


@contextmanager
def _silent_profiler() -> Iterator[None]:
    """The profiler reads this variable at its first use, and then prints nothing when it starts and stops."""
    before = os.environ.get("KINETO_LOG_LEVEL")
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")
    try:
        yield
    finally:
        if before is None:
            del os.environ["KINETO_LOG_LEVEL"]
