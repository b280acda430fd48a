"""What is the same for every activation of a measurement: shape, number format, device, threads, rounds."""

import os
import re
import sys
from dataclasses import dataclass
from math import inf, prod

import torch

from reluctant.core.errors import StudyError
from reluctant.core.suggestions import did_you_mean

DTYPES = ("float32", "float64", "float16", "bfloat16")
NEEDED = 8  # times the input's size that must fit into the machine's memory
_SHAPE = re.compile(r"[1-9]\d{0,11}(x[1-9]\d{0,11})*", re.ASCII)


@dataclass(frozen=True)
class Setting:
    """Where and on what activations are measured; `setting` makes one from what a user typed."""

    shape: tuple[int, ...] = (32, 64, 28, 28)
    dtype: str = "float32"
    device: str = "cpu"
    compile: bool = False
    threads: int = 1
    rounds: int = 15

    @property
    def kind(self) -> torch.dtype:
        """PyTorch's name for the number format."""
        found: torch.dtype = getattr(torch, self.dtype)
        return found

    @property
    def where(self) -> torch.device:
        """PyTorch's name for the device."""
        return torch.device(self.device)

    @property
    def sizes(self) -> str:
        """`32x64x28x28`."""
        return "x".join(map(str, self.shape))

    @property
    def own_time(self) -> bool:
        """Whether processor time is measured: with one thread it is what passes on an idle machine."""
        return self.where.type == "cpu" and self.threads == 1 and sys.platform != "win32"  # there too coarse

    @property
    def clock(self) -> str:
        """What is measured, in words."""
        return "processor time" if self.own_time else "wall time"

    @property
    def bytes(self) -> int:
        """The size of the input."""
        return prod(self.shape) * self.kind.itemsize


def setting(
    shape: str = "32x64x28x28",
    dtype: str = "float32",
    device: str = "cpu",
    *,
    compile: bool = False,  # noqa: A002
    threads: int = 1,
    rounds: int = 15,
) -> Setting:
    """A checked setting; `StudyError` for what cannot be read or cannot be measured on this machine."""
    if not _SHAPE.fullmatch(shape):
        raise StudyError(
            f"shape {shape!r} cannot be read; write whole sizes with x between them, as in 32x64x28x28"
        )
    if dtype not in DTYPES:
        hint = did_you_mean(dtype, DTYPES) or f"; known: {', '.join(DTYPES)}"
        raise StudyError(f"no dtype for a measurement is called {dtype!r}{hint}")
    sizes = tuple(map(int, shape.split("x")))
    made = Setting(sizes, dtype, _device(device), compile, threads, rounds)
    if NEEDED * made.bytes > _memory():
        raise StudyError(
            f"an input of shape {shape} takes {made.bytes / 2**30:,.1f} GiB and a pass several times that, "
            f"more than this machine has; give a smaller --shape"
        )
    return made


def _device(name: str) -> str:
    if name == "auto":
        return str(torch.accelerator.current_accelerator(check_available=True) or "cpu")
    try:
        if torch.empty(0, device=name).device.type != "meta":
            return name
        reason = "it computes nothing."
    except (RuntimeError, AssertionError) as fault:
        reason = str(fault).splitlines()[0]
    raise StudyError(f"device {name!r} cannot be used here: {reason} Leave --device out, or write cpu")


def _memory() -> float:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not on Windows
        return inf
