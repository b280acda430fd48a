"""Seeing a study work: plain lines where output is piped, a table on a terminal."""

import io
import re
from typing import Any

import pytest
from rich.console import Console

from reluctant.api.progress import Board, LiveTable, Plain, duration, last_line, watch
from reluctant.engines import Done, Epoch, Failed, Started
from reluctant.study import Run
from tests.support.records import record

RUNS = [Run("relu", seed=0, epochs=2), Run("[bold]x", seed=1, epochs=2), Run("elu", seed=0, epochs=2)]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def epochs(run: Run) -> list[Epoch]:
    return [Epoch(run, epoch) for epoch in record(run)["epochs"]]


def test_piped_output_is_one_plain_line_per_epoch() -> None:
    out = io.StringIO()
    console = Console(file=out, width=80)
    around, tell = watch(console, Board(RUNS))
    with around:
        tell(Started(RUNS[1]))
        for epoch in epochs(RUNS[1]):
            tell(epoch)
        tell(Done(RUNS[1], record(RUNS[1])))
        tell(Failed(RUNS[2], "Traceback\n  ...\nValueError: what happened\n"))
    lines = out.getvalue().splitlines()
    assert len(lines) == 4
    pattern = (
        r"\[bold\]x, seed 1: epoch 1/2, loss \d\.\d{4} train \d\.\d{4} valid, accuracy \d\.\d{4} valid, \d+ s"
    )
    assert re.fullmatch(pattern, lines[0])
    assert lines[2].startswith("[bold]x, seed 1: done [1 of 3 runs")
    assert lines[3] == "elu, seed 0: failed: ValueError: what happened"
    assert "\x1b" not in out.getvalue()


def test_a_diverged_run_says_so() -> None:
    lines: list[str] = []
    Plain(Board(RUNS), lines.append)(Done(RUNS[0], {"diverged": 2}))
    assert lines[0].startswith("relu, seed 0: done (diverged in epoch 2) [1 of 3 runs")
    assert "1 diverged" in lines[0]


def drawn(height: int, runs: list[Run], events: list[Any], width: int = 80) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, height=height, force_terminal=True, color_system=None)
    _, tell = watch(console, Board(runs))
    assert isinstance(tell, LiveTable)
    for event in events:
        tell.board.take(event)
    console.print(tell.render())
    return out.getvalue()


def test_the_table_shows_every_run_and_escapes_its_name() -> None:
    text = drawn(40, RUNS, [Started(RUNS[1]), *epochs(RUNS[1])])
    row = next(line for line in text.splitlines() if "[bold]x" in line)
    assert re.search(r"\[bold\]x\s+1\s+2/2\s+0\.\d{4}\s+0\.\d{4}\s+0\.\d{4}\s+\d+\s+▶", row)
    assert sum("relu" in line or "elu" in line for line in text.splitlines()) == 2
    assert "0 of 3 runs" in text


def test_the_table_fits_the_terminal_and_keeps_what_is_at_work() -> None:
    many = [Run("relu", seed=seed, epochs=1) for seed in range(100)]
    done = [Done(run, {"diverged": None}) for run in many[:50]]
    text = drawn(16, many, [*done, Started(many[50])])
    lines = text.splitlines()
    assert len(lines) <= 16
    assert all(len(line) <= 80 for line in lines)
    assert any(re.search(r"relu\s+50 .*▶", line) for line in lines)
    assert "90 more not shown" in text


def test_time_left_follows_the_pace_so_far() -> None:
    clock = Clock()
    board = Board(RUNS, clock=clock)
    assert board.left() is None
    board.take(Started(RUNS[0]))
    clock.now = 10.0
    board.take(epochs(RUNS[0])[0])
    assert board.left() == pytest.approx(50.0)  # one epoch of six in ten seconds
    board.take(epochs(RUNS[0])[1])
    board.take(Done(RUNS[0], {"diverged": None}))
    assert board.left() == pytest.approx(20.0)
    assert board.summary() == "1 of 3 runs · 20 s left"


def test_runs_of_earlier_sittings_count_as_done() -> None:
    assert Board(RUNS, finished=7).summary() == "7 of 10 runs"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (89, "89 s"), (600, "10 min"), (5400, "1 h 30 min"), (7500, "2 h 5 min")],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_the_last_line_of_nothing_is_nothing() -> None:
    assert last_line(" \n") == ""
