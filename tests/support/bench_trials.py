"""What the tests of `reluctant bench` share: a small configuration, a constant clock, two activations."""

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
