"""How far a study is: the state of every run, kept up to date by the events of an engine."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from reluctant.api.live_table import notebook_table
from reluctant.catalogue.metrics import CLASSIFICATION, REGRESSION, TOKENS, score_from_counts, task_of_counts
from reluctant.core.display import visible
from reluctant.core.plain_signs import printable
from reluctant.engines import Done, Epoch, Event, Failed, Message, Started
from reluctant.records.parts import EpochRecord, ReportedEpoch
from reluctant.records.reported_result import usual_metric
from reluctant.records.schema import RunRecord
from reluctant.study import Run, Study

Watcher = Callable[[Event], None]

# The metric of the validation split that is shown while a network trains, by its task.
SHOWN_SCORES = {CLASSIFICATION: "accuracy", REGRESSION: "r2", TOKENS: "token_accuracy"}


@dataclass
class RunState:
    """What is known of one run."""

    run: Run
    status: str = "waiting"
    epoch: int = 0
    train_loss: float | None = None
    valid_loss: float | None = None
    score: float | None = None  # on the validation split: see `SHOWN_SCORES`
    score_name: str = "accuracy"
    seconds: float = 0.0
    changed: float = 0.0

    def update(self, record: EpochRecord | ReportedEpoch) -> None:
        """Take over the numbers of an epoch, or what was reported."""
        self.epoch = record.epoch
        if isinstance(record, ReportedEpoch):
            self.seconds += record.seconds
            self.score_name = usual_metric(list(record.scores))
            self.score = record.scores[self.score_name]
            return
        self.train_loss, self.valid_loss = record.loss.train, record.loss.valid
        counts = np.array(record.counts.valid)
        self.score_name = SHOWN_SCORES[task_of_counts(counts)]
        self.score = score_from_counts(counts, self.score_name)
        seconds = record.seconds
        self.seconds += seconds.train + seconds.evaluate + (seconds.probe or 0.0)

    def cells(self) -> tuple[str, ...]:
        """The state as texts: epoch or step, training loss, validation loss, validation score, seconds."""
        numbers = (self.train_loss, self.valid_loss, self.score)
        texts = ("" if value is None else f"{value:.4f}" for value in numbers)
        every = self.run.steps // self.run.epochs if self.run.steps else 1
        of = "" if self.run.reported else f"/{self.run.epochs * every:,}"
        return (f"{self.epoch * every:,}{of}", *texts, f"{self.seconds:.0f}")


@dataclass
class ProgressBoard:
    """The state of all runs of a study, brought up to date by `update`."""

    runs: Sequence[Run]
    finished: int = 0  # runs that earlier calls finished
    clock: Callable[[], float] = time.monotonic
    study: Study | None = None  # to name what differs between its runs
    states: dict[Run, RunState] = field(init=False)
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.states = {run: RunState(run) for run in self.runs}
        self.began = self.clock()

    def update(self, event: Event) -> RunState:
        """Take over an event of a run and return the state it changed."""
        if event.run not in self.states:  # its record was damaged, so it had been counted as finished
            self.states[event.run] = RunState(event.run)
            if self.study is None or self.study.until_decided is None:  # such a study grows
                self.finished -= 1
        state = self.states[event.run]
        state.changed = self.clock()
        if isinstance(event, Started):
            state.status = "training"
        elif isinstance(event, Epoch):
            state.update(event.record)
        elif isinstance(event, Done):
            state.status = "done" if event.record.diverged is None else "diverged"
        elif isinstance(event, Failed):
            state.status = "failed"
        return state

    def share(self) -> float:
        """How much of the training of this call is done, from 0 to 1, by epochs."""
        ended = ("done", "diverged", "failed")
        parts = [
            1.0 if state.status in ended else 0.0 if state.run.reported else state.epoch / state.run.epochs
            for state in self.states.values()
        ]
        return sum(parts) / len(parts) if parts else 1.0

    def doing(self) -> str:
        """What happens while no epoch is over yet, or after the last one, with its seconds; '' while runs train."""
        states = self.states.values()
        if any(state.epoch or state.status in ("done", "diverged", "failed") for state in states):
            return ""
        started = any(state.status == "training" for state in states)
        text = "the first epochs" if started else "loading data, starting workers, compiling kernels"
        return f"{text} · {self.clock() - self.began:.0f} s"

    def count(self, *statuses: str) -> int:
        """How many runs have one of these statuses."""
        return sum(state.status in statuses for state in self.states.values())

    def seconds_left(self) -> float | None:
        """Seconds until all is done, at the pace so far; None before the first epoch."""
        ended = ("done", "diverged", "failed")
        states = self.states.values()
        if any(state.run.reported for state in states):  # how many epochs there will be is not known
            trained, total = self.count(*ended), len(states)
        else:
            trained = sum(s.run.epochs if s.status in ended else s.epoch for s in states)
            total = sum(state.run.epochs for state in states)
        spent = self.clock() - self.began
        return spent * (total - trained) / trained if trained and spent else None

    def summary(self) -> str:
        """`12 of 20 runs · 3 min left · 1 failed`."""
        ended = self.finished + self.count("done", "diverged", "failed")
        parts = [f"{ended} of {self.finished + len(self.states)} runs"]
        left = self.seconds_left()
        if left is not None and self.count("waiting", "training"):
            parts.append(f"{time_left(left)} left")
        parts += [f"{self.count(s)} {s}" for s in ("diverged", "failed") if self.count(s)]
        return " · ".join(parts)


def time_left(seconds: float) -> str:
    """`48 s`, `12 min`, `2 h 5 min`: rounder than a duration that was measured."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def ending(record: RunRecord) -> str:
    """How a run ended: ` (diverged in epoch 3)`; '' after all its epochs or steps."""
    if record.diverged is not None:
        return f" (diverged {'before' if record.run.steps else 'in'} {record.run.moment(record.diverged)})"
    return f" (stopped early, after {record.run.moment(record.stopped)})" if record.stopped is not None else ""


@contextmanager
def status_line(study: Study) -> Iterator[Watcher]:
    """A watcher that shows a table of the runs in a notebook, a line in a terminal; elsewhere messages alone."""
    notebook = "ipykernel" in sys.modules
    if not (notebook or sys.stdout.isatty()):
        yield print_message
        return
    board = ProgressBoard(tuple(study.runs()), study=study)
    show = notebook_table() if notebook else _terminal_line()
    show(board)

    def watch(event: Event) -> None:
        if event.run is not None:
            board.update(event)
            show(board)
        elif isinstance(event, Message):
            if not notebook:
                show(None)
            print(printable(visible(event.text)))

    try:
        yield watch
    finally:
        show(None)


def print_message(event: Event) -> None:
    """What the data are, what was replaced, what went wrong: where output goes to a file."""
    if isinstance(event, Message):
        print(printable(visible(event.text)))


def _terminal_line() -> Callable[[ProgressBoard | None], None]:
    """A line that is overwritten; None empties it."""
    longest = 0

    def show(board: ProgressBoard | None) -> None:
        nonlocal longest
        text = "" if board is None else (board.doing() or board.summary())[:79]
        longest = max(longest, len(text))
        print(printable(f"\r{text:{longest}}"), end="" if text else "\r", flush=True)

    return show
