"""Completion by the Tab key, as a shell asks for it."""

from pathlib import Path

import click
import pytest
from click.shell_completion import BashComplete

from reluctant.cli.main import DONE
from reluctant.cli.main import reluctant as commands
from reluctant.study import Study
from tests.support.commands import answer
from tests.support.records import study_folder


def completed(*words: str) -> list[str]:
    """What the Tab key offers after these words; the last one is begun."""
    shell = BashComplete(commands, {}, "reluctant", "_RELUCTANT_COMPLETE")
    *before, begun = words
    return [item.value for item in shell.get_completions(before, begun)]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_program(shell: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = answer(capsys, "completion", shell)
    assert (status, err) == (DONE, "")
    assert f"_RELUCTANT_COMPLETE={shell}_complete" in out
    assert "reluctant" in out.splitlines()[-1] + out.splitlines()[-2] + out.splitlines()[0]


def test_names_of_studies_activations_and_folders_are_completed(here: Path) -> None:
    study_folder(here / "out/first", Study(activation=["relu", "elu"], seed=[0], epochs=1))
    study_folder(here / "deep/er/second", Study(activation=["relu", "elu"], seed=[0], epochs=1))
    (here / "runs.csv").write_text("a,b\n", "utf-8")
    assert completed("ru") == ["run"]
    assert completed("run", "qui") == ["quick"]
    assert completed("run", "sm") == ["small.toml"]
    assert completed("doctor", "dyi") == ["dying"]
    assert completed("list", "act") == ["activations"]
    assert completed("show", "hardsw") == ["hardswish"]
    assert completed("show", "f1_w") == ["f1_weighted"]
    assert completed("bench", "relu", "hardsw") == ["hardswish"]
    assert completed("audit", "--as", "hardsw") == ["hardswish"]
    assert completed("fetch", "mn") == ["mnist"]
    assert completed("run", "quick", "--eng") == ["--engine"]
    for command in ("report", "status", "export", "verify", "judge"):
        assert completed(command, "") == ["out/first", *(["runs.csv"] if command == "judge" else [])]
        assert completed(command, "deep/er/s") == ["deep/er/second"]


def test_where_no_name_is_known_the_shell_completes_files(here: Path) -> None:
    shell = BashComplete(commands, {}, "reluctant", "_RELUCTANT_COMPLETE")
    assert [item.type for item in shell.get_completions(["run"], "elsewhere/")] == ["file"]
    assert [item.type for item in shell.get_completions(["report"], "elsewhere/")] == ["dir"]
    assert isinstance(commands, click.Group)
