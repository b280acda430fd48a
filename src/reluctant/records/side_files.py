"""The files beside the records: environments, descriptions of data, history, tracebacks of failures.

One rule for all: a file that cannot be read as what its name promises is damaged. Reading goes on without it
and names it; the next `reluctant run` moves it to `damaged/`.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from reluctant.core.environment import environment_id
from reluctant.records.parts import Json, RecordError, Schema
from reluctant.records.schema import DataRecord, HistoryRecord, LookRecord

ENVIRONMENTS, DATA, HISTORY, LOOK_FILE, FAILED = "environments", "data", "history.jsonl", "looks.jsonl", "failed"
T = TypeVar("T")
S = TypeVar("S", bound=Schema)


def read_environments(folder: Path) -> tuple[dict[str, Json], list[Path]]:
    """The environments by name, and the damaged files."""
    return _read_all(folder / ENVIRONMENTS, _environment)


def read_data(folder: Path) -> tuple[dict[str, DataRecord], list[Path]]:
    """What is known of the data, by SHA-256, and the damaged files."""
    by_stem, damaged = _read_all(folder / DATA, lambda path: DataRecord.read(_json(path)))
    return {each.sha256: each for each in by_stem.values()}, damaged


def read_history(folder: Path) -> tuple[tuple[HistoryRecord, ...], list[Path]]:
    """The changes of the study, oldest first, and the file itself where it is damaged."""
    return _read_lines(folder / HISTORY, HistoryRecord)


def read_looks(folder: Path) -> tuple[tuple[LookRecord, ...], list[Path]]:
    """The looks at a study that grows until all is decided, oldest first, and the file itself where it is damaged."""
    return _read_lines(folder / LOOK_FILE, LookRecord)


def _read_lines(path: Path, schema: type[S]) -> tuple[tuple[S, ...], list[Path]]:
    if not path.exists():
        return (), []
    try:
        lines = path.read_text("utf-8").splitlines()
        return tuple(schema.read(json.loads(line)) for line in lines), []
    except (OSError, ValueError, RecursionError):
        return (), [path]


def read_failure(folder: Path, key: str) -> str:
    """Why a run failed, without the line that names the run; empty where no file says it."""
    path = folder / FAILED / f"{key}.txt"
    text = path.read_text("utf-8", errors="replace") if path.is_file() else ""
    name, _, cause = text.partition("\n\n")
    return cause if ", seed " in name and "\n" not in name else text


def json_files(folder: Path) -> Iterator[Path]:
    """The JSON files of a folder, sorted; those of an interrupted writer and of macOS begin with a dot."""
    if folder.is_dir():
        yield from sorted(path for path in folder.glob("*.json") if not path.name.startswith("."))


def _read_all(folder: Path, read: Callable[[Path], T]) -> tuple[dict[str, T], list[Path]]:
    values: dict[str, T] = {}
    damaged = []
    for path in json_files(folder):
        try:
            values[path.stem] = read(path)
        except (OSError, ValueError, RecursionError):  # a RecordError is a ValueError
            damaged.append(path)
    return values, damaged


def _environment(path: Path) -> Json:
    content = _json(path)
    if not isinstance(content, dict) or environment_id(content) != path.stem:
        raise RecordError(f"{path} is not the environment that its name is the hash of")
    return content


def _json(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))
