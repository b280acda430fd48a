"""A study's folder: what may be done in it, and what is refused."""

import json
from pathlib import Path

import pytest

from reluctant.folder import Folder
from reluctant.names import StudyError
from reluctant.store import checksum
from reluctant.study import RECIPE, Study
from tests.records import folder as finished

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
