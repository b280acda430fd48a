"""What this machine and its software are: an allow-list, never the whole environment."""

import os
import platform
import sys
from importlib import metadata
from pathlib import Path

from reluctant.store import digest

PACKAGES = ("reluctant", "torch", "numpy", "scipy", "scikit-learn", "numba", "llvmlite")


def version(package: str) -> str:
    """A package's installed version, or 'missing'."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "missing"


def processor() -> str:
    """The processor's name as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def cores() -> int:
    """How many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1


def describe() -> dict[str, object]:
    """Versions and hardware, the same for every run on a machine."""
    return {
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "system": platform.system(),
        "machine": platform.machine(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def name_of(description: dict[str, object]) -> str:
    """The short hash that a record carries and that names the file in `environments/`."""
    return digest(description)[:16]
