"""A study's folder: what may be done in it, and what is refused."""

import json
from pathlib import Path

import pytest

from reluctant.core.errors import StudyError
from reluctant.records.store import checksum
from reluctant.records.study_dir import Folder
from reluctant.study import RECIPE, Study
from tests.support.records import folder as finished
from tests.support.records import record

STUDY = Study(name="s", activation=["relu", "elu"], seed=[0, 1])


def test_a_new_folder_holds_the_study(tmp_path: Path) -> None:
    place = Folder(tmp_path / "a" / "b")
    place.open(STUDY)
    assert Study.read(place.path / "study.toml") == STUDY
    assert place.missing(STUDY) == list(STUDY.runs())


def test_a_study_may_grow_and_only_what_is_new_is_missing(tmp_path: Path) -> None:
    place = Folder(finished(tmp_path, STUDY))
    grown = Study(name="s", activation=["relu", "elu", "gelu"], seed=[0, 1, 2])
    place.open(grown)
    missing = place.missing(grown)
    assert len(missing) == 9 - 4
    assert all(run.activation == "gelu" or run.seed == 2 for run in missing)
    assert Study.read(tmp_path / "study.toml") == grown


def test_another_study_is_refused_with_the_difference(tmp_path: Path) -> None:
    place = Folder(finished(tmp_path, STUDY))
    before = (tmp_path / "study.toml").read_text()
    other = Study(name="s", activation=["relu", "elu"], seed=[0, 1], lr=0.5)
    with pytest.raises(StudyError, match=r"lr: the folder has 0\.001, yours leaves out 0\.001"):
        place.open(other)
    assert (tmp_path / "study.toml").read_text() == before


def test_a_folder_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear all")
    with pytest.raises(StudyError, match="holds other files and no study"):
        Folder(tmp_path).open(STUDY)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_file_in_the_way_is_a_message(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    with pytest.raises(StudyError, match="cannot be written"):
        Folder(tmp_path / "x" / "y").open(STUDY)


def test_other_data_are_refused(tmp_path: Path) -> None:
    place = Folder(finished(tmp_path, STUDY))
    place.agree({"digits": "1" * 64})
    with pytest.raises(
        StudyError, match=r"digits data are not those .* 111111111111… there, 222222222222… now"
    ):
        place.agree({"digits": "2" * 64})


def test_another_recipe_is_refused(tmp_path: Path) -> None:
    place = Folder(finished(tmp_path, STUDY))
    path = next((tmp_path / "runs").glob("*.json"))
    record = {**json.loads(path.read_text()), "recipe": RECIPE + 1}
    path.write_text(json.dumps({**record, "sha256": checksum(record)}))
    with pytest.raises(
        StudyError, match=f"trained by recipe {RECIPE + 1}, and this version follows recipe {RECIPE}"
    ):
        place.agree({})


def test_a_failure_is_kept_until_the_run_succeeds(tmp_path: Path) -> None:
    place = Folder(tmp_path)
    place.open(STUDY)
    run = next(STUDY.runs())
    place.keep_failure(run, "Traceback\nValueError: no")
    (path,) = (tmp_path / "failed").iterdir()
    assert "ValueError: no" in path.read_text()
    assert run in place.missing(STUDY)
    place.keep(run, {"run": run.to_dict()})
    assert not path.exists()
    assert run not in place.missing(STUDY)


def test_nothing_is_written_before_everything_was_tried(tmp_path: Path) -> None:
    """A study that fails its checks leaves the folder as it was, so that the mended one may go on."""
    import reluctant

    small = {"model": "tests.support.own_models:Small", "epochs": 1, "seed": [0], "name": "s"}
    reluctant.run(Study(activation=["relu"], **small), tmp_path, engine="serial")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(StudyError, match="has no 'Gat'"):
        reluctant.run(
            Study(activation=["relu", "tests.support.own_activations:Gat"], **small), tmp_path, engine="serial"
        )
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    mended = Study(activation=["relu", "tests.support.own_activations:Gate"], **small)
    assert len(reluctant.run(mended, tmp_path, engine="serial")) == 2


def test_other_code_of_one_s_own_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    import reluctant

    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    code = tmp_path / "changing_acts.py"
    code.write_text("import torch\n\ndef act(x):\n    return torch.relu(x)\n")
    small = {"model": "tests.support.own_models:Small", "epochs": 1, "name": "s", "activation": "changing_acts:act"}
    reluctant.run(Study(seed=[0], **small), tmp_path / "out", engine="serial")
    code.write_text("import torch\n\ndef act(x):\n    return torch.tanh(x)  # another one\n")
    monkeypatch.delitem(sys.modules, "changing_acts")
    with pytest.raises(StudyError, match="code of changing_acts:act is not what"):
        reluctant.run(Study(seed=[0, 1], **small), tmp_path / "out", engine="serial")


def test_what_changed_is_noted_and_growth_after_looking_counts(tmp_path: Path) -> None:
    from reluctant.records.study_results import Results

    place = Folder(finished(tmp_path, STUDY, skip=4))
    more = Study(name="s", activation=["relu", "elu"], seed=[0, 1, 2])
    place.open(more)
    assert not Results.read(tmp_path).grown  # nothing had been seen
    run = next(more.runs())
    from tests.support.records import record

    place.keep(run, record(run))
    place.open(Study(name="s", activation=["relu", "elu"], seed=[0, 1, 2, 3]))
    assert Results.read(tmp_path).grown
    lines = (tmp_path / "history.jsonl").read_text().splitlines()
    assert [json.loads(line)["looked"] for line in lines] == [False, True]
    from reluctant.report import render

    assert f"{json.loads(lines[1])['date']}: seed changed, after results had been seen" in render(
        Results.read(tmp_path)
    )


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("article", "out/article"),
        ("../../evil", "out/_.._evil"),
        ("/tmp/x", "out/_tmp_x"),
        ("..", "out/study"),
    ],
)
def test_a_study_s_name_leads_nowhere_else(name: str, folder: str) -> None:
    assert str(Study(name=name, activation="relu").folder) == folder


