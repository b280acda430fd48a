"""The store: one file per record, read only when it can be trusted."""

import hashlib
import json
import os
import re
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reluctant.core.canonical_json import digest, dumps
from reluctant.records.parts import Json, RecordError
from reluctant.records.store import Store, checksum, without_seconds
from reluctant.study import Run
from tests.support.records import record
from tests.support.strategies import json_objects, values

CONTENT: Json = {
    "run": {"activation": "gelu", "lr": 0.006},
    "epochs": [{"loss": 0.5, "seconds": {"train": 2.5}, "é": [1, None, True]}],
    "provenance": {"attempts": 1},
}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store in a folder that does not exist yet."""
    return Store(tmp_path / "out" / "runs")


def test_a_record_is_read_back(store: Store) -> None:
    run = Run("prelu", 1, epochs=2)
    store.add(run.key, record(run))
    stored = store.read(run.key)
    assert stored == record(run).model_copy(update={"sha256": stored.sha256})
    assert stored.sha256 == checksum(store.content(run.key))
    assert run.key in store
    assert Run("elu").key not in store


def test_the_content_is_read_back(store: Store) -> None:
    store.add("b", CONTENT)
    assert store.content("b") == {**CONTENT, "sha256": checksum(CONTENT)}
    assert "b" in store
    assert "a" not in store


@given(json_objects)
def test_any_content_is_read_back(tmp_path_factory: pytest.TempPathFactory, content: Json) -> None:
    store = Store(tmp_path_factory.getbasetemp() / "any")
    store.add("key", content)
    assert store.content("key") == {**content, "sha256": checksum(content)}


def test_what_json_writes_otherwise_is_read_back_as_json_has_it(store: Store) -> None:
    store.add("key", {"pair": (1, {"seconds": 2}), "counts": {1: "a", 2: "b", 10: "c"}})
    assert store.content("key")["pair"] == [1, {"seconds": 2}]
    assert store.content("key")["counts"] == {"1": "a", "2": "b", "10": "c"}


def test_an_empty_store(store: Store) -> None:
    assert (len(store), list(store), "a" in store) == (0, [], False)
    with pytest.raises(KeyError, match="a"):
        store.content("a")
    with pytest.raises(KeyError, match="a"):
        store.read("a")


def test_keys_are_sorted(store: Store) -> None:
    for key in "cab":
        store.add(key, {"key": key})
    assert list(store) == ["a", "b", "c"]
    assert [store.content(key)["key"] for key in store] == ["a", "b", "c"]
    assert len(store) == 3


def test_a_record_may_be_replaced(store: Store) -> None:
    store.add("a", {"n": 1})
    store.add("a", {**store.content("a"), "n": 2})
    assert store.content("a") == {"n": 2, "sha256": checksum({"n": 2})}


def test_other_files_are_no_records(store: Store) -> None:
    store.add("a", CONTENT)
    for name in (".a.json.123.part", ".hidden.json", "a.json.part", "notes.txt", "a.json~"):
        (store.folder / name).write_text("half a rec")
    assert list(store) == ["a"]
    assert len(store) == 1


def test_the_file_is_canonical_json_with_its_checksum(store: Store) -> None:
    store.add("a", {"z": 1, "a": "é"})
    total = hashlib.sha256('{"a":"é","z":1}'.encode()).hexdigest()
    content = f'{{"a":"é","sha256":"{total}","z":1'
    whole = hashlib.sha256(f"{content}}}".encode()).hexdigest()
    assert store.path("a").read_text("utf-8") == f'{{"a":"é","sha256":"{total}","whole_sha256":"{whole}","z":1}}\n'


def test_a_record_of_an_older_version_has_one_checksum(store: Store) -> None:
    store.add("a", CONTENT)
    content = json.loads(store.path("a").read_text("utf-8"))
    del content["whole_sha256"]
    store.path("a").write_text(dumps(content), "utf-8")
    assert store.content("a") == content


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_no_record_holds_what_json_cannot(number: float, store: Store) -> None:
    with pytest.raises(ValueError, match="JSON"):
        store.add("a", {"epochs": [{"loss": number}]})
    assert "a" not in store
    with pytest.raises(ValueError, match="JSON"):
        dumps(number)


FOREIGN = {
    "": "is not a complete JSON file",
    "half": "is not a complete JSON file",
    "[1]": "is damaged: its checksum does not match",
    "3": "is damaged: its checksum does not match",
    "null": "is damaged: its checksum does not match",
    "{}": "is damaged: its checksum does not match",
    '{"a":1}': "is damaged: its checksum does not match",
    '{"a":1,"sha256":"00"}': "is damaged: its checksum does not match",
    '{"a":1,"sha256":null}': "is damaged: its checksum does not match",
    '{"a":1,"sha256":["x"]}': "is damaged: its checksum does not match",
    '{"a":NaN,"sha256":"00"}': "is not a complete JSON file",
    '{"a":1e999,"sha256":"00"}': "is not a complete JSON file",
    '{"a":"\\ud800","sha256":"00"}': "is not a complete JSON file",
    '{"a":' + "9" * 5000 + "}": "is not a complete JSON file",
    "[" * 100_000: "is not a complete JSON file",
}


@pytest.mark.parametrize(("text", "message"), FOREIGN.items(), ids=lambda text: text[:24])
def test_a_foreign_file_is_a_fault(text: str, message: str, store: Store) -> None:
    store.add("a", CONTENT)
    store.path("a").write_text(text)
    for read in (store.content, store.read):
        with pytest.raises(RecordError) as error:
            read("a")
        assert str(error.value) == f"{store.path('a')} {message}"


def test_a_file_that_is_no_text_is_a_fault(store: Store) -> None:
    store.add("a", CONTENT)
    store.path("a").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecordError, match="is not a complete JSON file"):
        store.content("a")


def test_a_file_that_is_too_large_for_a_record_is_not_read(store: Store) -> None:
    store.add("b", CONTENT)
    with store.path("b").open("wb") as file:
        file.truncate(2**28 + 1)  # it takes no space on the disk
    with pytest.raises(RecordError, match=r"has 268,435,457 bytes, and no record has more than 268,435,456"):
        store.content("b")


def trusted(store: Store, content: bytes) -> bool:
    """Whether the store reads a record from this content."""
    store.path("a").write_bytes(content)
    try:
        return bool(store.content("a"))
    except RecordError:
        return False


def test_no_flipped_bit_passes(store: Store) -> None:
    store.add("a", CONTENT)
    whole = store.path("a").read_bytes()
    flipped = [
        whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :] for at in range(len(whole)) for bit in range(8)
    ]
    assert trusted(store, whole)
    assert [content for content in flipped if trusted(store, content)] == []


def test_no_truncated_file_passes(store: Store) -> None:
    store.add("a", CONTENT)
    whole = store.path("a").read_bytes().rstrip(b"\n")
    assert [length for length in range(len(whole)) if trusted(store, whole[:length])] == []


def test_seconds_and_provenance_are_not_in_the_checksum() -> None:
    epochs = [{"n": 1, "seconds": {"train": 2.5}}, [({"seconds": 1},)]]
    timed = {"seconds": 3, "provenance": {"attempts": 2}, "epochs": epochs}
    assert without_seconds(timed) == {"epochs": [{"n": 1}, [[{}]]]}
    assert checksum(timed) == checksum({"epochs": [{"n": 1}, [[{}]]]})
    assert checksum(timed) != checksum({"epochs": [{"n": 2}, [[{}]]]})


@given(json_objects, json_objects)
def test_any_other_content_has_another_checksum(one: Json, other: Json) -> None:
    same = dumps(without_seconds(one)) == dumps(without_seconds(other))
    assert (checksum(one) == checksum(other)) == same


@given(json_objects, st.text("0123456789abcdef"), values)
def test_a_checksum_ignores_itself_and_every_timing(content: Json, total: str, seconds: object) -> None:
    wrapped = {"inner": [content, {"seconds": seconds}]}
    assert checksum({**wrapped, "sha256": total, "seconds": seconds}) == checksum({"inner": [content, {}]})


@given(json_objects)
def test_a_digest_knows_no_order_of_keys(value: dict[str, Any]) -> None:
    assert digest(dict(reversed(value.items()))) == digest(value)
    assert json.loads(dumps(value)) == value


def test_a_digest_is_the_sha256_of_canonical_json() -> None:
    text = '{"a":"é","b":[1.5,null]}'
    assert digest({"b": [1.5, None], "a": "é"}) == hashlib.sha256(text.encode()).hexdigest()


def test_a_failed_addition_leaves_the_record_as_it_was(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> NoReturn:
        raise OSError(5, "Input/output error")

    store.add("a", {"n": 1})
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        with pytest.raises(OSError, match=re.escape("Input/output error")):
            store.add("a", {"n": 2})
    assert store.content("a")["n"] == 1
    assert list(store) == ["a"]


def test_a_file_as_it_was_written_is_trusted_by_its_bytes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading five thousand records spent half of its time on a second checksum."""
    store.add("a", {"b": [1.5, "é"]})
    monkeypatch.setattr(sys.modules[Store.__module__], "checksum", lambda content: 1 / 0)
    assert store.content("a")["b"] == [1.5, "é"]
