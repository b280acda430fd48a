"""The progress of `reluctant bench`: one line in a terminal, few lines elsewhere."""

import io

import pytest

from reluctant.bench.progress import ProgressLine


class Screen(io.StringIO):
    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


class Watch:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


def test_a_terminal_has_its_first_line_at_once_and_no_line_in_the_end(watch: Watch) -> None:
    screen = Screen(terminal=True)
    line = ProgressLine(4, screen, watch)
    line.phase("compiling relu (1 of 2)")
    assert screen.getvalue() == "\r\x1b[Kcompiling relu (1 of 2)"
    line.phase("x" * 200)
    assert "x" * 79 in screen.getvalue()
    assert "x" * 80 not in screen.getvalue()  # a longer one would break
    line.close()
    assert screen.getvalue().endswith("\r\x1b[K")


def test_rounds_are_printed_once_a_second_with_what_is_left(watch: Watch) -> None:
    screen = Screen(terminal=True)
    line = ProgressLine(4, screen, watch)
    line.phase("round 1 of 4")
    watch.now += 0.5
    line.round(1)
    assert "round 2" not in screen.getvalue()
    watch.now += 1.5
    line.round(2)
    assert "\x1b[Kround 3 of 4, about 2 s left" in screen.getvalue()


def test_a_file_gets_plain_lines_and_few_of_them(watch: Watch) -> None:
    screen = Screen(terminal=False)
    line = ProgressLine(40, screen, watch)
    line.phase("preparing relu (1 of 1)")  # what fails now fails with its message alone
    assert screen.getvalue() == ""
    watch.now += 1
    line.phase("round 1 of 40")
    for done in range(1, 41):
        watch.now += 1
        line.round(done)
    line.close()
    lines = screen.getvalue().splitlines()
    assert lines == ["round 1 of 40", *(f"round {n + 1} of 40, about {40 - n} s left" for n in (10, 20, 30))]
    assert "\r" not in screen.getvalue()
    assert "\x1b" not in screen.getvalue()
