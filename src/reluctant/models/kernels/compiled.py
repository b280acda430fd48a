"""How kernels are compiled: by Numba at the first call, and cached on disk for the next process."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy.typing as npt

Array = npt.NDArray[Any]
F = TypeVar("F", bound=Callable[..., Any])

# Sums may be taken in another order, but numbers may not be assumed finite: a NaN has to reach the loss.
_FAST_MATH = {"contract", "reassoc", "nsz", "arcp"}


def _writable_cache_folder() -> str:
    from platformdirs import user_cache_dir

    folder = Path(user_cache_dir("reluctant")) / "kernels"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return str(folder)
    except OSError:
        return tempfile.mkdtemp(prefix="reluctant-kernels-")


_config: Any = numba.config
if not _config.CACHE_DIR:
    _config.CACHE_DIR = _writable_cache_folder()


@contextmanager
def _compilation_lock() -> Iterator[None]:
    """One process compiles at a time: two that store a kernel for different types would use one file name."""
    try:
        import fcntl
    except ImportError:  # Windows, where studies run in one process
        yield
        return
    with (Path(_config.CACHE_DIR) / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def inlined(function: F) -> F:
    """A part of kernels, inserted into each kernel before that is compiled.

    As a separate function it would be compiled twice, alone and with its caller, and round differently; which
    of the two ran would depend on whether the caller was loaded from disk.
    """
    return cast(F, numba.njit(inline="always")(function))


def kernel(function: F) -> F:
    """A kernel: compiled to machine code for the types of its arguments. It may call `inlined` parts only."""
    dispatcher: Any = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST_MATH)(function)
    compile_for = dispatcher.compile

    def compile_under_lock(signature: Any) -> Any:
        with _compilation_lock():
            return compile_for(signature)

    dispatcher.compile = compile_under_lock
    return cast(F, dispatcher)
