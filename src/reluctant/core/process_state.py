"""What a call from Python leaves as it was: random states, warning filters, environment variables."""

import os
import random
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

_SET_BY_LIBRARIES = ("TORCHINDUCTOR_", "KMP_")  # PyTorch and OpenMP set these at their first use


@contextmanager
def preserve_process_state() -> Iterator[None]:
    """Restore afterwards what imports and training change beyond their results.

    That is the random states of Python, NumPy and PyTorch, warning filters, and environment variables of libraries.
    """
    torch = sys.modules.get("torch")
    torch_state = torch.get_rng_state() if torch else None
    python_state, numpy_state, variables = random.getstate(), np.random.get_state(), set(os.environ)
    try:
        with warnings.catch_warnings():
            yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)
        if torch is not None and torch_state is not None:
            torch.set_rng_state(torch_state)
        for variable in set(os.environ) - variables:
            if variable.startswith(_SET_BY_LIBRARIES):
                del os.environ[variable]
