"""A description of this machine and its software: an allow-list, never the whole environment."""

import os
import platform
import re
import sys
from importlib import metadata
from pathlib import Path

from reluctant.core.canonical_json import digest

# Environment variables that may change numbers or speed. No other variable is ever recorded.
SETTINGS = (
    "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENBLAS_CORETYPE", "MKL_CBWR",
    "ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES", "NUMBA_DISABLE_JIT",
    "CUBLAS_WORKSPACE_CONFIG", "CUDA_VISIBLE_DEVICES", "NVIDIA_TF32_OVERRIDE",
)  # fmt: skip
PACKAGES = ("reluctant", "torch", "numpy", "scipy", "scikit-learn", "numba", "llvmlite")


def version(package: str) -> str:
    """Return the installed version of a package, or 'missing'."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "missing"


def processor() -> str:
    """Return the processor's name as the system reports it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def cores() -> int:
    """Return the number of processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1


def killed_for_memory() -> int:
    """Return how many processes the system has killed for lack of memory (Linux cgroups; otherwise 0)."""
    try:
        lines = Path("/sys/fs/cgroup/memory.events").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))


def commit() -> str:
    """Return the commit of the source checkout in use; empty for an installed package."""
    git = Path(__file__).parents[3] / ".git"
    try:
        head = (git / "HEAD").read_text().strip()
        if not head.startswith("ref: "):
            return head
        return (git / head.removeprefix("ref: ")).read_text().strip()
    except OSError:
        return ""


def without_home(text: str) -> str:
    """Return a text, such as a traceback, without the folders of users: folders of results are given to others."""
    return re.sub(r"(?<![\w.])(?:/home|/Users|[A-Za-z]:\\Users)[/\\][^/\\\s\"]+(?=[/\\])", "~", _replace_home(text))


def _replace_home(text: str) -> str:
    home = os.path.expanduser("~")  # noqa: PTH111  (Path.home() fails where there is none)
    return text.replace(home + os.sep, f"~{os.sep}") if len(home) > 1 else text


def describe_environment() -> dict[str, object]:
    """Return versions, hardware and settings: the same for every run on a machine."""
    return {
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "system": platform.system(),
        "machine": platform.machine(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "commit": commit(),
        "settings": {name: os.environ[name] for name in SETTINGS if name in os.environ},
        "packages": {name: version(name) for name in PACKAGES},
    }


def environment_id(description: dict[str, object]) -> str:
    """Return the short hash of a description. A record holds it, and it names the file in `environments/`."""
    return digest(description)[:16]
