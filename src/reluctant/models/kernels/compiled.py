"""How kernels are compiled: by Numba, when first called, and kept on disk for the next process."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy.typing as npt

Array = npt.NDArray[Any]
F = TypeVar("F", bound=Callable[..., Any])

# Sums may be taken in another order, but nothing may assume finite numbers: a NaN has to reach the loss.
_FAST = {"contract", "reassoc", "nsz", "arcp"}


def _place() -> str:
    """A folder for compiled code that can be written to."""
    from platformdirs import user_cache_dir

    folder = Path(user_cache_dir("reluctant")) / "kernels"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return str(folder)
    except OSError:
        return tempfile.mkdtemp(prefix="reluctant-kernels-")


_settings: Any = numba.config
if not _settings.CACHE_DIR:
    _settings.CACHE_DIR = _place()


@contextmanager
def _alone() -> Iterator[None]:
    """One process at a time: two that keep different types of one kernel would share a file name."""
    try:
        import fcntl
    except ImportError:  # Windows, where studies run in one process
        yield
        return
    with (Path(_settings.CACHE_DIR) / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def inner(function: F) -> F:
    """A part of kernels, written into each of them before it is compiled.

    As a function of its own it would be compiled twice, alone and with its caller, and round differently;
    which of the two then ran would depend on whether the caller came from disk.
    """
    return cast(F, numba.njit(inline="always")(function))


def compiled(function: F) -> F:
    """A kernel: the function as machine code for the types it is called with. Calls `inner` parts only."""
    machine: Any = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)(function)
    compile_for = machine.compile

    def alone(signature: Any) -> Any:
        with _alone():
            return compile_for(signature)

    machine.compile = alone
    return cast(F, machine)
