"""The work that lets a training of the user's own train a study's runs on any engine."""

import copy
import shutil
import tempfile
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reluctant.core.canonical_json import digest
from reluctant.core.code_hash import code_hash
from reluctant.core.names import parse
from reluctant.core.user_code import SESSION_MODULE
from reluctant.core.user_objects import SESSION_OBJECTS, load_user_object, unpack_objects
from reluctant.records.parts import EpochRecord, ReportedEpoch
from reluctant.records.reported_run import diverged_epoch
from reluctant.records.schema import NO_RECIPE, SCHEMA, Provenance, RunRecord
from reluctant.study import Run


@dataclass(frozen=True)
class SessionTraining:
    """A function of a Python session, with what `reluctant.compare` was given for each arm."""

    function: Callable[..., Any]
    values: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, trial: Any, **keywords: Any) -> Any:
        """Train one run."""
        return self.function(trial, **keywords)

    @property
    def source_hash(self) -> str:
        """The hash of the function alone: an arm may be added later."""
        return code_hash(self.function)

    @staticmethod
    def checksums_of(head: str) -> dict[str, str]:
        """The hash of what was given for each arm, by arm; empty for another function."""
        training = SESSION_OBJECTS.get(head.partition(":")[2])
        values = (
            training.values if isinstance(training, SessionTraining) and head.startswith(f"{SESSION_MODULE}:") else {}
        )
        return {arm: code_hash(value) for arm, value in values.items()}


def copy_of(value: Any) -> Any:
    """A copy of what was given for an arm; the thing itself where it cannot be copied, such as a module of Python."""
    try:
        return copy.deepcopy(value)
    except Exception:
        return value


@dataclass(frozen=True)
class TrialWork:
    """Trains runs by functions or commands of the user's; a `Work` for engines, picklable.

    `folder` is the study's folder, `directory` the one in which commands run. `sources` are the checksums of the code
    by function or command: those of the process that began the study, in which all of it was checked.
    """

    folder: str
    device: str = "auto"
    directory: str = "."
    objects: bytes = b""  # packed session objects
    sources: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    fresh: bool = False  # whether what an earlier attempt left is removed, for the check of repeatability

    def __call__(self, run: Run) -> Generator[EpochRecord | ReportedEpoch | str, None, RunRecord]:
        """Train one run: yield every report, return the record."""
        from reluctant.training.machine import describe_machine, limit_threads, select_device
        from reluctant.trials.reports import CODE, Reports

        unpack_objects(self.objects)
        began = datetime.now(UTC).isoformat(timespec="seconds")
        shared = Path(self.folder).is_dir()  # else this machine does not share the study's folder
        root = Path(self.folder) / "checkpoints" if shared else Path(tempfile.mkdtemp(prefix="reluctant-"))
        folder, code = root / run.key, digest(self._sources_of(run))
        left = folder / CODE
        made_by = left.read_text() if left.is_file() else ""
        if self.fresh or made_by != code:
            shutil.rmtree(folder, ignore_errors=True)
            if made_by and not self.fresh:
                yield "what an earlier attempt left was made by other code, and is removed"
        reports, device = Reports(folder, code), select_device(self.device)
        resumed = len(reports.epochs)
        if resumed:
            yield f"begins again; {resumed} epochs had been reported before it was interrupted"
        try:
            with limit_threads(run.threads):
                if run.train:
                    yield from self._by_function(run, device, folder, reports)
                else:
                    yield from self._by_command(run, folder, reports)
        finally:
            if not shared:
                shutil.rmtree(root, ignore_errors=True)
        ended = datetime.now(UTC).isoformat(timespec="seconds")
        return RunRecord.model_validate(
            {
                "schema": SCHEMA,
                "run": run,
                "recipe": NO_RECIPE,
                "diverged": diverged_epoch(reports.epochs),
                "reports": reports.epochs,
                "sources": self._sources_of(run),
                "environment": describe_machine(device),
                "provenance": Provenance(began=began, ended=ended, resumed_after_epoch=resumed),
            }
        )

    def _sources_of(self, run: Run) -> dict[str, str]:
        """The checksums of the code of one run; of the arms only its own."""
        sources = self.sources.get(run.train or run.command, {})
        return {name: each for name, each in sources.items() if name.partition("arm ")[2] in ("", run.activation)}

    def _by_function(self, run: Run, device: Any, folder: Path, reports: Any) -> Generator[ReportedEpoch, None, None]:
        from reluctant.trials.function import train_by_function
        from reluctant.trials.trial import NO_VALUE, Trial, seed_everything

        name = parse(run.train)
        function = load_user_object(name.head, "train")
        values = function.values if isinstance(function, SessionTraining) else {}
        value = values.get(run.activation.removeprefix(f"{SESSION_MODULE}:"), NO_VALUE)
        if value is not NO_VALUE:
            value = copy_of(value)  # a run may change it, and the next one has its own
        seed_everything(int(run.seed))
        yield from train_by_function(
            function, dict(name.arguments), lambda emit: Trial(run, device, folder, reports, emit, value), reports,
            name.head.rpartition(":")[2],
        )  # fmt: skip

    def _by_command(self, run: Run, folder: Path, reports: Any) -> Generator[ReportedEpoch, None, None]:
        from reluctant.trials.command import run_command

        rows = run_command(run.command, run, folder.resolve(), self.directory)
        reports.epochs.clear()
        for epoch, scores in rows:
            yield reports.add(scores, epoch, "the result of the command")

    def warm_up(self) -> None:
        """Import in advance what every training needs."""
        import torch  # noqa: F401

        unpack_objects(self.objects)
