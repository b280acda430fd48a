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


FULL_HOME = 'mount -t tmpfs -o size=16k tmpfs "$HOME" && head -c 100000 /dev/zero > "$HOME/all" 2>/dev/null; '


@pytest.mark.slow
def test_a_full_home_folder_stops_no_study(tmp_path: Path) -> None:
    """Compiled kernels, fonts of matplotlib and tokens of Ray are written there; a full quota stopped every study."""
    home = tmp_path / "home"
    home.mkdir()
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
        pytest.skip("mounting a full disk needs the rights of root")
    variables = {key: value for key, value in os.environ.items() if not key.startswith(("XDG_", "NUMBA_", "MPL"))}
    command = f'"{sys.executable}" -m reluctant run quick --set epochs=1 --set seed=0 -o "{tmp_path / "out"}"'
    for _ in range(2):  # the second call has nothing to train, and draws again
        result = subprocess.run(
            ["unshare", "--mount", "sh", "-c", f"{FULL_HOME} {command}"],
            env={**variables, "HOME": str(home)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        assert "Traceback" not in result.stderr
    assert (tmp_path / "out" / "report.html").is_file()
    assert "No space left on device" in result.stderr, "the disk was full"
