"""What a call from Python leaves as it was: random states, warning filters, environment variables."""

import os
import random
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import numpy as np

_SET_BY_LIBRARIES = ("TORCHINDUCTOR_", "KMP_")  # PyTorch and OpenMP set these at their first use

_lock = threading.Lock()
_open: list[object] = []  # one entry for every call, of all threads, that is inside
_restore = ExitStack()  # of the first of them; the last one runs it


@contextmanager
def preserve_process_state() -> Iterator[None]:
    """Restore afterwards what imports and training change beyond their results.

    That is the random states of Python, NumPy and PyTorch, warning filters, and environment variables of libraries.
    These belong to the process: of calls that overlap in several threads the first one saves and the last one restores.
    """
    call = object()
    with _lock:
        if not _open:
            _save(_restore)
        _open.append(call)
    try:
        yield
    finally:
        with _lock:
            _open.remove(call)
            if not _open:
                _restore.close()


def _save(restore: ExitStack) -> None:
    torch = sys.modules.get("torch")
    restore.enter_context(warnings.catch_warnings())
    restore.callback(random.setstate, random.getstate())
    restore.callback(np.random.set_state, np.random.get_state())
    if torch is not None:
        restore.callback(torch.set_rng_state, torch.get_rng_state())
    restore.callback(_remove_new_variables, set(os.environ))


def _remove_new_variables(before: set[str]) -> None:
    for variable in set(os.environ) - before:
        if variable.startswith(_SET_BY_LIBRARIES):
            del os.environ[variable]
