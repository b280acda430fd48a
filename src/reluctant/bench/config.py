"""The configuration of a benchmark: input shape, dtype, device, threads, rounds, and the network if it is of one."""

import os
import re
import sys
from dataclasses import dataclass
from math import inf, prod

import torch

from reluctant.catalogue import MODELS
from reluctant.catalogue.models import TOKEN_MODELS
from reluctant.core.display import did_you_mean
from reluctant.core.errors import StudyError

DTYPES = ("float32", "float64", "float16", "bfloat16")
MEMORY_FACTOR = 8  # the machine's memory must be at least this many times the input's size
SHAPES = "32x64x28x28", "128x256x56x56"  # of an activation's input, on a processor and on a GPU, which has to be busy
MODEL_SHAPES = {  # of a batch, likewise
    "convnet": ("32x1x28x28", "512x1x28x28"),
    "cnn": ("32x1x28x28", "512x1x28x28"),
    "mlp": ("32x784", "4096x784"),
    "resnet": ("32x3x32x32", "256x3x32x32"),
    "gpt": ("8x64", "32x128"),
    "text_classifier": ("8x64", "32x128"),
}
_SHAPE = re.compile(r"[1-9]\d{0,11}(x[1-9]\d{0,11})*", re.ASCII)


@dataclass(frozen=True)
class BenchConfig:
    """What is the same for all activations of a benchmark; `parse_config` builds one from a user's input."""

    shape: tuple[int, ...] = (32, 64, 28, 28)  # of the input of an activation, or of a network's batch
    dtype: str = "float32"
    device: str = "cpu"
    compile: bool = False
    threads: int = 1
    rounds: int = 15
    model: str = ""  # the network whose training step is measured; activations alone where it is empty

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
    def uses_cuda(self) -> bool:
        """Whether an NVIDIA GPU computes."""
        return self.torch_device.type == "cuda"

    @property
    def in_one_process(self) -> bool:
        """Whether all rounds are of one process: on a GPU, where addresses in memory matter little, and of networks."""
        return self.uses_cuda or bool(self.model)

    @property
    def uses_processor_time(self) -> bool:
        """Whether processor time is measured: with one thread on the CPU, except on Windows (too coarse)."""
        return self.torch_device.type == "cpu" and self.threads == 1 and sys.platform != "win32"

    @property
    def clock(self) -> str:
        """`processor time`, `wall time` or `CUDA events`."""
        if self.uses_cuda:
            return "CUDA events"
        return "processor time" if self.uses_processor_time else "wall time"

    @property
    def input_bytes(self) -> int:
        """The size of the input in bytes."""
        ids = MODELS.canonical(self.model).head in TOKEN_MODELS if self.model else False
        return prod(self.shape) * (torch.int64 if ids else self.torch_dtype).itemsize


def parse_config(
    shape: str = "",
    dtype: str = "float32",
    device: str = "cpu",
    *,
    compile: bool = False,  # noqa: A002
    threads: int = 1,
    rounds: int = 15,
    model: str = "",
) -> BenchConfig:
    """A validated configuration. Without a shape it is one that suits the device and the model.

    Raises:
        StudyError: A value cannot be read, or this machine cannot measure with it.
    """
    model = str(MODELS.canonical(model)) if model else ""
    device = _usable_device(device)
    if not shape:
        shape = _usual_shapes(model)[torch.device(device).type == "cuda"]
    if not _SHAPE.fullmatch(shape):
        raise StudyError(f"shape {shape!r} cannot be read; write whole sizes with x between them, as in 32x64x28x28")
    if dtype not in DTYPES:
        hint = did_you_mean(dtype, DTYPES) or f"; known: {', '.join(DTYPES)}"
        raise StudyError(f"no dtype for a measurement is called {dtype!r}{hint}")
    sizes = tuple(map(int, shape.split("x")))
    config = BenchConfig(sizes, dtype, device, compile, threads, rounds, model)
    _check_batch(config)
    if MEMORY_FACTOR * config.input_bytes > _memory(config.torch_device):
        raise StudyError(
            f"an input of shape {shape} takes {config.input_bytes / 2**30:,.1f} GiB and a pass several times "
            f"that, more than this machine has; give a smaller --shape"
        )
    return config


def _usual_shapes(model: str) -> tuple[str, str]:
    """The shapes without `--shape`, on a processor and on a GPU; a network of the user's gets small colour images."""
    return MODEL_SHAPES.get(MODELS.canonical(model).head, MODEL_SHAPES["resnet"]) if model else SHAPES


def _check_batch(config: BenchConfig) -> None:
    """Raise `StudyError` if a shape cannot be one of a batch for this model."""
    if not config.model:
        return
    if MODELS.canonical(config.model).head in TOKEN_MODELS and len(config.shape) != 2:
        raise StudyError(f"model {config.model} takes token ids, so give --shape as sequences x tokens, such as 8x64")
    if len(config.shape) < 2:
        raise StudyError(
            f"a batch for model {config.model} has two sizes at least, the number of inputs first; "
            f"give --shape as {_usual_shapes(config.model)[0]}"
        )


def _memory(device: torch.device) -> float:
    """The bytes of memory of the GPU, or of this machine; infinite where the system does not report it."""
    if device.type == "cuda":
        return float(torch.cuda.get_device_properties(device).total_memory)
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):  # not on Windows
        return inf


def _usable_device(name: str) -> str:
    """The device's name; `auto` becomes the first accelerator or the CPU."""
    if name == "auto":
        return str(torch.accelerator.current_accelerator() if torch.accelerator.is_available() else "cpu")
    try:
        if torch.empty(0, device=name).device.type != "meta":
            return name
        reason = "it computes nothing"
    except (RuntimeError, AssertionError) as fault:
        reason = str(fault).splitlines()[0].rstrip(".")
    raise StudyError(f"device {name!r} cannot be used here: {reason}. Leave --device out, or write cpu")
