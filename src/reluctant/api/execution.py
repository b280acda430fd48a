"""Where and how the runs of a study are executed: the engine, its processes, devices and packs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from reluctant.analysis.labels import count
from reluctant.core.environment import cores
from reluctant.core.errors import StudyError
from reluctant.core.graphics_cards import graphics_cards
from reluctant.engines import Engine, local, serial
from reluctant.study import Run

ENGINES = ("local", "serial", "ray", "slurm")
_ENGINES_OF = {
    "workers": ("local", "slurm"), "timeout": ("local", "ray", "slurm"), "address": ("ray",),
    "gpus_per_run": ("ray", "slurm"), "slurm": ("slurm",), "pack": ("local", "serial", "ray"),
}  # fmt: skip
PACK_ON_A_CARD = 20  # runs; a prototype on an H100 gained no more beyond 8 of them


@dataclass(frozen=True)
class ExecutionOptions:
    """Where and how runs are executed, as `run` describes it; no option affects a result."""

    engine: str = "local"
    workers: int | None = None
    device: str = "auto"
    data: str | Path | None = None
    timeout: float | None = None
    address: str | None = None
    gpus_per_run: float = 0.0
    pack: int | None = None  # runs that train side by side in one process
    check_repeatable: bool = False  # whether a training of the user's own is tried twice before the study
    allow_modules: tuple[str, ...] = ()  # installed packages that the study may name
    study_file: Path | None = None  # modules beside it may be named
    slurm: Mapping[str, Any] = field(default_factory=dict)  # options of `sbatch`

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise StudyError(f"there is no engine {self.engine!r}; there are {', '.join(ENGINES)}")
        if self.engine == "slurm" and self.gpus_per_run != int(self.gpus_per_run):
            raise StudyError(f"--gpus-per-run {self.gpus_per_run:g}: Slurm gives whole GPUs; use --engine ray to share")
        for option, engines in _ENGINES_OF.items():
            if getattr(self, option) and self.engine not in engines:
                flag = "--run-timeout" if option == "timeout" else f"--{option.replace('_', '-')}"
                others = " or ".join(f"--engine {engine}" for engine in engines)
                raise StudyError(f"{flag} (in Python {option}) works only with {others}; leave it out or add {others}")

    def parallel_runs(self, runs: list[Run]) -> int:
        """How many processes train side by side: as given, else as many as GPUs, cores or Slurm's queue allow."""
        if self.workers is not None and self.workers < 1:
            raise StudyError(f"{self.workers} workers cannot train anything; give at least 1")
        if self.engine == "slurm":
            from reluctant.engines.slurm import MOST_JOBS

            return min(self.workers or MOST_JOBS, len(runs))
        usual = len(self.cards) or max(1, cores() // max(run.threads for run in runs))
        return 1 if self.engine == "serial" else min(self.workers or usual, len(runs))

    @property
    def cards(self) -> list[str]:
        """The GPUs of this machine on which runs train; empty where the device is another."""
        cards = graphics_cards(str(self.device))
        if not cards:
            return []
        from reluctant.training import select_device  # torch, only where there may be something to find

        return cards if select_device(self.device).type == "cuda" else []

    def pack_size(self, runs: list[Run]) -> int:
        """How many runs train side by side in one process: as given, else many on a GPU and one on a processor.

        Raises:
            StudyError: A training of the user's own is to train in packs.
        """
        own = any(run.reported for run in runs)
        if self.pack is not None and self.pack < 1:
            raise StudyError(f"a pack of {self.pack} runs cannot train; give at least 1")
        if self.pack is not None and self.pack > 1 and own:
            raise StudyError("--pack (in Python pack) is for our own training loop; leave it out with train or command")
        return self.pack or (PACK_ON_A_CARD if self.cards and not own else 1)

    def remarks(self, runs: list[Run]) -> list[str]:
        """What the user should know before the runs train."""
        workers, cards = self.parallel_runs(runs), len(self.cards)
        if self.engine != "local" or not cards or workers <= cards:
            return []
        share = f"{count(workers, 'process', 'processes')} share {count(cards, 'GPU')}"
        return [f"{share}; one process for each GPU, with its runs in a pack, is faster: leave --workers out"]

    def build_engine(self, runs: list[Run], folder: Path) -> Engine:
        """The engine for these runs of the study in a folder."""
        if self.engine == "serial":
            return partial(serial, pack=self.pack_size(runs))
        if self.engine == "local":
            workers, pack = self.parallel_runs(runs), self.pack_size(runs)
            return partial(local, workers=workers, timeout=self.timeout, pack=pack, cards=self.cards)
        if self.engine == "slurm":
            from reluctant.engines.slurm import slurm_engine

            return partial(
                slurm_engine, folder=folder, options=self.slurm, most=self.parallel_runs(runs), timeout=self.timeout,
                gpus_per_run=self.gpus_per_run,
            )  # fmt: skip
        from reluctant.engines.ray import ray_engine

        return partial(
            ray_engine, address=self.address, gpus_per_run=self.gpus_per_run, timeout=self.timeout, pack=self.pack or 1
        )
