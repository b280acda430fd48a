"""What Ray carries out on a node: look whether the node is like the driver, settle in, begin the run.

It travels by value, and imports nothing of `reluctant` before that is known to be the driver's.
"""

import hashlib
import importlib
import importlib.util
import os
import pickle
import platform
import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGES = ("torch", "numpy", "numba")  # what else may change numbers
DATA = "RELUCTANT_DATA"
THREADS = "OMP_NUM_THREADS"


def home() -> dict[str, Any]:
    """What a run takes along of the process that hands it out."""
    return {
        "versions": versions(),
        "path": [str(Path(entry).absolute()) for entry in sys.path] + [str(Path.cwd())],
        "folder": str(Path.cwd()),
        "data": os.environ.get(DATA),
        "threads": os.environ.get(THREADS),
    }


def versions() -> dict[str, str]:
    """The versions of whatever must be the same everywhere, by name."""
    return {
        "Python": platform.python_version(),
        **{package: _version(package) for package in PACKAGES},
        "reluctant": _own(),
    }


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "missing"


def _own() -> str:
    """The version and a sum of the source, since many commits carry one version."""
    spec = importlib.util.find_spec("reluctant")
    if spec is None or spec.origin is None:
        return "missing"
    folder, total = Path(spec.origin).parent, hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        total.update(path.relative_to(folder).as_posix().encode())
        total.update(path.read_bytes())
    return f"{_version('reluctant')} (source {total.hexdigest()[:8]})"


def unlike(wanted: Mapping[str, str]) -> str:
    """What is different here, in words; empty where nothing is."""
    found = versions()
    other = [
        f"{name} {found[name]} instead of {wanted[name]}" for name in wanted if found[name] != wanted[name]
    ]
    return ", ".join(other)


def carry(parcel: bytes, home: Mapping[str, Any]) -> Iterator[Any]:
    """First the node's id, its name and what is unlike the driver there; if nothing is, the run's events.

    `parcel` is the pickled pair of work and run.
    """
    _settle(home)
    other = unlike(home["versions"])
    ray: Any = importlib.import_module("ray")
    yield ray.get_runtime_context().get_node_id(), platform.node(), other
    if not other:
        attempt = importlib.import_module("reluctant.engines.event").attempt
        work, run = pickle.loads(parcel)
        yield from attempt(_furnished(work), run)


def _settle(home: Mapping[str, Any]) -> None:
    """Look for modules and files where the driver does, as far as its folders are here too."""
    there = [entry for entry in home["path"] if Path(entry).exists()]
    sys.path[:] = [*there, *(entry for entry in sys.path if entry not in there)]
    if Path(home["folder"]).is_dir():
        os.chdir(home["folder"])
    if home["data"] and Path(home["data"]).is_dir():
        os.environ.setdefault(DATA, home["data"])
    if home["threads"] is None:  # Ray sets it; how many threads a run has is the run's business
        os.environ.pop(THREADS, None)


def _furnished(work: Any) -> Callable[[Any], Generator[Any, None, Any]]:
    """The work, once it has provided what a run needs at this place, where it knows how to."""

    def steps(run: Any) -> Generator[Any, None, Any]:
        if hasattr(work, "provide"):
            yield from work.provide(run)
        return (yield from work(run))

    return steps
