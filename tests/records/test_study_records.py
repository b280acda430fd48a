"""Everything that a study's folder holds, read: runs, failures, environments, data, history, damage."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest

from reluctant.core.errors import StudyError
from reluctant.records.store import Store, checksum
from reluctant.records.study_records import StudyRecords
from reluctant.study import Run, Study
from tests.support.records import ENVIRONMENT, record, study_folder, study_records

STUDY = Study(activation=["relu", "elu"], seed=[0, 1, 2], epochs=2)


def test_runs_come_in_the_study_s_order(tmp_path: Path) -> None:
    records = study_records(tmp_path, STUDY)
    assert [result.run for result in records] == list(STUDY.runs())
    assert (len(records), records.missing, records.damaged) == (6, 0, ())
    assert records.study == STUDY
    assert records.folder == tmp_path
    (environment,) = records.environments.values()
    assert environment == ENVIRONMENT
    assert {result.record.environment for result in records} == set(records.environments)


def test_an_unfinished_study_has_missing_runs(tmp_path: Path) -> None:
    records = StudyRecords.read(study_folder(tmp_path, STUDY, skip=4))
    assert (len(records), records.missing) == (2, 4)
    nothing = StudyRecords.read(study_folder(tmp_path / "empty", STUDY, skip=6))
    assert (len(nothing), nothing.missing, list(nothing)) == (0, 6, [])


def test_failures_are_those_without_a_record(tmp_path: Path) -> None:
    study_folder(tmp_path, STUDY, skip=1)
    first, *_, last = STUDY.runs()
    (tmp_path / "failed").mkdir()
    for run in (first, last):
        (tmp_path / "failed" / f"{run.key}.txt").write_text("Traceback")
    assert StudyRecords.read(tmp_path).failures == {last: "Traceback"}


def test_a_failure_that_is_no_utf8_is_read(tmp_path: Path) -> None:
    study_folder(tmp_path, STUDY, skip=1)
    *_, last = STUDY.runs()
    (tmp_path / "failed").mkdir()
    (tmp_path / "failed" / f"{last.key}.txt").write_bytes(b"caf\xe9")
    assert StudyRecords.read(tmp_path).failures == {last: "caf\ufffd"}


def test_a_record_of_another_study_in_the_folder_is_left_alone(tmp_path: Path) -> None:
    study_folder(tmp_path, STUDY)
    other = Run("gelu", epochs=2)
    Store(tmp_path / "runs").add(other.key, record(other))
    records = StudyRecords.read(tmp_path)
    assert {result.arm for result in records} == {"relu", "elu"}
    assert records.damaged == ()


def test_a_folder_without_a_study_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="holds no study"):
        StudyRecords.read(tmp_path)


def test_damaged_files_are_named_and_reading_goes_on(tmp_path: Path) -> None:
    study_folder(tmp_path, STUDY)
    runs = list(STUDY.runs())
    store = Store(tmp_path / "runs")
    store.path(runs[0].key).write_text("{")
    store.add(runs[1].key, record(runs[2]))  # the record of another run
    content = record(runs[3]).to_json()
    content["epochs"][0]["confusion"]["test"] = [[1, 2], [3, 4]]  # another shape than in the next epoch
    store.add(runs[3].key, content)
    for name in ("environments/ab.json", "data/ab.json", "history.jsonl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("[3]")
    records = StudyRecords.read(tmp_path)
    assert [result.run for result in records] == [runs[2], *runs[4:]]
    assert sorted(records.damaged) == sorted(
        [*(f"runs/{runs[i].key}.json" for i in (0, 1, 3)), "environments/ab.json", "data/ab.json", "history.jsonl"]
    )
    assert len(records.environments) == 1


def test_an_environment_is_what_its_name_is_the_hash_of(tmp_path: Path) -> None:
    study_folder(tmp_path, STUDY)
    (path,) = (tmp_path / "environments").iterdir()
    path.write_text(json.dumps({**ENVIRONMENT, "cores": 64}))
    records = StudyRecords.read(tmp_path)
    assert records.environments == {}
    assert records.damaged == (f"environments/{path.name}",)


def test_the_truth_of_the_test_split_comes_from_the_data(tmp_path: Path) -> None:
    study_folder(tmp_path, STUDY)
    labels = np.arange(200) % 10
    data = {
        "name": "digits",
        "sha256": "1" * 64,
        "classes": list("0123456789"),
        "images": {"train": 3, "valid": 2, "test": 200},
        "test_labels": base64.b64encode(labels.astype(np.uint8).tobytes()).decode(),
    }
    (tmp_path / "data").mkdir()
    path = tmp_path / "data" / "1.json"
    path.write_text(json.dumps(data))
    records = StudyRecords.read(tmp_path)
    assert records.data["1" * 64].images["test"] == 200
    for result in records:
        assert result.truth is not None
        assert result.truth.tolist() == labels.tolist()
    path.write_text(json.dumps({**data, "test_labels": "abc"}))
    assert {result.truth is None for result in StudyRecords.read(tmp_path)} == {True}


def test_a_file_that_cannot_be_opened_is_damage(tmp_path: Path) -> None:
    study_folder(tmp_path, STUDY)
    first = next(STUDY.runs())
    path = Store(tmp_path / "runs").path(first.key)
    path.unlink()
    path.symlink_to(path)  # a loop
    records = StudyRecords.read(tmp_path)
    assert len(records) == 5  # to the system such a file is not there
    assert first not in [result.run for result in records]


def test_hidden_files_of_other_programs_are_no_side_files(tmp_path: Path) -> None:
    study_folder(tmp_path, STUDY)
    (tmp_path / "environments" / "._ab.json").write_bytes(b"\xff")
    assert StudyRecords.read(tmp_path).damaged == ()


def test_only_added_seeds_after_results_make_an_extended_study(tmp_path: Path) -> None:
    study_folder(tmp_path, STUDY)
    change = {"date": "2026-01-01", "looked": True, "changed": {"about": ["", "more"]}}
    for looked, key, extended in ((True, "about", False), (False, "seed", False), (True, "seed", True)):
        line = {**change, "looked": looked, "changed": {key: [[0], [0, 1]]}}
        (tmp_path / "history.jsonl").write_text(json.dumps(line) + "\n")
        assert StudyRecords.read(tmp_path).extended_after_looking == extended


def test_old_records_are_read_as_new_ones(tmp_path: Path) -> None:
    """A record of schema 1 names no schema, and its run lacks the fields of later versions."""
    study_folder(tmp_path, STUDY)
    store, run = Store(tmp_path / "runs"), next(STUDY.runs())
    content = store.content(run.key)
    del content["schema"], content["sha256"]
    content["run"] = {"activation": "relu", "seed": 0, "epochs": 2}
    store.add(run.key, content)
    first = StudyRecords.read(tmp_path).runs[0]
    assert first.run == run
    assert first.record.to_json()["run"] == {"activation": "relu", "seed": 0, "epochs": 2}
    assert store.read(run.key).sha256 == checksum(content)
