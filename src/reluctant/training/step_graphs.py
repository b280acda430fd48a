"""One step of several runs that is captured once and replayed: whether that is possible, and with the same bits.

A GPU that is asked for one small operation after the other mostly waits. A graph holds all operations of a step of all
runs. Every run is tried alone first: a step one by one and a replayed one must give the same bits.
"""

import pickle
import random
import warnings
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import ClassVar, Protocol

import numpy as np
import torch
from torch import Tensor

from reluctant.catalogue import OPTIMIZERS, PROCEDURES
from reluctant.models.swap.forward import preserve_states_of_devices
from reluctant.study import Run
from reluctant.training.epoch_steps import EpochSteps
from reluctant.training.saved_state import SavedState
from reluctant.training.tensor_steps import TensorSteps
from reluctant.training.training import Training

WARM_UP = 3  # steps before a capture: libraries choose algorithms and allocate memory in the first ones
COMPARED = 2  # replayed steps that are compared with steps one by one


class Replayable(Protocol):
    """A captured step."""

    def replay(self) -> None:
        """Take it once more."""


class Capture(Protocol):
    """What captures steps on a device: see `CudaCapture`."""

    kind: ClassVar[str]  # of the device

    def __init__(self, device: torch.device) -> None: ...

    def warming_up(self) -> AbstractContextManager[None]:
        """Where steps before a capture are taken."""

    def global_random_position(self) -> int:
        """How many of PyTorch's global random numbers were read on the device."""

    def capture(self, members: Sequence[TensorSteps], size: int) -> Replayable:
        """A step of each of these runs, on a batch of so many items."""

    def wait(self) -> None:
        """Wait until the device has done everything."""

    def memory(self) -> tuple[int, int]:
        """Bytes of the device's memory that this process holds, and bytes that are free."""


def obstacle(training: Training) -> str:
    """Why the steps of a training cannot be work on tensors alone; empty where they can."""
    run = training.run
    if PROCEDURES.canonical(run.procedure).is_user_defined or type(training).step is not Training.step:
        return "a procedure of the study's own takes them"
    if OPTIMIZERS.canonical(run.optimizer).is_user_defined:
        return "the optimizer is the study's own"
    if run.accumulate > 1:
        return "gradients of several batches are added up"
    if run.augment != Run.augment:
        return "inputs are changed at random by the processor"
    return "" if isinstance(training.data.train.inputs, Tensor) else "inputs are streamed"


class StepGraphs:
    """The captured steps of these runs, one for each size of a batch.

    Every run is tried alone before, once: its `reason` then says why its steps are taken one by one, if they are.
    """

    def __init__(self, members: Sequence[TensorSteps], capture: Capture) -> None:
        self.graphs: dict[int, Replayable] = {}
        for member in members:
            if member.reason is None:
                member.reason = _try_alone(member, capture)
        self.replayed = [member for member in members if not member.reason]
        saved = [SavedState(member) for member in self.replayed]
        try:
            for size in self.replayed[0].sizes if self.replayed else ():
                self.graphs[size] = capture.capture(self.replayed, size)
        except torch.OutOfMemoryError:
            raise
        except Exception as fault:
            for member in self.replayed:
                member.reason = f"the steps of {len(self.replayed)} runs cannot be captured together: {_summary(fault)}"
            self.replayed = []
        finally:
            for state in saved:
                state.restore()


def _try_alone(member: TensorSteps, capture: Capture) -> str:
    """Take some steps of one run, compare them with replayed ones, take all back; why it cannot be captured."""
    saved = SavedState(member)
    try:
        for size in member.sizes:
            if reason := _try_size(member, size, saved, capture):
                return reason
            saved.restore()
        return ""
    except torch.OutOfMemoryError:
        raise
    except Exception as fault:  # of a network that waits for the GPU, or whose shapes depend on the data
        return _summary(fault)
    finally:
        capture.wait()
        saved.restore()


def _try_size(member: TensorSteps, size: int, saved: SavedState, capture: Capture) -> str:
    with capture.warming_up(), warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        before = capture.global_random_position(), _random_states_of_processor()
        for _ in range(WARM_UP):
            member.step(size)
            if not saved.in_place:
                return "its network replaces its buffers by new ones"
            saved.restore()
        if (capture.global_random_position(), _random_states_of_processor()) != before:
            return "its network reads global random numbers"
        for _ in range(COMPARED):
            member.step(size)
            member.rewind()  # the same batch again, as small data have no second one
        expected = saved.tensors()
    texts = (str(each.message) for each in raised)
    remarks = {text.split(". ")[0] for text in texts if "deterministic" in text}
    member.remarks = sorted({*member.remarks, *remarks})
    saved.restore()
    graph = capture.capture([member], size)
    saved.restore()
    for _ in range(COMPARED):
        graph.replay()
        member.rewind()
    capture.wait()
    alike = all(map(_same_numbers, saved.tensors(), expected))
    return "" if alike else "a replayed step gave other numbers than the step itself"


def _random_states_of_processor() -> tuple[object, ...]:
    """The states of the global random numbers that a graph would not see move."""
    return torch.get_rng_state().numpy().tobytes(), pickle.dumps(np.random.get_state()), random.getstate()


def _summary(fault: Exception) -> str:
    return f"{type(fault).__name__}: {(str(fault).splitlines() or [''])[0][:120]}"


def _same_numbers(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors hold the same numbers; NaN, of a run that diverges at once, is like NaN."""
    return bool(((one == other) | (one.isnan() & other.isnan())).all())


def take_replayed(
    members: Sequence[TensorSteps], epochs: Sequence[EpochSteps], graphs: StepGraphs | None, capture: Capture
) -> StepGraphs:
    """Take all steps of an epoch, which has begun, of runs of the same shape; the graphs, for their next epoch."""
    if graphs is None:
        device = members[0].training.device
        with preserve_states_of_devices(None, [device.index or 0] if device.type == "cuda" else []):
            graphs = StepGraphs(members, capture)
    for size, *_ in zip(*(member.batches() for member in graphs.replayed), strict=True):
        graphs.graphs[size].replay()
    for member, epoch in zip(members, epochs, strict=True):
        if member not in graphs.replayed:
            _take_one_by_one(member, epoch)
    capture.wait()
    for member, epoch in zip(members, epochs, strict=True):
        if epoch.error is None:
            member.finish(epoch)
    return graphs


def _take_one_by_one(member: TensorSteps, epoch: EpochSteps) -> None:
    """Take the steps of one run; what they raise is its own."""
    try:
        with epoch.turn():
            for size in member.batches():
                member.step(size)
    except (Exception, SystemExit) as error:
        epoch.error = error
