"""What is handed to an engine: everything that belongs to the place. Imports torch only when it works."""

from collections.abc import Generator
from dataclasses import dataclass

from reluctant.store import Record
from reluctant.study import Run


@dataclass(frozen=True)
class Worker:
    """Trains runs at one place. Picklable, so that it travels to a process once, at its start.

    `folder` is the study's, `data` the folder of data sets (None: as `reluctant.data.root` finds it); `first`
    is a run whose data and imports a waiting process may fetch already.
    """

    folder: str
    data: str | None = None
    device: str = "auto"
    first: Run | None = None

    def __call__(self, run: Run) -> Generator[Record, None, Record]:
        """Train one run: yield every epoch as it ends, return the record."""
        from reluctant.training import carry_out

        return carry_out(run, self.folder, self.data, self.device)

    def warm(self) -> None:
        """Do what the first run will need and no run changes: imports, data, loading compiled kernels."""
        if self.first is not None:
            from reluctant.training import rehearse

            rehearse(self.first, self.data, self.device)
