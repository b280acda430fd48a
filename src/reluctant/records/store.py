"""One JSON file per finished run, written whole or not at all, read and upgraded through the schema."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reluctant.core.atomic_files import naming, write_atomically
from reluctant.core.canonical_json import digest, dumps
from reluctant.records.parts import Json, RecordError
from reluctant.records.schema import SCHEMA, RunRecord, upgraded
from reluctant.records.side_files import json_files

LARGEST = 2**28  # bytes of a record; a folder of others may hold anything
WHOLE = "whole_sha256"  # the checksum of all that a file holds, timings too
UNTIMED = ("seconds", "provenance", WHOLE)  # what two equal trainings of a run may differ in


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


def _is_as_written(text: str) -> bool:
    """Whether a file holds what `Store.add` wrote, byte for byte: its last key is the checksum of all before it.

    This takes a twentieth of the time of the other checksum, which leaves numbers out of the middle. False does not
    mean that the file is damaged: a key of the user's may stand behind, an older version wrote no such checksum.
    """
    ending = len(f',"{WHOLE}":"{64 * "0"}"}}\n')
    before = text[:-ending] + "}"
    return text == f'{before[:-1]},"{WHOLE}":"{hashlib.sha256(before.encode()).hexdigest()}"}}\n'


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
        return (path.stem for path in json_files(self.folder))

    def add(self, key: str, record: RunRecord | Json) -> None:
        """Write a record with its checksum, safe against a crash at any moment; `ValueError` for NaN and infinity."""
        content = record.to_json() if isinstance(record, RunRecord) else record
        content = json.loads(dumps(content))  # as it will be read: lists for tuples, texts as keys
        self.folder.mkdir(parents=True, exist_ok=True)
        content.pop(WHOLE, None)  # of the file that it was read from
        content = {**content, "sha256": checksum(content)}
        write_atomically(self.path(key), dumps({**content, WHOLE: digest(content)}) + "\n")

    def content(self, key: str) -> Json:
        """The JSON of a record; `KeyError` where there is none, `RecordError` where its checksum is not right."""
        path = self.path(key)
        try:
            with naming(path):
                if (size := path.stat().st_size) > LARGEST:
                    raise RecordError(f"{path} has {size:,} bytes, and no record has more than {LARGEST:,}")
                text = path.read_text(encoding="utf-8")
            content = json.loads(text)
            if not (trusted := _is_as_written(text)):
                trusted = isinstance(content, dict) and content.get("sha256") == checksum(content)
                if trusted and WHOLE in content:  # records of 0.1.0 have none
                    trusted = content[WHOLE] == digest({key: value for key, value in content.items() if key != WHOLE})
        except FileNotFoundError:
            raise KeyError(key) from None
        except RecordError:
            raise
        except (ValueError, RecursionError):  # NaN and half characters have no checksum
            raise RecordError(f"{path} is not a complete JSON file") from None
        if not trusted:
            raise RecordError(f"{path} is damaged: its checksum does not match")
        return {key: value for key, value in content.items() if key != WHOLE}

    def read(self, key: str) -> RunRecord:
        """A record that can be trusted, of the run that its name promises; raises as `content`, and says why."""
        content = self.content(key)
        try:
            record = RunRecord.read(content)
        except RecordError as error:
            raise RecordError(f"{self.path(key)} is no record of a run: {error}") from None
        if record.run.key != key:
            raise RecordError(f"{self.path(key)} holds the record of another run, {record.run.key}")
        return record


def upgrade_records(folder: Path) -> tuple[int, int, list[str]]:
    """Write every record of a folder in today's schema: how many were upgraded, how many had it, and what is wrong."""
    store, count, current, damaged = Store(folder / "runs"), 0, 0, []
    for key in list(store):
        try:
            content = store.content(key)
            if content.get("schema", 1) == SCHEMA:
                current += 1
                continue
            store.read(key)
        except RecordError as error:
            damaged.append(str(error))
        else:
            store.add(key, {k: v for k, v in upgraded(content).items() if k != "sha256"})
            count += 1
    return count, current, damaged
