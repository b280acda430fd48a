"""A damaged file beside the records, or a file where a folder belongs, ends no command and is set aside."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reluctant.cli.main import DONE, execute
from reluctant.records.schema import LookRecord
from reluctant.records.study_dir import SUBFOLDERS, StudyDir
from reluctant.study import Study
from tests.support.predicted import write_data_record
from tests.support.records import study_folder

STUDY = Study(activation=["relu", "gelu"], seed=[0, 1], epochs=2)
LOOK = LookRecord(seeds=2, decided={"gelu": "no verdict"})
DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "torn": lambda content: content[: len(content) // 2],
    "bytes": lambda _: b"\xff\xfe\x00\x80" * 9,
    "a list": lambda _: b"[1, 2]",
    "null": lambda _: b"null",
    "an empty object": lambda _: b"{}",
    "too deep": lambda _: b"[" * 100_000,
}


def with_side_files(folder: Path) -> Path:
    """A study's folder with records, an environment, data, a history and looks."""
    study_folder(folder, STUDY)
    write_data_record(folder)
    (folder / "history.jsonl").write_text(
        '{"date": "2026-01-01", "looked": true, "changed": {"seed": [[0], [0, 1]]}}\n'
    )
    StudyDir(folder).add_look(LOOK)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return with_side_files(tmp_path)


def side_files(folder: Path) -> list[Path]:
    return [*folder.glob("environments/*.json"), *folder.glob("data/*.json"), folder / "history.jsonl"]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("which", [0, 1, 2], ids=["environment", "data", "history"])
def test_a_damaged_side_file_is_left_out_and_set_aside(
    folder: Path, damage: str, which: int, capsys: pytest.CaptureFixture[str]
) -> None:
    path = side_files(folder)[which]
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    empty_history = which == 2 and damage == "empty"  # a history without a line is one
    for command in ("judge", "status"):
        assert execute([command, str(folder)]) == 0
    assert execute(["verify", str(folder)]) in (0, 1, 2)
    assert "bug" not in capsys.readouterr().err
    _, messages = StudyDir(folder).recover()
    if not empty_history:
        assert [f"{path} is damaged" in text for text in messages] == [True]
        assert (folder / "damaged" / path.name).exists()
    assert StudyDir(folder).recover()[1] == []


@given(
    which=st.sampled_from(["environments/*.json", "data/*.json", "history.jsonl", "looks.jsonl"]),
    share=st.floats(0, 1),
    noise=st.binary(max_size=40),
)
@settings(max_examples=40)
def test_a_side_file_torn_at_any_offset_ends_no_command(
    which: str, share: float, noise: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What stands before the tear stays; behind it may stand whatever the disk held there."""
    folder = with_side_files(tmp_path_factory.mktemp("torn"))
    (path,) = folder.glob(which)
    content = path.read_bytes()
    torn = content[: int(share * len(content))] + noise
    path.write_bytes(torn)
    for command in ("judge", "status"):
        assert execute([command, str(folder)]) == DONE
    messages = StudyDir(folder).recover()[1]
    aside = folder / "damaged" / path.name
    assert [f"{path} is damaged" in text for text in messages] == [True] * aside.exists()
    assert (aside if aside.exists() else path).read_bytes() == torn
    assert StudyDir(folder).recover()[1] == []


def test_a_failure_with_any_bytes_is_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "failed").mkdir()
    run = next(STUDY.runs())
    (folder / f"runs/{run.key}.json").unlink()
    (folder / f"failed/{run.key}.txt").write_bytes(b"relu, seed 0\n\n\xff\xfe: broken\n")
    for command in ("judge", "status", "verify"):
        execute([command, str(folder)])
    assert "bug" not in capsys.readouterr().err


@pytest.mark.parametrize("name", [name for name in SUBFOLDERS if name != "runs"])
def test_a_file_where_a_folder_belongs_is_set_aside(folder: Path, name: str) -> None:
    if (folder / name).is_dir():
        (folder / name).rename(folder / "elsewhere")
    (folder / name).write_text("not a folder")
    assert execute(["judge", str(folder)]) == 0
    _, messages = StudyDir(folder).recover()
    assert (
        messages[0] == f"{folder / name} is a file where a folder belongs. It was moved to {folder / 'damaged' / name}."
    )
    assert StudyDir(folder).recover()[1] == []


def test_where_damaged_is_itself_a_file_another_folder_is_used(folder: Path) -> None:
    (folder / "damaged").write_text("not a folder")
    (folder / "history.jsonl").write_text("{")
    assert StudyDir(folder).recover()[1] == [
        f"{folder / 'history.jsonl'} is damaged. It was moved to {folder / 'damaged-1/history.jsonl'}."
    ]
