"""The configuration of a benchmark: input shape, dtype, device, threads and rounds."""

import os
import re
import sys
from dataclasses import dataclass
from math import inf, prod

import torch

from reluctant.core.display import did_you_mean
from reluctant.core.errors import StudyError

DTYPES = ("float32", "float64", "float16", "bfloat16")
MEMORY_FACTOR = 8  # the machine's memory must be at least this many times the input's size
_SHAPE = re.compile(r"[1-9]\d{0,11}(x[1-9]\d{0,11})*", re.ASCII)


@dataclass(frozen=True)
class BenchConfig:
    """What is the same for all activations of a benchmark; `parse_config` builds one from a user's input."""

    shape: tuple[int, ...] = (32, 64, 28, 28)
    dtype: str = "float32"
    device: str = "cpu"
    compile: bool = False
    threads: int = 1
    rounds: int = 15

    @property
    def torch_dtype(self) -> torch.dtype:
        """The dtype as an object of PyTorch."""
        dtype: torch.dtype = getattr(torch, self.dtype)
        return dtype

    @property
    def torch_device(self) -> torch.device:
        """The device as an object of PyTorch."""
        return torch.device(self.device)

    @property
    def shape_text(self) -> str:
        """The shape as `32x64x28x28`."""
        return "x".join(map(str, self.shape))

    @property
    def uses_processor_time(self) -> bool:
        """Whether processor time is measured: with one thread on the CPU, except on Windows (too coarse)."""
        return self.torch_device.type == "cpu" and self.threads == 1 and sys.platform != "win32"

    @property
    def clock(self) -> str:
        """`processor time` or `wall time`."""
        return "processor time" if self.uses_processor_time else "wall time"

    @property
    def input_bytes(self) -> int:
        """The size of the input in bytes."""
        return prod(self.shape) * self.torch_dtype.itemsize


def parse_config(
    shape: str = "32x64x28x28",
    dtype: str = "float32",
    device: str = "cpu",
    *,
    compile: bool = False,  # noqa: A002
    threads: int = 1,
    rounds: int = 15,
) -> BenchConfig:
    """A validated configuration.

    Raises:
        StudyError: A value cannot be read, or this machine cannot measure with it.
    """
    if not _SHAPE.fullmatch(shape):
        raise StudyError(f"shape {shape!r} cannot be read; write whole sizes with x between them, as in 32x64x28x28")
    if dtype not in DTYPES:
        hint = did_you_mean(dtype, DTYPES) or f"; known: {', '.join(DTYPES)}"
        raise StudyError(f"no dtype for a measurement is called {dtype!r}{hint}")
    sizes = tuple(map(int, shape.split("x")))
    config = BenchConfig(sizes, dtype, _usable_device(device), compile, threads, rounds)
    try:
        memory = float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):  # not on Windows
        memory = inf
    if MEMORY_FACTOR * config.input_bytes > memory:
        raise StudyError(
            f"an input of shape {shape} takes {config.input_bytes / 2**30:,.1f} GiB and a pass several times "
            f"that, more than this machine has; give a smaller --shape"
        )
    return config


def _usable_device(name: str) -> str:
    """The device's name; `auto` becomes the first accelerator or the CPU."""
    if name == "auto":
        return str(torch.accelerator.current_accelerator() if torch.accelerator.is_available() else "cpu")
    try:
        if torch.empty(0, device=name).device.type != "meta":
            return name
        reason = "it computes nothing."
    except (RuntimeError, AssertionError) as fault:
        reason = str(fault).splitlines()[0]
    raise StudyError(f"device {name!r} cannot be used here: {reason} Leave --device out, or write cpu")
