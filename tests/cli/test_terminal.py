"""What a command writes into a terminal: colours, a bar while something takes long, 80 columns, plain signs."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from reluctant.core.plain_signs import plain_sign, printable
from reluctant.study import Study
from tests.support.records import study_folder

PROGRAM = "from reluctant.cli.main import main; main()"


def in_a_terminal(*arguments: str, **variables: str) -> str:
    """What a command writes into a terminal of 80 columns."""
    leader, follower = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24", **variables}
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments], stdout=follower, stderr=follower, env=environment
    )
    os.close(follower)
    written = b""
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:  # Linux: the other side is closed
            break
        if not part:
            break
        written += part
    os.close(leader)
    assert process.wait() == 0, written.decode()
    return written.decode()


def test_a_bar_moves_while_the_page_is_drawn_and_no_colour_turns_colours_off(tmp_path: Path) -> None:
    folder = study_folder(tmp_path, Study(activation=["relu", "elu"], seed=[0, 1], epochs=1))
    coloured = in_a_terminal("status", str(folder)) + in_a_terminal("judge", str(folder))
    assert "reading and judging" in coloured
    assert "\x1b[38;5;" in coloured or "\x1b[3" in coloured
    plain = in_a_terminal("judge", str(folder), NO_COLOR="1")
    assert "reading and judging" in plain
    assert not any(f"\x1b[{code}" in plain for code in ("30", "31", "32", "33", "34", "35", "36", "37", "38"))


def test_no_colour_reaches_click_too() -> None:
    assert "\x1b" in in_a_terminal("show", "relu")
    assert "\x1b" not in in_a_terminal("show", "relu", NO_COLOR="1")


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("±0.2 ≥ −1 … λ", "+-0.2 >= -1 ... lambda"),
        ("1/√E[f(z)²] Δ é Φ(x)", "1/sqrt E[f(z)^2] diff e Phi(x)"),
        ("▼ worse, ▲ better, x₁", "v worse, ^ better, x1"),
        ("漢", "?"),
    ],
)
def test_signs_that_an_encoding_lacks_keep_their_meaning(text: str, plain: str) -> None:
    assert text.encode("ascii", "plain_signs").decode() == plain
    assert all(plain_sign(sign).isascii() for sign in text if not sign.isascii())


def test_printable_follows_standard_output(monkeypatch: pytest.MonkeyPatch) -> None:
    class Ascii:
        encoding = "ascii"

    monkeypatch.setattr(sys, "stdout", Ascii())
    text = printable("F1 ± 0.1")
    monkeypatch.undo()
    assert text == "F1 +- 0.1"
