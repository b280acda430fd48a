"""What the README shows works as written."""

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from reluctant.cli.main import reluctant as commands
from reluctant.study import Study

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def test_the_two_commands_come_first() -> None:
    commands_shown = [line.split("#")[0].strip() for line in TEXT.splitlines() if line.startswith("    ")]
    assert commands_shown[:2] == ["make run", "make test"]


def test_the_study_file_is_valid() -> None:
    (text,) = blocks("toml")
    study = Study(**tomllib.loads(text))
    assert study.size == 4 * 5
    assert study.folder == Path("out/mine")  # the folder of the commands below it


def test_the_python_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _, code = blocks("python")
    code = code.replace('"out/python")', '"out/python", engine="serial")', 1)  # workers are tested with the engines
    assert "serial" in code
    exec(code, {})
    assert len(list((tmp_path / "out/python/runs").glob("*.json"))) == 6


def test_the_three_lines_on_an_own_network_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    x = np.random.default_rng(0).normal(size=(60, 3)).astype("float32")
    code = blocks("python")[0].replace("seeds=5, epochs=20", "seeds=2, epochs=1, engine='serial'")
    space = {"MyNet": "mlp(widths='8')", "x": x, "y": (x[:, 0] > 0).astype(int)}
    exec(code, space)
    assert len(space["results"]) == 6


def test_every_command_named_exists() -> None:
    named = set(re.findall(r"`?reluctant ([a-z]+)\b", TEXT))
    visible = {name for name, command in commands.commands.items() if not command.hidden}
    assert visible - {"status"} <= named  # `status` is in `reluctant --help`
