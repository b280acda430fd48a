"""The work that trains a study's runs on any engine. It imports torch only when it trains."""

import platform
from collections.abc import Generator, Hashable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reluctant.catalogue import DATASETS
from reluctant.core.user_objects import unpack_objects
from reluctant.engines.events import Turn
from reluctant.engines.packs import Pack
from reluctant.records.parts import EpochRecord, ReportedEpoch
from reluctant.records.schema import RunRecord
from reluctant.study import Run

_prepared: set[Run] = set()  # in this process, with seed 0


@dataclass(frozen=True)
class TrainingWork:
    """Trains runs; a `Work` for engines. Picklable: a process receives it once, at its start.

    `folder` is the study's folder, `data` the folder of data sets (None: the usual one, see
    `reluctant.data.data_folder`). `first` is a run whose data and imports an idle process may already load.
    """

    folder: str
    data: str | None = None
    device: str = "auto"
    first: Run | None = None
    objects: bytes = b""  # packed session objects, for names such as `here:MyNet`
    timed: bool = False  # whether the time of a run is limited; what it compiles then comes before it

    def __call__(self, run: Run) -> Generator[EpochRecord | ReportedEpoch | str, None, RunRecord]:
        """Train one run: yield the record of every epoch, return the whole record."""
        from reluctant.training import train_run

        unpack_objects(self.objects)
        training: Any = train_run(run, self.folder, self.data, self.device)
        return training  # type: ignore[no-any-return]

    def in_turns(self, run: Run) -> Generator[EpochRecord | str | Turn, None, RunRecord]:
        """Train one run of a pack: as when called, and a `Turn` before the steps of every epoch."""
        from reluctant.training import EpochSteps, train_run

        unpack_objects(self.objects)
        training = train_run(run, self.folder, self.data, self.device, in_turns=True)
        try:
            while True:
                value = next(training)
                yield Turn(value) if isinstance(value, EpochSteps) else value
        except StopIteration as end:
            record: RunRecord = end.value
            return record
        finally:
            training.close()

    def open_pack(self) -> Pack:
        """What carries out the steps of several runs."""
        from reluctant.training import TrainingPack

        return TrainingPack()

    def pack_key(self, run: Run) -> Hashable:
        """Runs of a pack share the data and the number of threads."""
        return run.dataset, run.train_fraction, run.seed_for("split"), run.pixels, run.threads

    def provide_data(self, run: Run) -> Generator[str, None, None]:
        """Download the published data set of a run if this machine lacks it, with a message about it, and load it.

        Raises:
            ReluctantError: The data cannot be had or read on this machine.
        """
        from reluctant.data import data_folder, fetch
        from reluctant.data.folder import find_file
        from reluctant.training import load_run_data

        name, folder = DATASETS.canonical(run.dataset), Path(self.data) if self.data else None
        row = None if name.is_user_defined else DATASETS[name.head]
        if row and any(find_file(data_folder(folder) / row.subfolder, file) is None for file in row.files):
            path = fetch(run.dataset, folder, log=lambda text: None)
            yield f"{row.title} was fetched to {path} on {platform.node()}"
        unpack_objects(self.objects)
        load_run_data(run, self.data)

    def prepare(self, run: Run) -> None:
        """Load the data and compile the kernels of a run whose time is limited, once for every kind of run."""
        from reluctant.training import warm_up

        kind = replace(run, seed=0)
        if self.timed and kind not in _prepared:
            _prepared.add(kind)
            unpack_objects(self.objects)
            warm_up(run, self.data, self.device)

    def warm_up(self) -> None:
        """Do in advance what the first run needs: imports, data, loading compiled kernels."""
        if self.first is not None:
            from reluctant.training import warm_up

            unpack_objects(self.objects)
            warm_up(self.first, self.data, self.device)
