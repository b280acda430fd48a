"""The folder of a study, and what may be done in it."""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from reluctant.core.atomic_files import delete_partial_files, quarantine, write_atomically
from reluctant.core.environment import environment_id
from reluctant.core.errors import ReluctantError, StudyError
from reluctant.core.lock import LOCK_FILE as LOCK
from reluctant.records.store import Record, Store
from reluctant.study import RECIPE, Run, Study, differences

PLACES = ("runs", "failed", "environments", "data", "checkpoints", "weights", "figures")


@dataclass(frozen=True)
class Folder:
    """A study's folder, new or to be continued."""

    path: Path

    @property
    def store(self) -> Store:
        """The records of the finished runs."""
        return Store(self.path / "runs")

    def check(self, study: Study) -> None:
        """Make sure that this study may go on here. Nothing is written.

        Raises `StudyError` when the folder holds other files, or a study that this one is no growth of.
        """
        try:
            if self._file.is_file():
                changes = differences(Study.read(self._file), study)
                if changes:
                    raise StudyError(_another(self.path, changes))
            elif self.path.exists() and any(not _ours(p.name) for p in self.path.iterdir()):
                raise StudyError(f"{self.path} holds other files and no study; choose another folder with -o")
        except OSError as fault:
            raise StudyError(f"{self.path} cannot be read: {fault.strerror or fault}") from None

    def open(self, study: Study) -> None:
        """Write the study into its folder, after the same check; a change of the study is noted.

        Raises `StudyError` also when the folder cannot be written.
        """
        self.check(study)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if self._file.is_file():
                self._note(Study.read(self._file), study)
            write_atomically(self._file, study.to_toml(objects=True))
        except OSError as fault:
            raise StudyError(f"{self.path} cannot be written: {fault.strerror or fault}") from None

    @property
    def _file(self) -> Path:
        return self.path / "study.toml"

    def _note(self, before: Study, after: Study) -> None:
        """Add a line to `history.jsonl` where the study changed: what, and whether results were there."""
        old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
        changed = {key: [old[key], new[key]] for key in new if old[key] != new[key]}
        if not changed:
            return
        line = {"date": date.today().isoformat(), "looked": len(self.store) > 0, "changed": changed}
        path = self.path / "history.jsonl"
        before_it = path.read_text("utf-8") if path.is_file() else ""
        write_atomically(path, before_it + json.dumps(line) + "\n")

    def keep_data(self, description: Mapping[str, Any]) -> None:
        """Write what is known of the data: classes, sizes, the true classes of the test images."""
        (self.path / "data").mkdir(exist_ok=True)
        path = self.path / "data" / f"{description['sha256'][:16]}.json"
        write_atomically(path, json.dumps(description, indent=1) + "\n")

    def missing(self, study: Study) -> list[Run]:
        """The runs of the study that have no record yet, in the study's order."""
        store = self.store
        return [run for run in study.runs() if run.key not in store]

    def tend(self) -> tuple[list[Record], list[str]]:
        """Put the folder in order before it is worked on; the records' facts, and what there is to say.

        Records that cannot be trusted are set aside in `damaged/`, to be trained again; what killed writers
        left half written is deleted, and so are checkpoints of finished runs. The facts of a record are the
        record without its epochs.
        """
        for place in (self.path, *(self.path / name for name in PLACES)):
            delete_partial_files(place)
        facts, said = [], []
        for key in list(self.store.keys()):
            try:
                record = self._own(key)
            except ReluctantError as fault:
                kept = quarantine(self.path / "runs" / f"{key}.json", self.path / "damaged")
                said.append(f"{str(fault).partition(';')[0]}; set aside as {kept}, to be trained again")
            else:
                facts.append({name: value for name, value in record.items() if name != "epochs"})
                self._checkpoint(key).unlink(missing_ok=True)
        return facts, said

    def _own(self, key: str) -> Record:
        """The record of this name, if it can be trusted and is of the run that the name promises."""
        record = self.store[key]
        try:
            right = Run.from_dict(record["run"]).key == key
        except (KeyError, TypeError, AttributeError):
            right = False
        if not right:
            raise StudyError(
                f"{self.path / 'runs' / key}.json holds no record of the run that it is named for"
            )
        return record

    def agree(
        self,
        data: Mapping[str, str],
        sources: Mapping[str, str] | None = None,
        records: Iterable[Record] | None = None,
    ) -> None:
        """Make sure that new runs and the records here belong together.

        Raises `StudyError` where a record was made by another recipe, from other data or by other code of
        one's own (`data` and `sources` map names to SHA-256). `records` are those of the folder.
        """
        for record in self.store if records is None else records:
            if record["recipe"] != RECIPE:
                raise StudyError(
                    f"{self.path} was trained by recipe {record['recipe']}, and this version follows recipe "
                    f"{RECIPE}: their numbers do not mix. Start a new folder with -o; this one can still be "
                    f"reported."
                )
            name = record["run"]["dataset"]
            if data.get(name, record["data"]) != record["data"]:
                raise StudyError(
                    f"the {name} data are not those that {self.path} was trained on (SHA-256 "
                    f"{record['data'][:12]}… there, {data[name][:12]}… now); bring the old data back or "
                    f"start a new folder with -o"
                )
            for name, source in record.get("sources", {}).items():
                if (sources or {}).get(name, source) != source:
                    raise StudyError(
                        f"the code of {name} is not what {self.path} was trained with; old numbers and new "
                        f"ones would be mixed. Bring the old code back, or start a new folder with -o"
                    )

    def keep(self, run: Run, record: Record, attempts: int = 1) -> None:
        """Write a finished run's record and its environment; forget its checkpoint and its failures."""
        environment = record.get("environment")
        if isinstance(environment, dict):
            self.keep_environment(environment_id(environment), environment)
            record = {**record, "environment": environment_id(environment)}
        if "provenance" in record:
            record = {**record, "provenance": {**record["provenance"], "attempts": attempts}}
        self.store.add(run.key, record)
        self._checkpoint(run.key).unlink(missing_ok=True)
        self._failed(run).unlink(missing_ok=True)

    def _checkpoint(self, key: str) -> Path:
        return self.path / "checkpoints" / f"{key}.pt"

    def tidy(self) -> None:
        """Remove the folder of checkpoints when none is left."""
        with suppress(OSError):
            (self.path / "checkpoints").rmdir()

    def keep_failure(self, run: Run, cause: str) -> None:
        """Write why a run failed; it will be tried again next time."""
        self._failed(run).parent.mkdir(exist_ok=True)
        write_atomically(self._failed(run), f"{run.activation}, seed {run.seed}\n\n{cause}\n")

    def _failed(self, run: Run) -> Path:
        return self.path / "failed" / f"{run.key}.txt"

    def keep_environment(self, name: str, description: Mapping[str, Any]) -> None:
        """Write what this machine is, under the name that its records carry."""
        (self.path / "environments").mkdir(exist_ok=True)
        path = self.path / "environments" / f"{name}.json"
        if not path.is_file():
            write_atomically(path, json.dumps(description, indent=1) + "\n")


def _ours(name: str) -> bool:
    """Whether a file is what a writer leaves who was killed before the study had been written."""
    return name == LOCK or (name.startswith(".") and name.endswith(".part"))


def _another(path: Path, changes: list[str]) -> str:
    shown = "\n".join(f"  {change}" for change in changes)
    return (
        f"{path} holds another study; a study may grow there, but this would change it:\n{shown}\n"
        f"Take that back, or choose another folder with -o."
    )
