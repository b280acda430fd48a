"""Work for the tests of Ray: it reports where it runs, and waits when a run's name says so."""

import os
import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reluctant.core.errors import DataError, StudyError
from reluctant.engines.training_work import TrainingWork
from reluctant.study import Run
from tests.support.engine_work import Steps, work


def located(run: str) -> Steps:
    """An epoch that names this process and its raylet. A run `wait FIFO` then waits until somebody writes."""
    yield {"epoch": 1, "process": os.getpid(), "raylet": os.getppid()}
    if run.startswith("wait "):
        Path(run.partition(" ")[2]).read_text()
    return {"run": run, "process": os.getpid(), "raylet": os.getppid()}


@dataclass(frozen=True)
class Located:
    """The training of a run, after a message that names the raylet of the process."""

    work: TrainingWork

    def __call__(self, run: Run) -> Generator[Any, None, Any]:
        yield f"raylet {os.getppid()}"
        return (yield from self.work(run))


@dataclass(frozen=True)
class Provider:
    """Work whose data must be provided first."""

    available: bool

    def provide_data(self, run: str) -> Generator[str, None, None]:
        if not self.available:
            raise StudyError("put the files there by hand")
        yield f"fetched what {run} needs"

    def __call__(self, run: str) -> Steps:
        return work(run)


@dataclass(frozen=True)
class LackingOn:
    """`located`, whose data one node lacks."""

    raylet: int

    def provide_data(self, _: str) -> Generator[str, None, None]:
        if os.getppid() == self.raylet:
            raise DataError("put the files there by hand")
        yield from ()

    def __call__(self, run: str) -> Steps:
        return located(run)


def surroundings(run: str) -> Steps:
    """The environment of a run: the variable for threads, the folder, where a module comes from."""
    yield {"epoch": 1}
    import random

    return {
        "run": run,
        "threads": os.environ.get("OMP_NUM_THREADS"),
        "folder": str(Path.cwd()),
        "random": random.__file__,
    }


def run_program(code: str, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run this code in a process of its own."""
    imports = "import sys\nfrom reluctant.engines.ray import ray_engine\nfrom tests.support.engine_work import work\n"
    return subprocess.run(
        [sys.executable, "-c", imports + code, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
