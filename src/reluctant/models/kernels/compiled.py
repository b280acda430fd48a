"""How kernels are compiled: by Numba at the first call, and cached on disk for the next process."""

import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy.typing as npt

from reluctant.core.errors import ModelError

try:
    import numba
except ValueError as fault:  # of one of its environment variables
    raise ModelError(f"Numba, which compiles parts of convnet, does not start: {fault} Correct NUMBA_…") from None
if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
    raise ModelError("NUMBA_DISABLE_JIT is set, and without compilation convnet would take days; unset that variable")

Array = npt.NDArray[Any]
F = TypeVar("F", bound=Callable[..., Any])

# Sums may be taken in another order, but numbers may not be assumed finite: a NaN has to reach the loss.
_FAST_MATH = {"contract", "reassoc", "nsz", "arcp"}


def _writable_cache_folder() -> str:
    from platformdirs import user_cache_dir

    folder = Path(user_cache_dir("reluctant")) / "kernels"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(4096))  # a full quota still lets files be created
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
    with ExitStack() as opened:
        with suppress(OSError):  # nothing can be written there, so nothing is stored under one name either
            file = opened.enter_context((Path(_config.CACHE_DIR) / ".lock").open("w"))
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

    load_from_cache = dispatcher._cache.load_overload

    def load_or_discard(signature: Any, target_context: Any) -> Any:
        try:
            return load_from_cache(signature, target_context)
        except Exception as fault:  # whatever reading a damaged file raises
            dispatcher._cache.flush()
            warnings.warn(
                f"the compiled {function.__name__} in {_config.CACHE_DIR} is damaged ({type(fault).__name__}); "
                f"it is compiled again",
                RuntimeWarning,
                stacklevel=2,
            )
            return None

    save_to_cache = dispatcher._cache.save_overload

    def save_if_possible(signature: Any, compiled: Any) -> None:
        try:
            save_to_cache(signature, compiled)
        except OSError as fault:  # such as a full quota of the home folder
            warnings.warn(
                f"compiled kernels cannot be stored in {_config.CACHE_DIR} ({fault.strerror or fault}); every process "
                f"compiles them again, which takes up to a minute. Make room, or set NUMBA_CACHE_DIR to another folder",
                RuntimeWarning,
                stacklevel=2,
            )

    dispatcher.compile = compile_under_lock
    dispatcher._cache.save_overload = save_if_possible
    dispatcher._cache.load_overload = load_or_discard
    return cast(F, dispatcher)
