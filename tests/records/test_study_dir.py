"""The folder of a study: what may be done in it, and what is refused."""

import errno
import json
import sys
from pathlib import Path

import pytest

import reluctant
from reluctant.core.errors import StudyError
from reluctant.records.parts import RecordError
from reluctant.records.schema import DataRecord, Provenance
from reluctant.records.side_files import read_data
from reluctant.records.store import checksum
from reluctant.records.study_dir import Origin, StudyDir
from reluctant.records.study_records import StudyRecords
from reluctant.study import RECIPE, Study
from tests.support.records import record, study_folder

STUDY = Study(name="s", activation=["relu", "elu"], seed=[0, 1])


def test_a_new_folder_gets_the_study(tmp_path: Path) -> None:
    folder = StudyDir(tmp_path / "a" / "b")
    folder.write_study(STUDY)
    assert Study.read(folder.path / "study.toml") == STUDY
    assert folder.missing(STUDY) == list(STUDY.runs())


def test_a_study_may_be_extended_and_only_new_runs_are_missing(tmp_path: Path) -> None:
    folder = StudyDir(study_folder(tmp_path, STUDY))
    extended = Study(name="s", activation=["relu", "elu", "gelu"], seed=[0, 1, 2])
    folder.write_study(extended)
    missing = folder.missing(extended)
    assert len(missing) == 9 - 4
    assert all(run.activation == "gelu" or run.seed == 2 for run in missing)
    assert Study.read(tmp_path / "study.toml") == extended


def test_another_study_is_refused_with_the_difference(tmp_path: Path) -> None:
    folder = StudyDir(study_folder(tmp_path, STUDY))
    before = (tmp_path / "study.toml").read_text()
    other = Study(name="s", activation=["relu", "elu"], seed=[0, 1], lr=0.5)
    for write in (folder.check_compatible, folder.write_study):
        with pytest.raises(StudyError, match=r"lr: the folder has 0\.001, this study has 0\.5"):
            write(other)
    assert (tmp_path / "study.toml").read_text() == before


def test_checking_writes_nothing(tmp_path: Path) -> None:
    StudyDir(tmp_path / "new").check_compatible(STUDY)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear all")
    with pytest.raises(StudyError, match="holds other files and no study"):
        StudyDir(tmp_path).write_study(STUDY)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_lock_is_no_foreign_file(tmp_path: Path) -> None:
    (tmp_path / ".lock").write_text("{}")
    StudyDir(tmp_path).write_study(STUDY)
    assert (tmp_path / "study.toml").is_file()


