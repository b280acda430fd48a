"""The machine that a run computes on: its device, its threads, its library of matrix products."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from threadpoolctl import ThreadpoolController

from reluctant.core.environment import describe_environment
from reluctant.core.errors import StudyError
from reluctant.records.parts import Json


def select_device(name: str | torch.device) -> torch.device:
    """The device of this name; `auto` is the first accelerator, else the CPU.

    Raises `StudyError` for a device that this machine does not have, or on which nothing is computed.
    """
    if not isinstance(name, str | torch.device):
        raise StudyError(f"a device is a string, not {name!r}; write auto, cpu or cuda")
    if name == "auto":
        accelerator = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
        return accelerator or torch.device("cpu")
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as fault:
        first, *_ = str(fault).splitlines()
        reason = "PyTorch knows no such device" if first.startswith("Expected one of") else first.rstrip(".")
        raise StudyError(f"device {name!r} cannot be used here: {reason}. Leave it out, or write cpu") from None
    device = torch.device(name)
    if device.type == "meta":
        raise StudyError("device 'meta' computes nothing; leave it out, or write cpu")
    return device


@contextmanager
def limit_threads(number: int) -> Iterator[None]:
    """PyTorch and NumPy with this many threads: part of a `Run`, since the number of threads decides sums."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        with _thread_controller().limit(limits=number, user_api="blas"):
            yield
    finally:
        torch.set_num_threads(before)


@functools.cache
def _thread_controller() -> ThreadpoolController:
    """The libraries of matrix products in this process; a search for them takes milliseconds."""
    return ThreadpoolController()


@functools.cache
def product_kernels() -> str:
    """What computes NumPy's matrix products here: the library, its version, the processor it assumes."""
    blas = [library for library in _thread_controller().info() if library["user_api"] == "blas"]
    numpy_blas: dict[str, Any] = next((lib for lib in blas if "numpy" in lib["filepath"]), {})
    parts = (str(numpy_blas.get(key, "")) for key in ("internal_api", "version", "architecture"))
    return " ".join(parts).strip()


def describe_machine(device: torch.device) -> Json:
    """The machine as a record stores it: its environment, and what PyTorch uses of it."""
    used = {"cpu": torch.backends.cpu.get_cpu_capability(), "device": device.type, "products": product_kernels()}
    if device.type == "cuda":
        used["device"] = torch.cuda.get_device_name(device)
    return {**describe_environment(), "torch": used}