def test_a_record_s_machine_is_kept_once_and_named(tmp_path: Path) -> None:
    place = Folder(tmp_path)
    place.open(STUDY)
    machine = {"python": "3.11", "packages": {"torch": "2.13.0"}}
    for run in list(STUDY.runs())[:2]:
        made = {**record(run), "environment": machine, "provenance": {"began": "then"}}
        place.keep(run, made, attempts=2)
    (kept,) = (tmp_path / "environments").iterdir()
    assert json.loads(kept.read_text()) == machine
    for stored in place.store:
        assert stored["environment"] == kept.stem
        assert stored["provenance"] == {"began": "then", "attempts": 2}
        assert stored["sha256"] == checksum(
            {**stored, "provenance": {"attempts": 1}}
        )  # like seconds, no part of it


def test_a_folder_is_put_in_order_before_work(tmp_path: Path) -> None:
    place = Folder(finished(tmp_path, STUDY, skip=1))
    done, missing = next(iter(STUDY.runs())), list(STUDY.runs())[-1]
    (tmp_path / "checkpoints").mkdir()
    for key in (done.key, missing.key):
        (tmp_path / "checkpoints" / f"{key}.pt").write_text("x")
    for part in (tmp_path / "runs" / ".a.json.1.part", tmp_path / ".study.toml.1.part"):
        part.write_text("half")
    other = tmp_path / "runs" / f"{list(STUDY.runs())[1].key}.json"
    other.write_text("{")
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / other.name).write_text("an older one")
    facts, said = place.tend()
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == [f"{missing.key}.pt"]
    assert list(tmp_path.rglob("*.part")) == []
    assert len(facts) == 2
    assert all("epochs" not in fact and fact["recipe"] == RECIPE for fact in facts)
    assert len(said) == 1
    assert said[0].startswith(f"{other} is not a whole JSON file; set aside as ")
    assert sorted(p.name for p in (tmp_path / "damaged").iterdir()) == [f"{other.stem}-1.json", other.name]
    assert place.missing(STUDY) == [list(STUDY.runs())[1], missing]


def test_a_lock_is_no_foreign_file(tmp_path: Path) -> None:
    (tmp_path / ".lock").write_text("{}")
    Folder(tmp_path).open(STUDY)
    assert (tmp_path / "study.toml").is_file()
