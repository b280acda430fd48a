"""The folder of a study: what may be written into it, and in which order."""

import errno
import json
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Self

from reluctant.core.atomic_files import delete_partial_files, quarantine, write_atomically
from reluctant.core.environment import environment_id, without_home
from reluctant.core.errors import StudyError
from reluctant.core.lock import LOCK_FILE
from reluctant.records.looks import needed_runs
from reluctant.records.parts import Json, RecordError
from reluctant.records.schema import NO_RECIPE, DataRecord, LookRecord, RunRecord
from reluctant.records.side_files import (
    DATA,
    ENVIRONMENTS,
    FAILED,
    HISTORY,
    LOOK_FILE,
    read_data,
    read_environments,
    read_history,
    read_looks,
)  # fmt: skip
from reluctant.records.store import Store
from reluctant.study import RECIPE, Run, Study, study_changes

RUNS, CHECKPOINTS, WEIGHTS, FIGURES, DAMAGED = "runs", "checkpoints", "weights", "figures", "damaged"
NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EROFS)
INITIAL_WEIGHTS = ": initial weights"  # behind the name of a network, in a record's sources: it keeps its own
SUBFOLDERS = (RUNS, FAILED, ENVIRONMENTS, DATA, CHECKPOINTS, WEIGHTS, FIGURES)


@dataclass(frozen=True)
class Origin:
    """What the numbers of a record depend on beside its run: recipe, data, the user's own code."""

    recipe: int
    dataset: str
    data: str
    sources: Mapping[str, str]

    @classmethod
    def of(cls, record: RunRecord) -> Self:
        """The origin of a record."""
        return cls(record.recipe, record.run.dataset, record.data, record.sources)


def _permission_hint(fault: OSError) -> str:
    return "; ask its owner for the permission, or choose another folder with -o" if fault.errno in NOT_ALLOWED else ""


