"""What the tests of verification share: a study, changes of its records, the contradictions that are found."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reluctant.analysis import ReportData
from reluctant.records.store import Store
from reluctant.records.study_records import StudyRecords
from reluctant.study import Study
from reluctant.verification.folder import verify_folders
from tests.support.commands import answer
from tests.support.small import SMALL

STUDY = Study(name="small", model=SMALL, activation=["relu", "prelu"], seed=[0, 1], epochs=2)
Record = dict[str, Any]


def record_files(folder: Path) -> list[Path]:
    """The files of the records, sorted."""
    return sorted((folder / "runs").glob("*.json"))


def forge(path: Path, change: Callable[[Record], Any]) -> Path:
    """Change a record and give it the checksum that fits."""
    record = json.loads(path.read_text())
    change(record)
    Store(path.parent).add(path.stem, record)
    return path


def contradictions(*folders: Path) -> list[str]:
    """The contradictions that are found in folders, as text."""
    return [str(finding) for finding in verify_folders(*folders).contradictions]


def read_data(folder: Path) -> ReportData:
    """The analysis of a folder."""
    return ReportData.of(StudyRecords.read(folder))


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file and folder with the time of its last change: a file made and deleted changes its folder."""
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in (folder, *folder.rglob("*"))
    }


def verify(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """The exit status of `reluctant verify`, its output and its errors."""
    return answer(capsys, "verify", *arguments)


def move_image(record: Record, split: str, epoch: int = -1) -> None:
    """An image of class 0 that was predicted right becomes one predicted as class 1."""
    matrix = record["epochs"][epoch]["confusion"][split]
    matrix[0][0] -= 1
    matrix[0][1] += 1


def add_images(record: Record, split: str, true: int = 0, by: int = 1) -> None:
    """More images of a class, in every epoch alike."""
    for epoch in record["epochs"]:
        epoch["confusion"][split][true][true] += by


def set_loss(value: object, split: str = "valid") -> Callable[[Record], None]:
    """Set a loss of the first epoch."""
    return lambda record: record["epochs"][0]["loss"].update({split: value})
