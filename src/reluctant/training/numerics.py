"""How a run computes: its number of threads, and on a GPU algorithms that give the same bits every time."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.utils.deterministic
from torch.nn.attention import SDPBackend, sdpa_kernel

from reluctant.core.errors import StudyError
from reluctant.study import Run, Study
from reluctant.training.machine import limit_threads

WORKSPACE = "CUBLAS_WORKSPACE_CONFIG"  # without one, cuBLAS may choose another algorithm in every stream


@contextmanager
def numerics(run: Run, device: torch.device) -> Iterator[None]:
    """Within it PyTorch computes as the run says, and afterwards as before.

    On a GPU it takes deterministic algorithms wherever it has them, and warns where it has none. Products of float32
    are products of float32; TF32, with ten bits of mantissa, is used where `precision = "tf32"` asks for it.
    """
    with limit_threads(run.threads):
        if device.type != "cuda":
            yield
            return
        os.environ.setdefault(WORKSPACE, ":4096:8")
        cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
        before = (cudnn.deterministic, cudnn.benchmark, cudnn.allow_tf32, matmul.allow_tf32)
        deterministic = torch.are_deterministic_algorithms_enabled()
        warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
        tf32 = run.precision == "tf32"
        cudnn.deterministic, cudnn.benchmark, cudnn.allow_tf32, matmul.allow_tf32 = True, False, tf32, tf32
        memory: Any = torch.utils.deterministic  # filling all new memory would only cost time
        fill, memory.fill_uninitialized_memory = memory.fill_uninitialized_memory, False
        torch.use_deterministic_algorithms(True, warn_only=True)
        try:
            with sdpa_kernel(SDPBackend.MATH):  # the backward of the others is not deterministic, without a word
                yield
        finally:
            memory.fill_uninitialized_memory = fill
            torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)
            cudnn.deterministic, cudnn.benchmark, cudnn.allow_tf32, matmul.allow_tf32 = before


def check_numerics(study: Study, device: torch.device) -> None:
    """Raise `StudyError` where a device cannot compute as a study says."""
    if "tf32" in study.precision and device.type != "cuda":
        raise StudyError(f"precision = 'tf32' is of NVIDIA GPUs, and the device is {device}; leave it out")
    compiler = os.environ.get("CXX", "")
    if any(study.compile) and device.type == "cpu" and not any(map(shutil.which, (compiler, "g++", "clang++"))):
        raise StudyError("compile = true needs a C++ compiler; install g++, or leave compile out")