def test_a_file_instead_of_a_folder_is_a_message(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    with pytest.raises(StudyError, match="cannot be written"):
        StudyDir(tmp_path / "x" / "y").write_study(STUDY)


def test_other_data_are_refused(tmp_path: Path) -> None:
    folder = StudyDir(study_folder(tmp_path, STUDY))
    folder.check_origins({"digits": "1" * 64})
    message = r"digits data are not those .* 111111111111… there, 222222222222… now"
    with pytest.raises(StudyError, match=message):
        folder.check_origins({"digits": "2" * 64})


def test_another_recipe_is_refused(tmp_path: Path) -> None:
    folder = StudyDir(study_folder(tmp_path, STUDY))
    path = next((tmp_path / "runs").glob("*.json"))
    folder.store.add(path.stem, {**folder.store.content(path.stem), "recipe": RECIPE + 1})
    message = f"trained by recipe {RECIPE + 1}, and this version uses recipe {RECIPE}"
    with pytest.raises(StudyError, match=message):
        folder.check_origins({})


def test_other_code_is_refused(tmp_path: Path) -> None:
    folder = StudyDir(study_folder(tmp_path, STUDY))
    origins = [Origin(RECIPE, "digits", "1" * 64, {"my:act": "a" * 64})]
    folder.check_origins({}, {"my:act": "a" * 64}, origins)
    folder.check_origins({}, {}, origins)
    with pytest.raises(StudyError, match="the code of my:act is not the code that"):
        folder.check_origins({}, {"my:act": "b" * 64}, origins)


def test_a_failure_stays_until_the_run_succeeds(tmp_path: Path) -> None:
    folder = StudyDir(tmp_path)
    folder.write_study(STUDY)
    run = next(STUDY.runs())
    folder.save_failure(run, "Traceback\nValueError: no")
    (path,) = (tmp_path / "failed").iterdir()
    assert "ValueError: no" in path.read_text()
    assert run in folder.missing(STUDY)
    folder.save(run, record(run))
    assert not path.exists()
    assert run not in folder.missing(STUDY)


def test_a_study_that_fails_its_checks_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    small = {"model": "tests.support.own_models:Small", "epochs": 1, "seed": [0], "name": "s"}
    reluctant.run(Study(activation=["relu"], **small), tmp_path, engine="serial")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    faulty = Study(activation=["relu", "tests.support.own_activations:Gat"], **small)
    with pytest.raises(StudyError, match="has no 'Gat'"):
        reluctant.run(faulty, tmp_path, engine="serial")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    corrected = Study(activation=["relu", "tests.support.own_activations:Gate"], **small)
    assert len(reluctant.run(corrected, tmp_path, engine="serial")) == 2


def test_changed_code_of_the_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    code = tmp_path / "changing_acts.py"
    code.write_text("import torch\n\ndef act(x):\n    return torch.relu(x)\n")
    small = {"model": "tests.support.own_models:Small", "epochs": 1, "name": "s", "activation": "changing_acts:act"}
    reluctant.run(Study(seed=[0], **small), tmp_path / "out", engine="serial")
    code.write_text("import torch\n\ndef act(x):\n    return torch.tanh(x)  # another one\n")
    monkeypatch.delitem(sys.modules, "changing_acts")
    with pytest.raises(StudyError, match="the code of changing_acts:act is not the code that"):
        reluctant.run(Study(seed=[0, 1], **small), tmp_path / "out", engine="serial")


def test_changes_are_in_the_history_and_an_extension_after_results_counts(tmp_path: Path) -> None:
    folder = StudyDir(study_folder(tmp_path, STUDY, skip=4))
    more = Study(name="s", activation=["relu", "elu"], seed=[0, 1, 2])
    folder.write_study(more)
    assert not StudyRecords.read(tmp_path).extended_after_looking  # there were no results yet
    run = next(more.runs())
    folder.save(run, record(run))
    folder.write_study(Study(name="s", activation=["relu", "elu"], seed=[0, 1, 2, 3]))
    records = StudyRecords.read(tmp_path)
    assert records.extended_after_looking
    assert [change.looked for change in records.history] == [False, True]
    assert records.history[1].changed == {"seed": [[0, 1, 2], [0, 1, 2, 3]]}
    lines = (tmp_path / "history.jsonl").read_text().splitlines()
    assert [json.loads(line)["looked"] for line in lines] == [False, True]


def test_a_study_that_stays_the_same_is_no_change(tmp_path: Path) -> None:
    folder = StudyDir(study_folder(tmp_path, STUDY))
    folder.write_study(STUDY)
    assert not (tmp_path / "history.jsonl").exists()


@pytest.mark.parametrize(
    ("name", "folder"),
    [("article", "out/article"), ("../../evil", "out/_.._evil"), ("/tmp/x", "out/_tmp_x"), ("..", "out/study")],
)
def test_a_study_s_name_leads_to_no_other_folder(name: str, folder: str) -> None:
    assert str(Study(name=name, activation="relu").folder) == folder


def test_the_environment_is_stored_once_and_records_name_it(tmp_path: Path) -> None:
    folder = StudyDir(tmp_path)
    folder.write_study(STUDY)
    environment = {"python": "3.11", "packages": {"torch": "2.13.0"}}
    for run in list(STUDY.runs())[:2]:
        changes = {"environment": environment, "provenance": Provenance(began="then")}
        folder.save(run, record(run).model_copy(update=changes), attempts=2)
    (path,) = (tmp_path / "environments").iterdir()
    assert json.loads(path.read_text()) == environment
    for key in folder.store:
        content = folder.store.content(key)
        assert content["environment"] == path.stem
        assert content["provenance"] == {"began": "then", "attempts": 2}
        assert content["sha256"] == checksum({**content, "provenance": {"attempts": 1}})  # as with seconds


def test_the_description_of_data_is_read_back(tmp_path: Path) -> None:
    sizes = {"train": 3, "valid": 2, "test": 1}
    description = DataRecord(sha256="ab" * 32, images=sizes, test_labels="", classes=["a", "b"])
    StudyDir(tmp_path).save_data(description)
    assert (tmp_path / "data" / f"{'ab' * 8}.json").is_file()
    by_checksum, damaged = read_data(tmp_path)
    assert by_checksum == {"ab" * 32: description}
    assert damaged == []


def test_a_folder_is_cleaned_before_work(tmp_path: Path) -> None:
    folder = StudyDir(study_folder(tmp_path, STUDY, skip=1))
    runs = list(STUDY.runs())
    (tmp_path / "checkpoints").mkdir()
    for key in (runs[0].key, runs[-1].key):
        (tmp_path / "checkpoints" / f"{key}.pt").write_text("x")
    for part in (tmp_path / "runs" / ".a.json.1.part", tmp_path / ".study.toml.1.part"):
        part.write_text("half")
    other = folder.store.path(runs[1].key)
    other.write_text("{")
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / other.name).write_text("an older one")
    origins, messages = folder.recover()
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == [f"{runs[-1].key}.pt"]
    assert list(tmp_path.rglob("*.part")) == []
    assert origins == [Origin(RECIPE, "digits", "1" * 64, {})] * 2
    moved = tmp_path / "damaged" / f"{other.stem}-1.json"
    assert messages == [
        f"{other} is not a complete JSON file. It was moved to {moved}, and its run will be trained again."
    ]
    assert sorted(p.name for p in (tmp_path / "damaged").iterdir()) == [moved.name, other.name]
    assert folder.missing(STUDY) == [runs[1], runs[-1]]


