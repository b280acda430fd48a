"""A study in which everything that comes from elsewhere is an attack: the page and the files stay inert."""

import dataclasses
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from reluctant.analysis.report_data import ReportData
from reluctant.records.store import Store
from reluctant.records.study_records import StudyRecords
from reluctant.report import write_report
from reluctant.study import Study
from tests.support.figures import HOSTILE
from tests.support.html import ATTACK, TAGS, ParsedPage, read_report
from tests.support.records import record, study_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study's folder with its report; its last run failed."""
    path = tmp_path_factory.mktemp("hostile")
    study = Study(name=ATTACK, about=ATTACK, activation=HOSTILE, epochs=2, seed=(0, 1),
                  dataset=f"lab:d(x={ATTACK!r})", model=f"lab:net(x={ATTACK!r})")  # fmt: skip
    study_folder(path, study, skip=1)
    first, *_, last = study.runs()
    changes = {"warnings": [ATTACK], "data": ATTACK, "environment": ATTACK}
    layers = [{"name": ATTACK, "kind": ATTACK, "shape": [1], "parameters": 0}]
    Store(path / "runs").add(first.key, {**record(first).to_json(), **changes, "layers": layers})
    (path / "failed").mkdir()
    (path / "failed" / f"{last.key}.txt").write_text(f"Traceback\nError: {ATTACK}", "utf-8")
    environment = {"processor": ATTACK, "packages": {ATTACK: ATTACK}}
    records = dataclasses.replace(StudyRecords.read(path), environments={ATTACK: environment})
    write_report(ReportData.of(records), path)
    return path


def test_nothing_of_others_acts(folder: Path) -> None:
    html = read_report(folder)
    page = ParsedPage(html)
    assert {tag for tag, _ in page.tags} <= TAGS
    assert not [
        key for _, attributes in page.tags for key in attributes if key.startswith("on") or key == "src"
    ]
    assert html.count("<title>") == html.count("</title>") == html.count("<style>") == 1
    assert "{{7*7}}" in page.text
    assert ATTACK in page.text
    for picture in re.findall(r"<svg.*?</svg>", html, re.DOTALL):
        ElementTree.fromstring(picture)


def test_files_of_hostile_names_stay_in_their_folder(folder: Path) -> None:
    for file in (folder / "figures").iterdir():
        assert re.fullmatch(r"[A-Za-z0-9.=_-]+", file.name)
        if file.suffix == ".svg":
            ElementTree.fromstring(file.read_text("utf-8"))