@dataclass(frozen=True)
class StudyDir:
    """A study's folder, new or to be continued."""

    path: Path

    @property
    def store(self) -> Store:
        """The records of the finished runs."""
        return Store(self.path / RUNS)

    @property
    def _study_file(self) -> Path:
        return self.path / "study.toml"

    def check_compatible(self, study: Study) -> None:
        """`StudyError` where this folder holds other files or a study that this one does not extend; writes nothing."""
        try:
            if self._study_file.is_file():
                if changes := study_changes(Study.read(self._study_file), study):
                    listed = "\n".join(f"  {change}" for change in changes)
                    raise StudyError(
                        f"{self.path} holds another study. A study may be extended there, but this would "
                        f"change it:\n{listed}\nUndo the change, or choose another folder with -o."
                    )
            elif self.path.exists() and any(
                # what a writer leaves who was killed before the study had been written
                not (p.name == LOCK_FILE or (p.name.startswith(".") and p.name.endswith(".part")))
                for p in self.path.iterdir()
            ):
                raise StudyError(f"{self.path} holds other files and no study; choose another folder with -o")
        except OSError as fault:
            raise StudyError(
                f"{self.path} cannot be read: {fault.strerror or fault}{_permission_hint(fault)}"
            ) from None

    def write_study(self, study: Study) -> None:
        """Write the study into its folder, after the same check; a change of the study goes into its history.

        Raises:
            StudyError: As `check_compatible`, and where the folder cannot be written.
        """
        self.check_compatible(study)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if self._study_file.is_file():
                self._record_change(Study.read(self._study_file), study)
            write_atomically(self._study_file, study.to_toml(objects=True))
        except OSError as fault:
            raise StudyError(
                f"{self.path} cannot be written: {fault.strerror or fault}{_permission_hint(fault)}"
            ) from None

    def _record_change(self, before: Study, after: Study) -> None:
        old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
        grows = after.until_decided is not None and before.until_decided is not None  # its looks are recorded
        changed = {key: [old[key], new[key]] for key in new if old[key] != new[key] and not (grows and key == "seed")}
        if changed:
            line = {"date": date.today().isoformat(), "looked": len(self.store) > 0, "changed": changed}
            path = self.path / HISTORY
            write_atomically(path, f"{path.read_text('utf-8') if path.is_file() else ''}{json.dumps(line)}\n")

    def needed(self, study: Study) -> list[Run]:
        """The runs of the study, in its order; of one that grows until all is decided, those of its looks so far."""
        return needed_runs(study, self.looks)

    def missing(self, study: Study) -> list[Run]:
        """The runs of the study that have no record yet, in the study's order."""
        store = self.store
        return [run for run in self.needed(study) if run.key not in store]

    @property
    def looks(self) -> tuple[LookRecord, ...]:
        """The looks at a study that grows until all is decided."""
        return read_looks(self.path)[0]

    @property
    def grows(self) -> bool:
        """Whether the study in this folder is one that grows until all is decided."""
        return self._study_file.is_file() and Study.read(self._study_file).until_decided is not None

    def add_look(self, record: LookRecord) -> None:
        """Write a look behind the earlier ones."""
        path = self.path / LOOK_FILE
        before = path.read_text("utf-8") if path.is_file() else ""
        write_atomically(path, f"{before}{json.dumps(record.model_dump())}\n")

    def continued(self, study: Study) -> Study:
        """The study with its seeds in the order in which they joined it: verdicts hold at every look in that order."""
        if study.sources or not self._study_file.is_file():
            return study
        stored = Study.read(self._study_file).seed
        if study.until_decided is not None:
            return study if len(stored) <= len(study.seed) else study.model_copy(update={"seed": stored})
        known = set(stored) <= set(study.seed)  # else it is another study, which is refused
        return study.model_copy(update={"seed": tuple(dict.fromkeys((*stored, *study.seed)))}) if known else study

    def recover(self) -> tuple[list[Origin], list[str]]:
        """Clean the folder before work begins: the origins of its records, and messages for the user.

        Damaged files are moved to `damaged/`, and their runs trained again. What killed writers left half
        written is deleted, and so are checkpoints of finished runs.
        """
        origins, messages = [], []
        for folder in (self.path / name for name in SUBFOLDERS):
            if folder.exists() and not folder.is_dir():
                moved = quarantine(folder, self.path / DAMAGED)
                messages.append(f"{folder} is a file where a folder belongs. It was moved to {moved}.")
        for folder in (self.path, *(self.path / name for name in SUBFOLDERS)):
            delete_partial_files(folder)
        for key in list(self.store):
            try:
                origins.append(Origin.of(self.store.read(key)))
            except RecordError as error:
                moved = quarantine(self.store.path(key), self.path / DAMAGED)
                messages.append(f"{error}. It was moved to {moved}, and its run will be trained again.")
            else:
                self._remove_checkpoint(key)
        for read in (read_environments, read_data, read_history, read_looks):
            for path in read(self.path)[1]:
                messages.append(f"{path} is damaged. It was moved to {quarantine(path, self.path / DAMAGED)}.")
        return origins, messages

    def check_origins(
        self, data: Mapping[str, str], sources: Mapping[str, str] | None = None, origins: Iterable[Origin] | None = None
    ) -> None:
        """Make sure that new runs, by the SHA-256 of today's data and of the user's code, belong to the records here.

        Raises:
            StudyError: A record comes from another recipe, from other data or from other code.
        """
        if origins is None:
            origins = [Origin.of(self.store.read(key)) for key in list(self.store)]
        for origin in origins:
            if origin.recipe not in (RECIPE, NO_RECIPE):
                raise StudyError(
                    f"{self.path} was trained by recipe {origin.recipe}, and this version uses recipe {RECIPE}: their "
                    "numbers do not mix. Choose a new folder with -o; this one can still be reported."
                )
            now = data.get(origin.dataset, origin.data)
            if now != origin.data:
                raise StudyError(
                    f"the {origin.dataset} data are not those that {self.path} was trained on (SHA-256 "
                    f"{origin.data[:12]}… there, {now[:12]}… now). Restore the old data, or choose a new folder "
                    f"with -o."
                )
            for name in sources or {}:
                head = name.removesuffix(INITIAL_WEIGHTS)
                if head != name and head in origin.sources and name not in origin.sources:
                    raise StudyError(
                        f"{head} draws its initial weights itself, and {self.path} was trained by a version that drew "
                        f"them anew; the numbers would be mixed. Choose a new folder with -o; with init = 'pytorch' "
                        f"they are drawn anew there too."
                    )
            for name, source in origin.sources.items():
                if (sources or {}).get(name, source) != source:
                    raise StudyError(
                        f"the code of {name} is not the code that {self.path} was trained with; old and new "
                        f"numbers would be mixed. Restore the old code, or choose a new folder with -o."
                    )

    def save(self, run: Run, record: RunRecord, attempts: int = 1) -> None:
        """Write a finished run's record and its environment; delete its checkpoint and its failure."""
        changes: Json = {}
        if isinstance(record.environment, dict):
            changes["environment"] = environment_id(record.environment)
            self.save_environment(record.environment)
        if record.provenance is not None:
            changes["provenance"] = record.provenance.model_copy(update={"attempts": attempts})
        self.store.add(run.key, record.model_copy(update=changes))
        self._remove_checkpoint(run.key)
        self._failure(run).unlink(missing_ok=True)

    def save_data(self, description: DataRecord) -> None:
        """Write what is known of the data: classes, sizes, the targets of the test split."""
        (self.path / DATA).mkdir(exist_ok=True)
        text = json.dumps(description.model_dump(exclude_unset=True), indent=1) + "\n"
        write_atomically(self.path / DATA / f"{description.sha256[:16]}.json", text)

    def save_environment(self, environment: Json) -> None:
        """Write a description of this machine, under the name that its records have for it."""
        (self.path / ENVIRONMENTS).mkdir(exist_ok=True)
        path = self.path / ENVIRONMENTS / f"{environment_id(environment)}.json"
        if not path.is_file():
            write_atomically(path, json.dumps(environment, indent=1) + "\n")

    def save_failure(self, run: Run, cause: str) -> None:
        """Write why a run failed; the next `reluctant run` tries it again."""
        self._failure(run).parent.mkdir(exist_ok=True)
        write_atomically(self._failure(run), f"{run.activation}, seed {run.seed}\n\n{without_home(cause)}\n")

    def remove_empty_checkpoints(self) -> None:
        """Remove the folder of checkpoints when none is left."""
        with suppress(OSError):
            (self.path / CHECKPOINTS).rmdir()

    def _remove_checkpoint(self, key: str) -> None:
        """The file of our own loop, and the folder of a user's training."""
        (self.path / CHECKPOINTS / f"{key}.pt").unlink(missing_ok=True)
        shutil.rmtree(self.path / CHECKPOINTS / key, ignore_errors=True)

    def _failure(self, run: Run) -> Path:
        return self.path / FAILED / f"{run.key}.txt"
