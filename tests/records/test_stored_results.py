"""The records under `results/`: read and written again they are what is stored, and they can be upgraded."""

import json
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from reluctant.cli.main import DONE, execute
from reluctant.core.canonical_json import dumps
from reluctant.records.parts import Json
from reluctant.records.schema import SCHEMA, RunRecord
from reluctant.records.store import Store, upgrade_records, without_seconds
from reluctant.records.study_records import StudyRecords
from reluctant.study import Study
from tests.support.records import study_folder

RESULTS = Path(__file__).parents[2] / "results"
ARCHIVES = sorted(RESULTS.glob("*/*.tar.xz"))
STUDY = Study(activation=["relu", "prelu"], seed=[0, 1], epochs=2)


def archived(path: Path) -> Iterator[Json]:
    """The content of every record in an archive."""
    with tarfile.open(path) as archive:
        for member in archive:
            file = archive.extractfile(member) if "/runs/" in member.name else None
            if file is not None:
                yield json.load(file)


def without_schema(content: Json) -> str:
    return dumps({key: value for key, value in content.items() if key != "schema"})


def differences(contents: Iterator[Json]) -> tuple[int, list[str]]:
    """How many records there are, and the keys of those that come back otherwise."""
    changed, count = [], 0
    for count, content in enumerate(contents, 1):  # noqa: B007
        record = RunRecord.read(content)
        if without_schema(record.to_json()) != without_schema(content):
            changed.append(record.run.key)
    return count, changed


@pytest.mark.parametrize("path", ARCHIVES, ids=lambda path: path.name)
def test_every_archived_record_comes_back_as_it_is_stored(path: Path) -> None:
    count, changed = differences(archived(path))
    assert count > 0
    assert changed == []


def test_every_record_of_the_article_comes_back_as_it_is_stored() -> None:
    store = Store(RESULTS / "article" / "runs")
    assert differences(store.content(key) for key in store) == (77, [])


def test_there_are_archives() -> None:
    names = [path.name.partition(".")[0] for path in ARCHIVES]
    assert {"replication", "replication-alone", "article-as-published", "full-size"} <= set(names)


def test_an_artificial_record_comes_back_as_it_is_stored(tmp_path: Path) -> None:
    store = Store(study_folder(tmp_path, STUDY) / "runs")
    contents = [store.content(key) for key in store]
    assert [RunRecord.read(content).to_json() for content in contents] == contents


def test_an_upgrade_brings_a_folder_to_todays_schema_and_verification_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "article"
    shutil.copytree(RESULTS / "article", folder)
    store = Store(folder / "runs")
    before = {key: store.content(key) for key in store}
    old = sum(content.get("schema", 1) == 1 for content in before.values())
    assert old == 20  # the first five seeds; the others came with schema 2
    scores = [result.score("f1") for result in StudyRecords.read(folder)]

    assert execute(["upgrade", str(folder)]) == DONE
    assert capsys.readouterr().out == f"20 records upgraded to schema {SCHEMA}, 57 had it already\n"
    after = {key: store.content(key) for key in store}
    assert {content["schema"] for content in after.values()} == {SCHEMA}
    for key, content in after.items():
        left_out = {"schema", "sha256"}
        assert {k: v for k, v in content.items() if k not in left_out} == {
            k: v for k, v in before[key].items() if k not in left_out
        }
        assert (content["sha256"] != before[key]["sha256"]) == (before[key].get("schema", 1) != SCHEMA)
    assert [result.score("f1") for result in StudyRecords.read(folder)] == scores

    assert execute(["verify", str(folder), str(RESULTS / "article")]) == DONE  # also the same as before
    assert "no contradictions" in capsys.readouterr().out
    assert execute(["upgrade", str(folder)]) == DONE
    assert capsys.readouterr().out == f"0 records upgraded to schema {SCHEMA}, 77 had it already\n"


def test_an_upgrade_leaves_damaged_records_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = Store(study_folder(tmp_path, STUDY) / "runs")
    old, broken, later, invalid = store
    content = store.content(old)
    del content["schema"]
    store.add(old, content)
    store.path(broken).write_text("{")
    store.add(later, {**store.content(later), "schema": SCHEMA + 1})
    content = store.content(invalid)
    del content["schema"], content["data"]
    store.add(invalid, content)
    left = {key: store.path(key).read_bytes() for key in (broken, later, invalid)}
    assert execute(["upgrade", str(tmp_path)]) == DONE
    printed = capsys.readouterr()
    assert printed.out == f"1 record upgraded to schema {SCHEMA}, 0 had it already\n"
    assert f"left as it is: {store.path(broken)} is not a complete JSON file" in printed.err
    later_schema = f"it has schema {SCHEMA + 1}, and this version of reluctant reads up to {SCHEMA}"
    assert f"left as it is: {store.path(later)} is no record of a run: {later_schema}" in printed.err
    assert f"left as it is: {store.path(invalid)} is no record of a run: data is missing" in printed.err
    assert {key: store.path(key).read_bytes() for key in left} == left
    assert store.content(old)["schema"] == SCHEMA


def test_an_upgrade_keeps_times_and_provenance(tmp_path: Path) -> None:
    store = Store(study_folder(tmp_path, STUDY) / "runs")
    key = next(iter(store))
    content = {**store.content(key), "provenance": {"began": "then", "attempts": 2}}
    del content["schema"]
    store.add(key, content)
    assert upgrade_records(tmp_path) == (1, 3, [])
    after = store.content(key)
    assert after["provenance"] == content["provenance"]
    assert after["epochs"] == content["epochs"]
    assert without_seconds(after)["epochs"] != after["epochs"]


def test_an_upgrade_of_a_folder_without_a_study_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["upgrade", str(tmp_path)]) != DONE
    assert "holds no study" in capsys.readouterr().err
