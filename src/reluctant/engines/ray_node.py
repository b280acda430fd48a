"""What Ray executes on a node: compare the node with the driver, take over its environment, train a run.

This module is pickled by value. It imports nothing of `reluctant` before it is known that the node has the
same `reluctant` as the driver.
"""

import hashlib
import importlib
import importlib.util
import os
import pickle
import platform
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGES = ("torch", "numpy", "numba")  # whose versions may change numbers
DATA_VARIABLE = "RELUCTANT_DATA"
THREADS_VARIABLE = "OMP_NUM_THREADS"


def describe_driver() -> dict[str, Any]:
    """Return what a node needs to know of the process that hands out the runs."""
    return {
        "versions": installed_versions(),
        "path": [str(Path(entry).absolute()) for entry in sys.path] + [str(Path.cwd())],
        "folder": str(Path.cwd()),
        "data": os.environ.get(DATA_VARIABLE),
        "threads": os.environ.get(THREADS_VARIABLE),
    }


def installed_versions() -> dict[str, str]:
    """Return the versions that must be the same on every node, by name."""
    return {
        "Python": platform.python_version(),
        **{package: _package_version(package) for package in PACKAGES},
        "reluctant": _source_version(),
    }


def _package_version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "missing"


def _source_version() -> str:
    """The version of `reluctant` and a hash of its source, since many commits have one version."""
    spec = importlib.util.find_spec("reluctant")
    if spec is None or spec.origin is None:
        return "missing"
    folder, source_hash = Path(spec.origin).parent, hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        source_hash.update(path.relative_to(folder).as_posix().encode())
        source_hash.update(path.read_bytes())
    return f"{_package_version('reluctant')} (source {source_hash.hexdigest()[:8]})"


def version_differences(driver: Mapping[str, str]) -> str:
    """Return in words which versions differ from the driver's; empty where all are equal."""
    here = installed_versions()
    return ", ".join(
        f"{name} {here[name]} instead of {version}" for name, version in driver.items() if here[name] != version
    )


def run_remote(payload: bytes, driver: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the node's id, its name and its version differences; then, if there are none, the runs' events.

    `payload` is the pickled pair of work and runs, which are trained as one pack; `driver` is the `describe_driver()`
    of the process that sends it. Where the data of a run cannot be had, a text says why, and nothing is trained.
    """
    adopt_environment(driver)
    differences = version_differences(driver["versions"])
    ray: Any = importlib.import_module("ray")
    yield ray.get_runtime_context().get_node_id(), platform.node(), differences
    if differences:
        return
    work, runs = pickle.loads(payload)
    packs: Any = importlib.import_module("reluctant.engines.packs")
    for run in runs if hasattr(work, "provide_data") else ():
        try:
            for text in work.provide_data(run):
                yield importlib.import_module("reluctant.engines.events").Message(run, text)
        except importlib.import_module("reluctant.core.errors").ReluctantError as error:
            yield str(error)
            return
    yield from packs.execute_pack(work, runs)


def adopt_environment(driver: Mapping[str, Any]) -> None:
    """Search modules and files where the driver does, as far as its folders exist on this node."""
    path = [entry for entry in driver["path"] if Path(entry).exists()]
    sys.path[:] = [*path, *(entry for entry in sys.path if entry not in path)]
    if Path(driver["folder"]).is_dir():
        os.chdir(driver["folder"])
    if driver["data"] and Path(driver["data"]).is_dir():
        os.environ.setdefault(DATA_VARIABLE, driver["data"])
    if driver["threads"] is None:  # Ray sets this variable, but the run decides how many threads it has
        os.environ.pop(THREADS_VARIABLE, None)
