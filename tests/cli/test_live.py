"""Watching a study: plain lines where output goes to a file, a table in a terminal."""

import io
import re
from typing import Any

import pytest
from rich.console import Console

from reluctant.api.progress import ProgressBoard
from reluctant.cli.live import LiveTable, PlainLines, watch
from reluctant.engines import Done, Epoch, Failed, Started
from reluctant.report.page import last_line
from reluctant.study import Run, Study
from tests.support.records import record

RUNS = [Run("relu", seed=0, epochs=2), Run("[bold]x", seed=1, epochs=2), Run("elu", seed=0, epochs=2)]


def epochs(run: Run) -> list[Epoch]:
    return [Epoch(run, epoch) for epoch in record(run).epochs]


@pytest.mark.parametrize("verbose", [True, False])
def test_output_to_a_file_is_one_plain_line_per_run_and_verbosely_per_epoch(verbose: bool) -> None:
    out = io.StringIO()
    console = Console(file=out, width=80)
    around, watcher = watch(console, ProgressBoard(RUNS), epochs=verbose)
    with around:
        watcher(Started(RUNS[1]))
        for epoch in epochs(RUNS[1]):
            watcher(epoch)
        watcher(Done(RUNS[1], record(RUNS[1])))
        watcher(Failed(RUNS[2], "Traceback\n  ...\nValueError: what happened\n"))
    lines = out.getvalue().splitlines()
    *per_epoch, done, failed = lines
    assert len(per_epoch) == (2 if verbose else 0)
    pattern = (
        r"\[bold\]x, seed 1: epoch 1/2, train loss \d\.\d{4}, valid loss \d\.\d{4}, valid accuracy \d\.\d{4}, \d+ s"
    )
    assert all(re.fullmatch(pattern.replace("1/2", "[12]/2"), line) for line in per_epoch)
    assert re.match(r"\[bold\]x, seed 1: done, valid accuracy \d\.\d{4}, \d+ s \[1 of 3 runs", done)
    assert failed == "elu, seed 0: failed: ValueError: what happened"
    assert "\x1b" not in out.getvalue()


def test_a_diverged_run_is_named() -> None:
    lines: list[str] = []
    PlainLines(ProgressBoard(RUNS), lines.append)(Done(RUNS[0], record(RUNS[0], diverged=2)))
    assert lines[0].startswith("relu, seed 0: done (diverged in epoch 2) [1 of 3 runs")
    assert "1 diverged" in lines[0]


def test_lines_name_the_settings_that_vary_and_the_control() -> None:
    study = Study(activation=["relu", "gelu"], seed=[0], lr=[0.1, 0.01], epochs=1, control=True)
    board, lines = ProgressBoard(tuple(study.runs()), study=study), list[str]()
    write = PlainLines(board, lines.append)
    for run in study.runs():
        write(Done(run, record(run)))
    assert lines[1].startswith("gelu, seed 0, lr = 0.1: done")
    assert lines[-1].startswith("relu, seed 1 (control), lr = 0.01: done")
    out = io.StringIO()
    console = Console(file=out, width=100, height=40, force_terminal=True, color_system=None)
    _, watcher = watch(console, board)
    assert isinstance(watcher, LiveTable)
    console.print(watcher.render())
    assert re.search(r"relu, lr = 0\.01\s+1 \(control\)\s", out.getvalue())


def test_a_run_that_stopped_early_is_named() -> None:
    lines: list[str] = []
    stopped = record(RUNS[0]).model_copy(update={"stopped": 1})
    PlainLines(ProgressBoard(RUNS), lines.append)(Done(RUNS[0], stopped))
    assert lines[0].startswith("relu, seed 0: done (stopped early, after epoch 1) [1 of 3 runs")


def rendered(height: int, runs: list[Run], events: list[Any], width: int = 80) -> str:
    """The table in a terminal of this size after these events."""
    out = io.StringIO()
    console = Console(file=out, width=width, height=height, force_terminal=True, color_system=None)
    _, watcher = watch(console, ProgressBoard(runs))
    assert isinstance(watcher, LiveTable)
    for event in events:
        watcher.board.update(event)
    console.print(watcher.render())
    return out.getvalue()


def test_the_table_has_every_run_and_escapes_its_name() -> None:
    text = rendered(40, RUNS, [Started(RUNS[1]), *epochs(RUNS[1])])
    row = next(line for line in text.splitlines() if "[bold]x" in line)
    assert re.search(r"\[bold\]x\s+1\s+2/2\s+0\.\d{4}\s+0\.\d{4}\s+0\.\d{4}\s+\d+\s+▶", row)
    assert sum("relu" in line or "elu" in line for line in text.splitlines()) == 2
    assert "0 of 3 runs" in text


def test_the_table_fits_the_terminal_and_shows_the_runs_in_training() -> None:
    many = [Run("relu", seed=seed, epochs=1) for seed in range(100)]
    done = [Done(run, record(run)) for run in many[:50]]
    text = rendered(16, many, [*done, Started(many[50])])
    lines = text.splitlines()
    assert len(lines) <= 16
    assert all(len(line) <= 80 for line in lines)
    assert any(re.search(r"relu\s+50 .*▶", line) for line in lines)
    assert "90 more not shown" in text


def test_a_bar_moves_until_the_first_epoch_and_then_is_filled_by_epochs() -> None:
    before = rendered(40, RUNS, [Started(RUNS[1])])
    assert "the first epochs" in before
    half = rendered(40, RUNS, [Started(RUNS[1]), *epochs(RUNS[1]), epochs(RUNS[0])[0]])
    line = next(line for line in half.splitlines() if "0 of 3 runs" in line)
    assert line.count("━") == 10  # half of 20: three of six epochs
    board = ProgressBoard(RUNS)
    assert board.doing().startswith("loading data, starting workers, compiling kernels")
    board.update(epochs(RUNS[1])[0])
    assert board.doing() == ""
    assert board.share() == pytest.approx(1 / 6)


def test_the_last_line_of_an_empty_traceback_says_so() -> None:
    assert last_line(" \n") == "no traceback was saved"
    assert last_line("Traceback\nValueError: so\n") == "ValueError: so"
