"""Verification of folders: sound ones have no contradictions; records, data and machines that differ are found."""

import base64
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import reluctant
from reluctant.cli.main import CANNOT, DONE, SOME_FAILED, execute
from reluctant.core.environment import environment_id
from reluctant.records.store import Store
from reluctant.records.study_records import StudyRecords
from reluctant.report import write_report
from reluctant.study import RECIPE, Study
from reluctant.verification.folder import verify_folders
from tests.support.records import record
from tests.support.small import SMALL
from tests.support.verified import (
    STUDY,
    Record,
    add_images,
    contradictions,
    forge,
    move_image,
    read_data,
    record_files,
    set_loss,
    snapshot,
    verify,
)


def test_a_sound_folder_is_left_as_it_is(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_report(read_data(folder), folder)
    before = snapshot(folder)
    status, out, err = verify(capsys, folder)
    assert (status, err) == (DONE, "")
    assert out == f"{folder}: small, 4 of 4 runs have a record that can be read\nno contradictions\n"
    assert snapshot(folder) == before


def test_an_unfinished_folder_is_sound(folder: Path) -> None:
    record_files(folder)[0].unlink()
    assert contradictions(folder) == []
    assert [str(f) for f in verify_folders(folder).findings] == [
        f"{folder / 'report.html'}: is not there; `reluctant report` draws it"
    ]
    shutil.rmtree(folder / "runs")
    assert contradictions(folder) == []


def test_without_a_study_there_is_nothing_to_verify(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folders in ([tmp_path / "none"], [folder, tmp_path / "none"]):
        status, _, err = verify(capsys, *folders)
        assert status == CANNOT
        assert "holds no study" in err


def test_a_diverged_run_is_sound(tmp_path: Path) -> None:
    names = ["tests.support.own_activations:Exploding", "tests.support.own_activations:Gate"]
    reluctant.run(Study(model=SMALL, activation=names, seed=[0], epochs=2), tmp_path / "s", engine="serial")
    assert StudyRecords.read(tmp_path / "s").runs[0].diverged == 1
    assert contradictions(tmp_path / "s") == []


def reclassify_image(record: Record) -> None:
    """An image of class 1 is one of class 0."""
    add_images(record, "valid", 0)
    add_images(record, "valid", 1, by=-1)


SHARED: dict[str, tuple[Callable[[Record], Any], str]] = {
    "recipe": (lambda r: r.update(recipe=9), f"its recipe is 9, and {RECIPE} in"),
    "data": (lambda r: r.update(data="f" * 64), f"SHA-256 of the data digits is {'f' * 64}, and "),
    "code": (lambda r: r["sources"].update({SMALL: "e" * 64}), f"SHA-256 of the code {SMALL} is {'e' * 64}"),
    "images": (reclassify_image, "number of valid images by class (digits at train_fraction 0.92"),
}


@pytest.mark.parametrize("which", SHARED)
def test_a_record_that_is_not_like_the_others_is_found(folder: Path, which: str) -> None:
    change, message = SHARED[which]
    path = forge(record_files(folder)[0], change)  # the first is not taken for the rule
    lines = contradictions(folder)
    assert [line for line in lines if line.startswith(f"{path}: ") and message in line], lines
    assert not [line for line in lines if not line.startswith(str(path))]


def test_test_labels_that_no_record_has_are_found(folder: Path) -> None:
    (path,) = (folder / "data").glob("*.json")
    description = json.loads(path.read_text())
    labels = bytearray(base64.b64decode(description["test_labels"]))
    labels[0] = (labels[0] + 1) % 10
    path.write_text(json.dumps({**description, "test_labels": base64.b64encode(labels).decode()}))
    assert len([line for line in contradictions(folder) if line.endswith(f"in {path}")]) == 4


@pytest.mark.parametrize("content", ["{", "[]", '{"sha256": "x"}'])
def test_a_description_of_data_that_is_none_is_found(folder: Path, content: str) -> None:
    (path,) = (folder / "data").glob("*.json")
    path.write_text(content)
    assert [
        line
        for line in contradictions(folder)
        if line == f"{path}: is no description of data; copy it again, or let `reluctant run` write it"
    ]


def test_a_description_of_data_under_another_name_is_found(folder: Path) -> None:
    (path,) = (folder / "data").glob("*.json")
    other = path.rename(path.with_name("0000.json"))
    assert [line for line in contradictions(folder) if line.startswith(f"{other}: describes the data")]


def test_environments_are_there_and_are_what_they_are_called(folder: Path) -> None:
    (path,) = (folder / "environments").glob("*.json")
    content = path.read_text()
    path.write_text(content.replace('"cores"', '"kernels"'))
    assert contradictions(folder) == [
        f"{path}: is not what its name is the hash of: the description of the machine was changed"
    ]
    path.unlink()
    (line,) = contradictions(folder)
    assert f"and there is no {path}; copy it from the folder" in line
    path.write_text(content)
    forge(record_files(folder)[0], lambda r: r.update(environment="../../x"))
    assert "names the environment '../../x', which is not a name of one" in contradictions(folder)[0]


def test_damaged_renamed_and_foreign_files(folder: Path) -> None:
    first, second, third, _ = record_files(folder)
    first.write_text(first.read_text()[:-100])
    second.write_text(second.read_text().replace('"lr":0.001', '"lr":0.002', 1))
    renamed = third.rename(third.with_name("0" * 20 + ".json"))
    foreign = record(next(iter(Study(activation="elu", seed=5).runs())))
    Store(folder / "runs").add(key := Study(activation="elu", seed=5).runs().__next__().key, foreign)
    (folder / "runs" / "notes.txt").write_text("mine")
    findings = {f.path.name: (f.is_contradiction, f.message) for f in verify_folders(folder).findings}
    again = "; `reluctant run` moves it to damaged/ and trains its run again"
    assert findings[first.name] == (True, f"is not a complete JSON file{again}")
    assert findings[second.name] == (True, f"is damaged: its checksum does not match{again}")
    assert findings[renamed.name] == (True, f"holds the record of another run, {third.stem}{again}")
    assert findings[f"{key}.json"] == (
        False, "is foreign: the study has no such run (elu, seed 5); it counts nowhere")  # fmt: skip
    assert findings["notes.txt"][0] is False


def test_a_damaged_history_is_found(folder: Path) -> None:
    path = folder / "history.jsonl"
    for content in ("{", '{"date": "today"}', "[1]"):
        path.write_text(content + "\n")
        message = f"{path}: is damaged: the changes of the study cannot be read from it"
        assert message in contradictions(folder)


def test_the_exit_status_and_the_number_of_contradictions(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    forge(record_files(folder)[0], lambda r: move_image(r, "test"))
    status, out, err = verify(capsys, folder)
    assert (status, err) == (SOME_FAILED, "")
    assert f"  contradiction: {record_files(folder)[0]}: its test_predictions give" in out
    assert out.endswith("1 contradiction\n")


def part(trained: Path, to: Path, seed: int) -> Path:
    """The folder of the same study with one seed alone, as another machine would have trained it."""
    study = STUDY.model_copy(update={"seed": (seed,)})
    shutil.copytree(trained, to)
    (to / "study.toml").write_text(study.to_toml())
    keys = {run.key for run in study.runs()}
    for path in record_files(to):
        if path.stem not in keys:
            path.unlink()
    return to


def test_folders_merge_by_copying(trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = part(trained, tmp_path / "one", 0), part(trained, tmp_path / "other", 1)
    status, out, _ = verify(capsys, one, other)
    assert status == DONE
    assert f"{other}: has no run in common with {one}" in out
    (one / "study.toml").write_text(STUDY.to_toml())
    for name in ("runs", "environments", "data"):
        shutil.copytree(other / name, one / name, dirs_exist_ok=True)
    assert execute(["report", str(one)]) == DONE
    capsys.readouterr()
    status, out, _ = verify(capsys, one, other)
    assert (status, out.splitlines()[-1]) == (DONE, "no contradictions")
    assert "4 of 4 runs" in out
    assert len(StudyRecords.read(one)) == 4


def test_the_same_run_on_another_machine_may_take_another_time(folder: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(folder, tmp_path / "other"))
    (environment,) = (other / "environments").glob("*.json")
    changed = {**json.loads(environment.read_text()), "processor": "another"}
    (other / "environments" / f"{environment_id(changed)}.json").write_text(json.dumps(changed))

    def change(record: Record) -> None:
        record.update(environment=environment_id(changed), provenance={"began": "yesterday"})
        record["epochs"][0]["seconds"]["train"] += 1

    forge(record_files(other)[0], change)
    assert contradictions(folder, other) == []


def test_two_records_of_one_run_that_differ(folder: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(folder, tmp_path / "other"))
    path = record_files(other)[2]
    loss = json.loads(path.read_text())["epochs"][0]["loss"]["valid"]
    forge(path, set_loss(loss + 1e-9))
    assert contradictions(folder, other) == [
        f"{path}: contradicts {record_files(folder)[2]}: epochs[0].loss.valid is {loss + 1e-9}, and {loss} there"
    ]


def test_two_descriptions_of_one_data_set_that_differ(folder: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(folder, tmp_path / "other"))
    (path,) = (other / "data").glob("*.json")
    description = json.loads(path.read_text())
    path.write_text(json.dumps({**description, "classes": list("abcdefghij")}))
    assert contradictions(folder, other) == [
        f"{path}: contradicts {folder / 'data' / path.name}: it names other classes"
    ]
