"""Each optional room may be deleted: its commands, studies and section disappear, and all else works."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reluctant.cli.main import reluctant as commands
from reluctant.core.extensions import PACKAGE, extensions
from reluctant.study import bundled

ROOMS = ("bench", "cards", "inspect", "integrations", "replication", "verification")
PROGRAM = """
import json, sys
from pathlib import Path
import reluctant
from reluctant.cli.main import execute, reluctant as commands
from reluctant.report import write_report
from reluctant.study import bundled

assert Path(reluctant.__file__).is_relative_to(Path.cwd()), reluctant.__file__
assert execute(["--help"]) == 0
study = reluctant.Study(activation=["relu", "gelu"], model="mlp", epochs=1, seed=[0, 1])
results = reluctant.run(study, "study", engine="serial")
write_report(results.data, "study", to="page.html")
assert len(results) == 4
assert not [name for name in sys.modules if name.split(".")[:1] == ["reluctant"] and name.split(".")[1:2] in ROOMS]
print(json.dumps({"commands": sorted(commands.commands), "studies": sorted(bundled())}))
"""


def of_rooms(rooms: tuple[str, ...]) -> set[str]:
    """The commands that these rooms add."""
    modules = {
        name: str(command.callback.__module__) for name, command in commands.commands.items() if command.callback
    }
    return {name for name, module in modules.items() if module.split(".")[1] in rooms}


def test_every_room_with_an_extension_is_tested_here() -> None:
    assert {path.parent.name for path in PACKAGE.glob("*/extension.py")} == set(ROOMS)
    assert len(extensions()) == len(ROOMS)
    assert of_rooms(ROOMS) == {"audit", "bench", "gallery", "inspect", "show", "verify"}


@pytest.mark.parametrize(
    "rooms", [*(pytest.param((room,), marks=pytest.mark.slow) for room in ROOMS), ROOMS], ids="+".join
)
def test_without_a_room_all_else_works(tmp_path: Path, rooms: tuple[str, ...]) -> None:
    shutil.copytree(PACKAGE, tmp_path / "reluctant")  # with the compiled modules, which are valid there too
    for room in rooms:
        shutil.rmtree(tmp_path / "reluctant" / room)
    program = PROGRAM.replace("ROOMS", repr([[room] for room in rooms]))
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert set(answer["commands"]) == set(commands.commands) - of_rooms(rooms)
    studies = {path.stem for room in rooms for path in (PACKAGE / room).rglob("*.toml")}
    assert set(answer["studies"]) == set(bundled()) - studies
    help_lines = {line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")}
    assert not help_lines & of_rooms(rooms)
    html = (tmp_path / "page.html").read_text("utf-8")
    assert html.startswith("<!doctype html>")
    assert 'id="verdicts"' in html
