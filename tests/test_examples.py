"""The examples run in an empty folder."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reluctant.api.results import Results
from reluctant.cli.main import DONE, execute
from reluctant.study import Study

EXAMPLES = Path(__file__).parent.parent / "examples"
# Runs a script without worker processes and drawings, which have tests of their own.
IN_ONE_PROCESS = """
import runpy, sys
import reluctant.api.execution
from reluctant.engines import serial
from tests.support.undrawn import leave_out_drawings

leave_out_drawings()
reluctant.api.execution.local = lambda work, runs, **_: serial(work, runs)
runpy.run_path(sys.argv[1], run_name="__main__")
"""


def test_every_example_is_tested_and_in_the_readme() -> None:
    names = {path.name for path in EXAMPLES.iterdir() if path.is_file()}
    assert names == {"own_activation.py", "study.toml", "notebook.ipynb", "dying.ipynb"}
    readme = (EXAMPLES.parent / "README.md").read_text("utf-8")
    assert [name for name in names if f"(examples/{name})" not in readme] == []


def test_the_script_prints_verdicts(tmp_path: Path) -> None:
    command = [sys.executable, "-c", IN_ONE_PROCESS, str(EXAMPLES / "own_activation.py")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    process = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment)
    assert process.returncode == 0, process.stderr
    assert "SmallNet: activations at 2 sites" in process.stdout
    assert "LearnedSwish" in process.stdout.partition("verdict")[2]
    assert list(tmp_path.glob("out/*/report.html"))


@pytest.mark.usefixtures("undrawn")
def test_the_study_trains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    study = Study.read(EXAMPLES / "study.toml")
    assert study.size == 3 * 3 * 5
    monkeypatch.chdir(tmp_path)
    shorter = ["--set", "seed=0..1", "--set", "epochs=2", "--engine", "serial"]
    assert execute(["run", str(EXAMPLES / "study.toml"), *shorter]) == DONE, capsys.readouterr().err
    assert "Each at its own lr" in capsys.readouterr().out
    assert (tmp_path / study.folder / "report.html").is_file()


def executed(name: str, folder: Path) -> Any:
    """A notebook of the examples after all its cells; before, it has no outputs, as a reader gets it."""
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    notebook = nbformat.read(EXAMPLES / name, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)
    nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    return notebook


def outputs_of(notebook: Any, kind: str) -> list[str]:
    """What its cells show of this kind."""
    return [
        output["data"][kind]
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if kind in output.get("data", {}) and output["output_type"] == "execute_result"
    ]


@pytest.mark.slow
def test_the_notebook_runs(tmp_path: Path) -> None:
    html = outputs_of(executed("notebook.ipynb", tmp_path), "text/html")
    assert "<th>gelu</th>" in html[0]
    assert "<th>squash</th>" in html[-1]


@pytest.mark.slow
def test_the_demonstration_for_a_class_runs(tmp_path: Path) -> None:
    """Units of ReLU die at the high rate, and at a tenth of it fewer do."""
    notebook = executed("dying.ipynb", tmp_path)
    assert len(outputs_of(notebook, "image/png")) == 5
    assert any("leaky_relu" in html for html in outputs_of(notebook, "text/html"))
    shares = [
        Results.read(tmp_path / "out" / name).data.one_setting.probes.share("relu", "dead")[:, -1].max()
        for name in ("dying-in-class", "dying-remedy")
    ]
    assert shares[0] > shares[1]
    left = [o for cell in notebook.cells for o in cell.get("outputs", ()) if o["output_type"] == "display_data"]
    assert [output["data"]["text/html"] for output in left] == ["", ""]  # the tables of runs are empty in the end
