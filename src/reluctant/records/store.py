"""One JSON file per finished run, written whole or not at all."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reluctant.core.atomic_files import write_atomically
from reluctant.core.canonical_json import digest, dumps
from reluctant.core.errors import StudyError

Record = dict[str, Any]


def without_seconds(value: Any) -> Any:
    """The value without any `seconds` or `provenance`, at any depth: what two equal runs have in common."""
    if isinstance(value, Mapping):
        return {k: without_seconds(v) for k, v in value.items() if k not in ("seconds", "provenance")}
    if isinstance(value, list | tuple):
        return [without_seconds(item) for item in value]
    return value


def checksum(record: Mapping[str, Any]) -> str:
    """The sum a record carries: of itself without timings and without the sum."""
    return digest(without_seconds({k: v for k, v in record.items() if k != "sha256"}))


class Store:
    """The records of a folder, by key: `runs/<key>.json`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.json"

    def __contains__(self, key: str) -> bool:
        return self._path(key).is_file()

    def __len__(self) -> int:
        return sum(1 for _ in self.keys())

    def keys(self) -> Iterator[str]:
        """The keys of all records, sorted."""
        if self.folder.is_dir():
            yield from sorted(p.stem for p in self.folder.glob("*.json") if not p.name.startswith("."))

    def add(self, key: str, record: Record) -> None:
        """Write a record, with its sum. Safe against a crash at any moment.

        ValueError for NaN and infinities, which no JSON can hold.
        """
        record = json.loads(dumps(record))  # what will be read back: lists for tuples, texts as keys
        self.folder.mkdir(parents=True, exist_ok=True)
        write_atomically(self._path(key), dumps({**record, "sha256": checksum(record)}) + "\n")

    def __getitem__(self, key: str) -> Record:
        """A record; KeyError where there is none, `StudyError` where it cannot be trusted."""
        path = self._path(key)
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            trusted = isinstance(record, dict) and record.get("sha256") == checksum(record)
        except FileNotFoundError:
            raise KeyError(key) from None
        except (ValueError, RecursionError):
            raise StudyError(f"{path} is not a whole JSON file; delete it and run again") from None
        if not trusted:
            raise StudyError(f"{path} does not match its own sum; delete it and run again")
        return dict(record)

    def __iter__(self) -> Iterator[Record]:
        for key in self.keys():
            yield self[key]
