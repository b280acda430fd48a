"""The progress of a study: how far every run is, how much time is left."""

import pytest

from reluctant.api.progress import ProgressBoard, time_left
from reluctant.engines import Done, Epoch, Failed, Started
from reluctant.study import Run
from tests.support.records import record

RUNS = [Run("relu", seed=0, epochs=2), Run("[bold]x", seed=1, epochs=2), Run("elu", seed=0, epochs=2)]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_time_left_follows_the_pace_so_far() -> None:
    clock = Clock()
    board = ProgressBoard(RUNS, clock=clock)
    assert board.seconds_left() is None
    first, second = (Epoch(RUNS[0], epoch) for epoch in record(RUNS[0]).epochs)
    board.update(Started(RUNS[0]))
    clock.now = 10.0
    board.update(first)
    assert board.seconds_left() == pytest.approx(50.0)  # one epoch of six in ten seconds
    board.update(second)
    board.update(Done(RUNS[0], record(RUNS[0])))
    assert board.seconds_left() == pytest.approx(20.0)
    assert board.summary() == "1 of 3 runs · 20 s left"


def test_events_change_the_state_of_their_run() -> None:
    board = ProgressBoard(RUNS)
    epoch = record(RUNS[0]).epochs[0]
    state = board.update(Epoch(RUNS[0], epoch))
    assert (state.epoch, state.train_loss, state.valid_loss) == (1, epoch.loss.train, epoch.loss.valid)
    assert state.seconds == pytest.approx(3.4)
    statuses = [
        board.update(event).status
        for event in (
            Started(RUNS[0]),
            Done(RUNS[0], record(RUNS[0])),
            Done(RUNS[1], record(RUNS[1], diverged=2)),
            Failed(RUNS[2], "Traceback"),
        )
    ]
    assert statuses == ["training", "done", "diverged", "failed"]
    assert board.summary() == "3 of 3 runs · 1 diverged · 1 failed"


def test_runs_of_earlier_calls_count_as_done() -> None:
    assert ProgressBoard(RUNS, finished=7).summary() == "7 of 10 runs"


def test_a_run_that_was_counted_as_finished_may_train_again() -> None:
    board = ProgressBoard(RUNS[:2], finished=1)
    board.update(Started(RUNS[2]))
    assert board.summary().startswith("0 of 3 runs")


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (89, "89 s"), (600, "10 min"), (5400, "1 h 30 min"), (7500, "2 h 5 min")]
)
def test_the_time_that_is_left_is_rounded(seconds: float, words: str) -> None:
    assert time_left(seconds) == words
