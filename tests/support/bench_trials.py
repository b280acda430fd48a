"""What the tests of `reluctant bench` share: a small configuration, clocks, a stand-in for a GPU, two activations."""

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn

from reluctant.bench.config import BenchConfig
from reluctant.bench.timing import MIN_SECONDS
from reluctant.bench.trial import Step, TimedTrial, prepare_trial, sample_inputs

SMALL = BenchConfig(shape=(4, 8, 6, 6), rounds=6)
SIZE = 4 * 8 * 6 * 6 * 4  # bytes of its input in float32


class RandomSlope(nn.Module):
    """An activation that must be in training mode and uses PyTorch's global random state."""

    def __init__(self) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(0.5))

    def forward(self, x: Tensor) -> Tensor:
        assert self.training
        return self.slope * x * torch.rand(()) + torch.rand(())


def step_function(x: Tensor) -> Tensor:
    return (x > 0).to(x.dtype)


def constant_clock(step: Step, number: int) -> float:
    """A clock by which every call takes the same time, long enough for one call per timing."""
    step()
    return 2 * MIN_SECONDS * number


def trial(name: str, config: BenchConfig = SMALL) -> TimedTrial:
    return prepare_trial(name, config, *sample_inputs(config))


class FakeCuda:
    """PyTorch's module of GPUs as the clock of events needs it. Its GPU does a call in a millisecond, in order.

    The stream is a list of what was issued; an event that was recorded has its position in it.
    """

    def __init__(self) -> None:
        self.devices: list[torch.device] = []
        self.calls = 0
        self.waits = 0

    def device(self, device: torch.device) -> AbstractContextManager[None]:
        self.devices.append(device)
        return nullcontext()

    def Event(self, *, enable_timing: bool) -> "FakeEvent":  # noqa: N802
        assert enable_timing  # else the real one has no time
        return FakeEvent(self)

    def synchronize(self) -> None:
        self.waits += 1

    def step(self) -> None:
        self.calls += 1


class FakeEvent:
    def __init__(self, cuda: FakeCuda) -> None:
        self.cuda, self.position, self.over = cuda, -1, False

    def record(self) -> None:
        self.position = self.cuda.calls

    def synchronize(self) -> None:
        assert self.position >= 0
        self.over = True

    def elapsed_time(self, end: "FakeEvent") -> float:
        assert end.over  # the real one raises an error
        return float(end.position - self.position)
