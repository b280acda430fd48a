"""Terminals with any encoding, and variables of other libraries with values that make no sense."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reluctant.study import Study
from tests.support.records import study_folder
from tests.support.small import SMALL


def reluctant(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-c", "from reluctant.cli.main import main; main()", *arguments]
    return subprocess.run(command, env={**os.environ, **variables}, capture_output=True, check=False)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437", "cp1252"])
def test_a_terminal_may_have_any_encoding(encoding: str, tmp_path: Path) -> None:
    folder = study_folder(tmp_path, Study(activation=["relu", "gelu"], seed=[0, 1, 2], epochs=2))
    result = reluctant("judge", str(folder), PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    assert (result.returncode, result.stderr) == (0, b"")
    text = result.stdout.decode(encoding)
    assert "gelu" in text
    assert ("±" in text) == (encoding != "ascii")
    assert "+-" in text or encoding != "ascii"


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("NUMBA_DISABLE_JIT", "1", b"NUMBA_DISABLE_JIT is set"),
        ("NUMBA_NUM_THREADS", "0", b"Numba, which compiles parts of convnet, does not start"),
    ],
)
def test_a_variable_that_stops_numba_is_named(variable: str, value: str, message: bytes) -> None:
    result = reluctant("doctor", "quick", **{variable: value})
    assert result.returncode == 2
    assert message in result.stderr


def test_a_backend_of_matplotlib_that_does_not_exist_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(f'activation = "relu"\nmodel = "{SMALL}"\nepochs = 1\nseed = 0\n')
    result = reluctant(
        "run", str(tmp_path / "small.toml"), "-o", str(tmp_path / "out"), "--engine", "serial", MPLBACKEND="x"
    )
    assert result.returncode == 0
