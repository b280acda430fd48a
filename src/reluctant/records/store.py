"""One JSON file per finished run, written whole or not at all, read and upgraded through the schema."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reluctant.core.atomic_files import write_atomically
from reluctant.core.canonical_json import digest, dumps
from reluctant.core.errors import ReluctantError
from reluctant.records.schema import SCHEMA, Json, RecordError, RunRecord, upgraded

UNTIMED = ("seconds", "provenance")  # what two equal trainings of a run may differ in


def without_seconds(value: Any) -> Any:
    """The value without any `seconds` or `provenance`, at any depth: what two equal runs have in common."""
    if isinstance(value, Mapping):
        return {k: without_seconds(v) for k, v in value.items() if k not in UNTIMED}
    if isinstance(value, list | tuple):
        return [without_seconds(item) for item in value]
    return value


def checksum(content: Mapping[str, Any]) -> str:
    """The checksum that a record carries: of itself without timings and without the checksum."""
    return digest(without_seconds({k: v for k, v in content.items() if k != "sha256"}))


class Store:
    """The records of a folder, by key: `runs/<key>.json`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, key: str) -> Path:
        """The file of a record."""
        return self.folder / f"{key}.json"

    def __contains__(self, key: str) -> bool:
        return self.path(key).is_file()

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __iter__(self) -> Iterator[str]:
        """The keys of all records, sorted."""
        if self.folder.is_dir():
            yield from sorted(p.stem for p in self.folder.glob("*.json") if not p.name.startswith("."))

    def add(self, key: str, record: RunRecord | Json) -> None:
        """Write a record, with its checksum. Safe against a crash at any moment.

        Raises:
            ValueError: NaN or infinity, which JSON cannot hold.
        """
        content = record.to_json() if isinstance(record, RunRecord) else record
        content = json.loads(dumps(content))  # as it will be read: lists for tuples, texts as keys
        self.folder.mkdir(parents=True, exist_ok=True)
        write_atomically(self.path(key), dumps({**content, "sha256": checksum(content)}) + "\n")

    def content(self, key: str) -> Json:
        """The JSON of a record whose checksum is right.

        Raises:
            KeyError: There is no such record.
            RecordError: It is damaged.
        """
        path = self.path(key)
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise KeyError(key) from None
        except (ValueError, RecursionError):
            raise RecordError(f"{path} is not a complete JSON file") from None
        if not isinstance(content, dict) or content.get("sha256") != checksum(content):
            raise RecordError(f"{path} is damaged: its checksum does not match")
        return content

    def read(self, key: str) -> RunRecord:
        """A record that can be trusted, of the run that its name promises.

        Raises:
            KeyError: There is no such record.
            RecordError: What is wrong with it.
        """
        content = self.content(key)
        try:
            record = RunRecord.read(content)
            own_key = record.run.key
        except ReluctantError as error:  # of the schema, or of a value that no run can have
            raise RecordError(f"{self.path(key)} is no record of a run: {error}") from None
        if own_key != key:
            raise RecordError(f"{self.path(key)} holds the record of another run, {own_key}")
        return record


def upgrade_records(folder: Path) -> tuple[int, int, list[str]]:
    """Write every record of a study's folder in today's schema.

    Returns:
        How many were upgraded, how many had the schema already, and what is wrong with those that were left.
    """
    store, count, current, damaged = Store(folder / "runs"), 0, 0, []
    for key in list(store):
        try:
            content = store.content(key)
            if content.get("schema", 1) == SCHEMA:
                current += 1
                continue
            RunRecord.read(content)
        except RecordError as error:
            damaged.append(str(error))
        else:
            store.add(key, {k: v for k, v in upgraded(content).items() if k != "sha256"})
            count += 1
    return count, current, damaged
