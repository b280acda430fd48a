"""What a Slurm job executes on its node: it trains one run, and appends the events to a file of the study's folder."""

import os
import pickle
import platform
import signal
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reluctant.core.errors import ReluctantError, StudyError
from reluctant.engines.events import Event, Failed
from reluctant.engines.ray_node import adopt_environment, version_differences
from reluctant.engines.run_queue import execute_run

LENGTH_BYTES = 8  # that stand before every event and say how long it is


@dataclass(frozen=True)
class RunJob:
    """The function of a job. Slurm may start the job several times: each start writes a file of its own.

    `payload` is the pickled pair of work and run, `driver` the `describe_driver()` of the process that submits it.
    """

    events: str  # the folder for the files of this job
    payload: bytes
    driver: Mapping[str, Any]

    def __call__(self) -> None:
        """Train the run and write its events; what fails is an event too."""
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # submitit ignores it, and a cancelled job would go on
        folder = Path(self.events)
        with (folder / f"{len(list(folder.glob('*.events'))):04}.events").open("xb") as file:
            for event in self._train():
                content = pickle.dumps(event)
                file.write(len(content).to_bytes(LENGTH_BYTES, "big") + content)
                file.flush()
                os.fsync(file.fileno())  # on a network file system others see it now

    def _train(self) -> Iterator[Event]:
        adopt_environment(self.driver)
        work, run = pickle.loads(self.payload)
        if differences := version_differences(self.driver["versions"]):
            yield Failed(run, f"node {platform.node()} has {differences}; install the same versions there")
            return

        def provide_and_train(run: Any) -> Generator[Any, None, Any]:
            try:
                yield from work.provide_data(run) if hasattr(work, "provide_data") else ()
            except ReluctantError as error:
                raise StudyError(f"node {platform.node()}: {error}") from None
            return (yield from work(run))

        yield from execute_run(provide_and_train, run)

    def checkpoint(self) -> Any:
        """What submitit submits again shortly before the time limit: the same, which continues after its last epoch."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)


class EventReader:
    """Reads the events of one job while it writes them."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.starts = 0  # how often the job has begun, as far as this has read
        self._offset = 0

    def read(self) -> Iterator[Event]:
        """Yield the complete events that were not yet read. Those of an older start are left out."""
        files = sorted(self.folder.glob("*.events"))
        if not files:
            return
        if len(files) > self.starts:
            self.starts, self._offset = len(files), 0
        with files[-1].open("rb") as file:
            file.seek(self._offset)
            content = file.read()
        while (event_bytes := content[LENGTH_BYTES:]) and len(event_bytes) >= (size := _size(content)):
            event: Event = pickle.loads(event_bytes[:size])
            self._offset += LENGTH_BYTES + size
            content = event_bytes[size:]
            yield event


def _size(content: bytes) -> int:
    return int.from_bytes(content[:LENGTH_BYTES], "big")
