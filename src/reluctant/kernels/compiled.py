"""How kernels are compiled: by Numba, when first called, and kept on disk for the next process."""

import tempfile
from collections.abc import Callable
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


def compiled(function: F) -> F:
    """The function as machine code for the types it is called with."""
    jit = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)
    return cast(F, jit(function))
