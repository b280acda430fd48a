"""Work for the tests of Ray: it says where it is carried out, and waits where it is told to."""

import os
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reluctant.core.errors import StudyError
from reluctant.engines.training_work import TrainingWork
from reluctant.study import Run
from tests.engine_work import Steps
from tests.engine_work import work as usual


def placed(run: str) -> Steps:
    """An epoch that names this process and its raylet; a run `wait FIFO` then waits for somebody to write."""
    yield {"epoch": 1, "process": os.getpid(), "raylet": os.getppid()}
    if run.startswith("wait "):
        Path(run.partition(" ")[2]).read_text()
    return {"run": run, "process": os.getpid(), "raylet": os.getppid()}


@dataclass(frozen=True)
class Placed:
    """The training of a run, after a word about whose child the process is."""

    worker: TrainingWork

    def __call__(self, run: Run) -> Generator[Any, None, Any]:
        yield f"raylet {os.getppid()}"
        return (yield from self.worker(run))


@dataclass(frozen=True)
class Provider:
    """Work that needs something at its place first."""

    there: bool

    def provide_data(self, run: str) -> Generator[str, None, None]:
        if not self.there:
            raise StudyError("put the files there by hand")
        yield f"fetched what {run} needs"

    def __call__(self, run: str) -> Steps:
        return usual(run)


def surroundings(run: str) -> Steps:
    """What a run finds around it: threads as set by others, the folder, where modules come from."""
    yield {"epoch": 1}
    import random

    return {
        "run": run,
        "threads": os.environ.get("OMP_NUM_THREADS"),
        "folder": str(Path.cwd()),
        "random": random.__file__,
    }
