"""A folder that was received: reading it runs none of the code that it names or holds."""

import subprocess
import sys
from pathlib import Path

import pytest

from reluctant.cli.main import execute

pytestmark = pytest.mark.drawn  # a command of these compares the drawings with the records

STUDY = """
name = "received"
model = "nets:Net"
activation = ["relu", "nets:Swish"]
epochs = 1
seed = [0]
dataset = "nets:data"
"""
CODE = """
import numpy as np
import torch
from torch import nn

class Swish(nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(x)

class Net(nn.Module):
    def __init__(self, activation, inputs, outputs):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(inputs, 8), activation(), nn.Linear(8, outputs))

    def forward(self, x):
        return self.layers(x)

def data():
    x = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")
    y = (x[:, 0] > 0).astype(int)
    return x[:30], y[:30], x[30:], y[30:]
"""
# Ends the process where a module called nets is looked for, or code from the received folder is executed.
WATCH = """
import os, sys
def watch(event, arguments):
    if event == "import" and arguments[0] == "nets":
        os._exit(77)
    if event == "exec" and str(getattr(arguments[0], "co_filename", "")).startswith(os.getcwd()):
        os._exit(78)
sys.addaudithook(watch)
from reluctant.cli.main import execute
sys.exit(execute(sys.argv[1:]))
"""
COMMANDS = (
    ["report", "out"],
    ["report", "out", "-o", "page.html"],
    ["judge", "out"],
    ["status", "out"],
    ["export", "out", "table.csv"],
    ["verify", "out"],
)


@pytest.fixture(scope="module")
def received(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a study's results and the code that they came from, one copy of it inside them."""
    folder = tmp_path_factory.mktemp("received")
    (folder / "nets.py").write_text(CODE)
    (folder / "study.toml").write_text(STUDY)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "path", list(sys.path))
        assert execute(["run", "study.toml", "-o", "out", "--engine", "serial"]) == 0
    sys.modules.pop("nets")
    (folder / "out/nets.py").write_text(CODE)
    return folder


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_reading_a_received_folder_runs_none_of_its_code(received: Path, command: list[str]) -> None:
    reading = subprocess.run(
        [sys.executable, "-c", WATCH, *command], cwd=received, capture_output=True, text=True, check=False
    )
    assert reading.returncode == 0, reading.stderr


def test_the_watch_sees_code_that_is_run(received: Path) -> None:
    running = subprocess.run(
        [sys.executable, "-c", WATCH, "doctor", "study.toml"], cwd=received, capture_output=True, check=False
    )
    assert running.returncode in (77, 78)


def test_running_says_first_which_code_it_runs(
    received: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(received)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for command in (["run", "study.toml", "--dry-run"], ["run", "study.toml", "-o", "out"], ["doctor", "study.toml"]):
        assert execute(command) == 0
        assert f"runs your code: {received / 'nets.py'} (nets:Swish, nets:Net, nets:data)" in capsys.readouterr().out
