"""What is handed to an engine: everything that belongs to the place. Imports torch only when it works."""

import platform
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from reluctant.records.store import Record
from reluctant.study import Run


@dataclass(frozen=True)
class Worker:
    """Trains runs at one place. Picklable, so that it travels to a process once, at its start.

    `folder` is the study's, `data` the folder of data sets (None: as `reluctant.data.data_folder`
    finds it); `first` is a run whose data and imports a waiting process may fetch already.
    """

    folder: str
    data: str | None = None
    device: str = "auto"
    first: Run | None = None
    objects: bytes = b""  # of the session that asks, for what is named `here:…`

    def __call__(self, run: Run) -> Generator[Record | str, None, Record]:
        """Train one run: yield every epoch as it ends, return the record."""
        from reluctant.core.session_objects import receive
        from reluctant.training import train_run

        receive(self.objects)
        return train_run(run, self.folder, self.data, self.device)

    def provide(self, run: Run) -> Generator[str, None, None]:
        """Download the published data set of a run where this place lacks it, and say so."""
        from reluctant.catalogue import DATASETS
        from reluctant.data import data_folder, fetch
        from reluctant.data.folder import find_file

        name, folder = DATASETS.canonical(run.dataset), Path(self.data) if self.data else None
        row = None if name.is_own else DATASETS[name.head]
        if row and any(find_file(data_folder(folder) / row.name, file) is None for file in row.files):
            place = fetch(run.dataset, folder, log=lambda text: None)
            yield f"{row.title} was fetched to {place} on {platform.node()}"

    def warm(self) -> None:
        """Do what the first run will need and no run changes: imports, data, loading compiled kernels."""
        if self.first is not None:
            from reluctant.core.session_objects import receive
            from reluctant.training import warm_up

            receive(self.objects)
            warm_up(self.first, self.data, self.device)