@pytest.mark.parametrize("name", ["environments/ab.json", "data/ab.json", "history.jsonl"])
def test_damaged_side_files_are_moved_before_work(name: str, tmp_path: Path) -> None:
    folder = StudyDir(study_folder(tmp_path, STUDY))
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("{")
    assert StudyRecords.read(tmp_path).damaged == (name,)
    _, messages = folder.recover()
    assert messages == [f"{path} is damaged. It was moved to {tmp_path / 'damaged' / path.name}."]
    assert not path.exists()
    assert StudyRecords.read(tmp_path).damaged == ()


def test_a_damaged_record_is_an_error_where_origins_are_read(tmp_path: Path) -> None:
    folder = StudyDir(study_folder(tmp_path, STUDY))
    next((tmp_path / "runs").glob("*.json")).write_text("{")
    with pytest.raises(RecordError, match="is not a complete JSON file"):
        folder.check_origins({})


def test_a_folder_of_another_user_gets_a_hint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, content: str) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr("reluctant.records.study_dir.write_atomically", refuse)
    with pytest.raises(
        StudyError, match="Permission denied; ask its owner for the permission, or choose another folder"
    ):
        StudyDir(tmp_path / "out").write_study(STUDY)


def test_a_failure_is_read_without_the_name_of_its_run(tmp_path: Path) -> None:
    """Its first line is what a summary shows."""
    study = Study(activation=["relu", "elu"], seed=[0])
    folder = StudyDir(tmp_path / "s")
    folder.write_study(study)
    run = next(iter(study.runs()))
    folder.save_failure(run, "job 7 ended before the run was over\nits output")
    assert StudyRecords.read(tmp_path / "s").failures[run].splitlines()[0] == "job 7 ended before the run was over"
