"""One file per record: written whole or not at all, and read only when it can be trusted."""

import hashlib
import io
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reluctant.core.atomic_files import write_atomically
from reluctant.core.canonical_json import digest, dumps
from reluctant.core.errors import StudyError
from reluctant.records.store import Record, Store, checksum, without_seconds
from tests.support.strategies import json_objects, values

RECORD: Record = {"run": {"activation": "gelu", "lr": 0.006}, "epochs": [{"loss": 0.5, "é": [1, None, True]}]}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store in a folder that does not exist yet."""
    return Store(tmp_path / "out" / "runs")


def test_what_is_added_is_read_back(store: Store) -> None:
    store.add("b", RECORD)
    assert store["b"] == {**RECORD, "sha256": checksum(RECORD)}
    assert "b" in store
    assert "a" not in store


@given(json_objects)
def test_any_record_is_read_back(tmp_path_factory: pytest.TempPathFactory, record: Record) -> None:
    store = Store(tmp_path_factory.getbasetemp() / "any")
    store.add("key", record)
    assert store["key"] == {**record, "sha256": checksum(record)}


def test_what_json_writes_otherwise_is_read_back_as_json_has_it(store: Store) -> None:
    store.add("key", {"pair": (1, {"seconds": 2}), "counts": {1: "a", 2: "b", 10: "c"}})
    assert store["key"]["pair"] == [1, {"seconds": 2}]
    assert store["key"]["counts"] == {"1": "a", "2": "b", "10": "c"}


def test_an_empty_store(store: Store) -> None:
    assert (len(store), list(store), list(store.keys()), "a" in store) == (0, [], [], False)
    with pytest.raises(KeyError, match="a"):
        store["a"]


def test_a_store_goes_through_its_records_by_key(store: Store) -> None:
    for key in "cab":
        store.add(key, {"key": key})
    assert list(store.keys()) == ["a", "b", "c"]
    assert [record["key"] for record in store] == ["a", "b", "c"]
    assert len(store) == 3


def test_a_record_may_be_replaced(store: Store) -> None:
    store.add("a", {"n": 1})
    store.add("a", {**store["a"], "n": 2})
    assert store["a"] == {"n": 2, "sha256": checksum({"n": 2})}


def test_other_files_are_no_records(store: Store) -> None:
    store.add("a", RECORD)
    for name in (".a.json.123.part", ".hidden.json", "a.json.part", "notes.txt", "a.json~"):
        (store.folder / name).write_text("half a rec")
    assert list(store.keys()) == ["a"]
    assert len(list(store)) == 1


def test_the_file_is_canonical_json_with_its_sum(store: Store) -> None:
    store.add("a", {"z": 1, "a": "é"})
    total = hashlib.sha256('{"a":"é","z":1}'.encode()).hexdigest()
    assert (store.folder / "a.json").read_text("utf-8") == f'{{"a":"é","sha256":"{total}","z":1}}\n'


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_no_record_holds_what_json_cannot(number: float, store: Store) -> None:
    with pytest.raises(ValueError, match="JSON"):
        store.add("a", {"epochs": [{"loss": number}]})
    assert "a" not in store
    with pytest.raises(ValueError, match="JSON"):
        dumps(number)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "half",
        "[1]",
        "3",
        "null",
        "{}",
        '{"a":1}',
        '{"a":1,"sha256":"00"}',
        '{"a":1,"sha256":null}',
        '{"a":1,"sha256":["x"]}',
        '{"a":NaN,"sha256":"00"}',
        '{"a":1e999,"sha256":"00"}',
        '{"a":"\\ud800","sha256":"00"}',
        '{"a":' + "9" * 5000 + "}",
        "[" * 100_000,
    ],
    ids=lambda text: text[:24],
)
def test_a_foreign_file_is_a_fault(text: str, store: Store) -> None:
    store.add("a", RECORD)
    (store.folder / "a.json").write_text(text)
    with pytest.raises(StudyError, match=r"a\.json .*; delete it and run again"):
        store["a"]
    with pytest.raises(StudyError):
        list(store)


def test_a_file_that_is_no_text_is_a_fault(store: Store) -> None:
    store.add("a", RECORD)
    (store.folder / "a.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StudyError, match="is not a whole JSON file"):
        store["a"]


def trusted(store: Store, content: bytes) -> bool:
    """Whether the store reads a record from this content."""
    (store.folder / "a.json").write_bytes(content)
    try:
        return bool(store["a"])
    except StudyError:
        return False


def test_no_flipped_bit_passes(store: Store) -> None:
    store.add("a", RECORD)
    whole = (store.folder / "a.json").read_bytes()
    flipped = [
        whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :]
        for at in range(len(whole))
        for bit in range(8)
    ]
    assert trusted(store, whole)
    assert [content for content in flipped if trusted(store, content)] == []


def test_no_truncated_file_passes(store: Store) -> None:
    store.add("a", RECORD)
    whole = (store.folder / "a.json").read_bytes().rstrip(b"\n")
    assert [length for length in range(len(whole)) if trusted(store, whole[:length])] == []


def test_seconds_are_not_in_the_sum() -> None:
    timed = {"seconds": 3, "epochs": [{"n": 1, "seconds": {"train": 2.5}}, [({"seconds": 1},)]]}
    assert without_seconds(timed) == {"epochs": [{"n": 1}, [[{}]]]}
    assert checksum(timed) == checksum({"epochs": [{"n": 1}, [[{}]]]})
    assert checksum(timed) != checksum({"epochs": [{"n": 2}, [[{}]]]})


@given(json_objects, json_objects)
def test_any_other_content_has_another_sum(one: Record, other: Record) -> None:
    same = dumps(without_seconds(one)) == dumps(without_seconds(other))
    assert (checksum(one) == checksum(other)) == same


@given(json_objects, st.text("0123456789abcdef"), values)
def test_a_sum_ignores_itself_and_every_timing(record: Record, total: str, seconds: object) -> None:
    wrapped = {"inner": [record, {"seconds": seconds}]}
    assert checksum({**wrapped, "sha256": total, "seconds": seconds}) == checksum({"inner": [record, {}]})


@given(json_objects)
def test_a_digest_knows_no_order_of_keys(value: dict[str, Any]) -> None:
    assert digest(dict(reversed(value.items()))) == digest(value)
    assert json.loads(dumps(value)) == value


def test_a_digest_is_the_sha256_of_canonical_json() -> None:
    assert (
        digest({"b": [1.5, None], "a": "é"})
        == hashlib.sha256('{"a":"é","b":[1.5,null]}'.encode()).hexdigest()
    )


class HalfWritten(io.BytesIO):
    """A file on a disk that becomes full."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def write(self, data: bytes) -> NoReturn:  # type: ignore[override]
        with open(self.path, "wb") as file:  # noqa: PTH123 (`Path.open` is what is replaced)
            file.write(data[: len(data) // 2])
        raise OSError(28, "No space left on device")


def refuse(*args: object, **keywords: object) -> NoReturn:
    raise OSError(5, "Input/output error")


def interrupt(*args: object, **keywords: object) -> NoReturn:
    raise KeyboardInterrupt


def full_disk(patch: pytest.MonkeyPatch) -> None:
    real = Path.open

    def half(self: Path, mode: str = "r", **keywords: Any) -> Any:
        return HalfWritten(self) if mode == "wb" and self.suffix == ".part" else real(self, mode, **keywords)

    patch.setattr(Path, "open", half)


ACCIDENTS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "open": lambda patch: patch.setattr(Path, "open", refuse),
    "write": full_disk,
    "fsync": lambda patch: patch.setattr(os, "fsync", refuse),
    "interrupt": lambda patch: patch.setattr(os, "fsync", interrupt),
    "replace": lambda patch: patch.setattr(Path, "replace", refuse),
}


@pytest.mark.parametrize("accident", ACCIDENTS)
@pytest.mark.parametrize("old", [None, "old\n"])
def test_a_failed_write_leaves_the_old_content(
    accident: str, old: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    if old is not None:
        path.write_text(old)
    with monkeypatch.context() as patch:
        ACCIDENTS[accident](patch)
        with pytest.raises((OSError, KeyboardInterrupt)):
            write_atomically(path, "new content\n")
    assert [p.name for p in tmp_path.iterdir()] == ([] if old is None else ["a.json"])
    assert old is None or path.read_text() == old


@pytest.mark.parametrize("refused", ["open", "fsync"])
def test_a_folder_that_cannot_be_synced_has_the_new_content(
    refused: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real: Callable[..., Any] = getattr(os, refused)
    folder = tmp_path.stat().st_ino

    def fussy(what: Any, *args: Any, **keywords: Any) -> Any:
        if (os.fstat if isinstance(what, int) else os.lstat)(what).st_ino == folder:
            raise PermissionError(what)
        return real(what, *args, **keywords)

    with monkeypatch.context() as patch:
        patch.setattr(os, refused, fussy)
        write_atomically(tmp_path / "a.json", "new\n")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("a.json", "new\n")]


def test_a_write_is_synced_before_its_name_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    sync, replace = os.fsync, Path.replace

    def noted_sync(handle: int) -> None:
        steps.append("sync folder" if Path(f"/proc/self/fd/{handle}").resolve() == tmp_path else "sync file")
        sync(handle)

    def noted_replace(self: Path, target: Path) -> Path:
        steps.append(f"replace {self.read_text()}")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    write_atomically(tmp_path / "a.json", "new")
    assert steps == ["sync file", "replace new", "sync folder"]


def test_a_text_that_is_no_utf8_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        write_atomically(tmp_path / "a.json", "\ud800")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_addition_leaves_the_record_and_its_trust(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add("a", {"n": 1})
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        with pytest.raises(OSError, match=re.escape("Input/output error")):
            store.add("a", {"n": 2})
    assert store["a"]["n"] == 1
    assert list(store.keys()) == ["a"]
