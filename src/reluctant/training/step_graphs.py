"""One step of several runs that is captured once and replayed: whether that is possible, and with the same bits.

A GPU that is asked for one small operation after the other mostly waits. A graph holds all operations of a step of all
runs. Every run is tried alone first: a step one by one and a replayed one must give the same bits.
"""

import warnings
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import ClassVar, Protocol

import torch
from torch import Tensor, nn

from reluctant.activations import Stochastic
from reluctant.catalogue import OPTIMIZERS, PROCEDURES
from reluctant.models.swap.forward import preserve_random_states
from reluctant.study import Run
from reluctant.training.epoch_steps import EpochSteps
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
        """How many of PyTorch's global random numbers were read."""

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

    Runs that cannot be captured, or not with the same bits, take their steps one by one: `reasons` says why, by their
    positions. `remarks` are PyTorch's warnings of operations that are not deterministic.
    """

    def __init__(self, members: Sequence[TensorSteps], sizes: Sequence[int], capture: Capture) -> None:
        self.members, self.capture = list(members), capture
        self.reasons: dict[int, str] = {}
        self.remarks: dict[int, list[str]] = {}
        self.graphs: dict[int, Replayable] = {}
        saved = [SavedState(member) for member in members]
        for number, state in enumerate(saved):
            if reason := self._try_alone(number, sizes[0], state):
                self.reasons[number] = reason
        captured = [member for number, member in enumerate(members) if number not in self.reasons]
        for size in sizes if captured else ():
            self.graphs[size] = capture.capture(captured, size)
            for state in saved:
                state.restore()

    def _try_alone(self, number: int, size: int, saved: "SavedState") -> str:
        """Take some steps of one run, compare them with replayed ones, take all back; why it cannot be captured."""
        member, capture = self.members[number], self.capture
        try:
            with capture.warming_up(), warnings.catch_warnings(record=True) as raised:
                warnings.simplefilter("always")
                position = capture.global_random_position()
                for _ in range(WARM_UP):
                    member.step(size)
                    saved.restore()
                if capture.global_random_position() != position:
                    return "its network reads PyTorch's global random numbers"
                for _ in range(COMPARED):
                    member.step(size)
                    member.position.zero_()  # the same batch again, as small data have no second one
                expected = [tensor.clone() for tensor in member.state()]
            texts = (str(each.message) for each in raised)
            self.remarks[number] = sorted({text.split(". ")[0] for text in texts if "deterministic" in text})
            saved.restore()
            graph = capture.capture([member], size)
            saved.restore()
            for _ in range(COMPARED):
                graph.replay()
                member.position.zero_()
            capture.wait()
            alike = all(map(_same_numbers, member.state(), expected))
            return "" if alike else "a replayed step gave other numbers than the step itself"
        except torch.OutOfMemoryError:
            raise
        except Exception as fault:  # of a network that waits for the GPU, or whose shapes depend on the data
            return f"{type(fault).__name__}: {(str(fault).splitlines() or [''])[0][:120]}"
        finally:
            saved.restore()


def _same_numbers(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors hold the same numbers; NaN, of a run that diverges at once, is like NaN."""
    return bool(((one == other) | (one.isnan() & other.isnan())).all())


class SavedState:
    """The state of a run at the beginning of an epoch, to which steps that were tried are taken back."""

    def __init__(self, member: TensorSteps) -> None:
        self.member = member
        self.before = {id(tensor): tensor.clone() for tensor in member.state()}

    @torch.no_grad()
    def restore(self) -> None:
        """Every tensor as it was, in its memory; what the optimizer has made since then is zero, as if new."""
        for tensor in self.member.state():
            before = self.before.get(id(tensor))
            tensor.zero_() if before is None else tensor.copy_(before)
        for module in self.member.training.model.modules():
            if isinstance(module, Stochastic):
                module.restart()


def take_replayed(
    members: Sequence[TensorSteps], epochs: Sequence[EpochSteps], graphs: StepGraphs | None, capture: Capture
) -> StepGraphs:
    """Take all steps of an epoch of runs whose batches have the same sizes; the graphs, for their next epoch."""
    if graphs is None:
        device = members[0].training.device
        sizes = [next(member.parts(epoch)) for member, epoch in zip(members, epochs, strict=True)]
        with preserve_random_states(nn.Identity(), [device.index or 0] if device.type == "cuda" else []):
            graphs = StepGraphs(members, list(dict.fromkeys(sizes[0])), capture)
    replayed = [number for number in range(len(members)) if number not in graphs.reasons]
    for sizes, *_ in zip(*(members[number].parts(epochs[number]) for number in replayed), strict=True):
        for size in sizes:
            graphs.graphs[size].replay()
    for number in graphs.reasons:
        _take_one_by_one(members[number], epochs[number])
    capture.wait()
    for member, epoch in zip(members, epochs, strict=True):
        if epoch.error is None:
            member.finish(epoch)
    return graphs


def _take_one_by_one(member: TensorSteps, epoch: EpochSteps) -> None:
    """Take the steps of one run; what they raise is its own."""
    try:
        with epoch.turn():
            for sizes in member.parts(epoch):
                for size in sizes:
                    member.step(size)
    except (Exception, SystemExit) as error:
        epoch.error = error
