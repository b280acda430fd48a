"""Seeing a study work: a live table on a terminal, one plain line per epoch elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from reluctant.catalogue.metrics import score
from reluctant.core.display import visible
from reluctant.engines import Done, Epoch, Event, Failed, Message, Started
from reluctant.study import Run, Study

MARKS = {"waiting": "·", "training": "▶", "done": "✓", "failed": "✗", "diverged": "∞"}
_FRAME = 6  # lines around the rows of the table


@dataclass
class Row:
    """What is known of one run."""

    run: Run
    state: str = "waiting"
    epoch: int = 0
    train: float | None = None
    valid: float | None = None
    score: float | None = None  # on the validation part: accuracy, or R² of numbers
    seconds: float = 0.0
    changed: float = 0.0

    def take(self, record: dict[str, Any]) -> None:
        """Note an epoch."""
        self.epoch = record["epoch"]
        self.train, self.valid = record["loss"]["train"], record["loss"]["valid"]
        self.score = score(*_counts(record))
        self.seconds += sum(record["seconds"].values())

    def cells(self) -> tuple[str, ...]:
        """The row as texts: epoch, training loss, validation loss, validation score, seconds."""
        return (f"{self.epoch}/{self.run.epochs}", _number(self.train), _number(self.valid),
                _number(self.score), f"{self.seconds:.0f}")  # fmt: skip


def _counts(record: dict[str, Any]) -> tuple[Any, str]:
    """What was counted on the validation part, and the metric that is shown of it."""
    if "sums" in record:
        return np.array(record["sums"]["valid"], float), "r2"
    return np.array(record["confusion"]["valid"]), "accuracy"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


@dataclass
class Board:
    """The state of all runs of a study, brought up to date by `take`."""

    runs: Sequence[Run]
    finished: int = 0  # runs that earlier sittings finished
    clock: Callable[[], float] = time.monotonic
    rows: dict[Run, Row] = field(init=False)
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.rows = {run: Row(run) for run in self.runs}
        self.began = self.clock()

    def take(self, event: Event) -> Row:
        """Note an event of a run and return the row it changed."""
        if event.run not in self.rows:  # its record was damaged, so it had been counted among the finished
            self.rows[event.run] = Row(event.run)
            self.finished -= 1
        row = self.rows[event.run]
        row.changed = self.clock()
        if isinstance(event, Started):
            row.state = "training"
        elif isinstance(event, Epoch):
            row.take(event.record)
        elif isinstance(event, Message):
            pass
        elif isinstance(event, Done):
            row.state = "done" if event.record["diverged"] is None else "diverged"
        else:
            row.state = "failed"
        return row

    def count(self, *states: str) -> int:
        """How many runs are in one of these states."""
        return sum(row.state in states for row in self.rows.values())

    def left(self) -> float | None:
        """Seconds until all is done, at the pace so far; None before the first epoch."""
        ended = ("done", "diverged", "failed")
        behind = sum(r.run.epochs if r.state in ended else r.epoch for r in self.rows.values())
        total = sum(row.run.epochs for row in self.rows.values())
        spent = self.clock() - self.began
        return spent * (total - behind) / behind if behind and spent else None

    def summary(self) -> str:
        """`12 of 20 runs · 3 min left · 1 failed`."""
        over = self.finished + self.count("done", "diverged", "failed")
        parts = [f"{over} of {self.finished + len(self.rows)} runs"]
        left = self.left()
        if left is not None and self.count("waiting", "training"):
            parts.append(f"{duration(left)} left")
        parts += [f"{self.count(s)} {s}" for s in ("diverged", "failed") if self.count(s)]
        return " · ".join(parts)


def duration(seconds: float) -> str:
    """`48 s`, `12 min`, `2 h 5 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


class Plain:
    """One line for every epoch and every ended run, without control codes."""

    def __init__(self, board: Board, write: Callable[[str], None]) -> None:
        self.board, self.write = board, write

    def __call__(self, event: Event) -> None:
        """Write what an event changed."""
        if event.run is None:
            self.write(getattr(event, "text", ""))
            return
        row = self.board.take(event)
        who = f"{row.run.activation}, seed {row.run.seed}"
        if isinstance(event, Epoch):
            epoch, train, valid, reached, seconds = row.cells()
            what = "R²" if "sums" in event.record else "accuracy"
            self.write(
                f"{who}: epoch {epoch}, loss {train} train {valid} valid, {what} {reached} valid, {seconds} s"
            )
        elif isinstance(event, Done):
            how = _ending(event.record)
            self.write(f"{who}: done{how} [{self.board.summary()}]")
        elif isinstance(event, Message):
            self.write(f"{who}: {event.text}")
        elif isinstance(event, Failed):
            self.write(f"{who}: failed: {last_line(event.cause)}")


def _ending(record: dict[str, Any]) -> str:
    """What there is to say of how a run ended: ` (diverged in epoch 3)`; '' after all its epochs."""
    if record["diverged"] is not None:
        return f" (diverged in epoch {record['diverged']})"
    return f" (stopped early, after epoch {record['stopped']})" if "stopped" in record else ""


def last_line(text: str) -> str:
    """The last line of a traceback that says something, without signs that would act on a terminal."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return visible(lines[-1]) if lines else ""


class LiveTable:
    """A table of the runs that redraws itself; the oldest rows give way when the terminal is full."""

    def __init__(self, board: Board, live: Live) -> None:
        self.board, self.live = board, live

    def __call__(self, event: Event) -> None:
        """Redraw with what an event changed; what was said stands above."""
        if event.run is not None:
            self.board.take(event)
        if isinstance(event, Message):
            who = "" if event.run is None else f"{event.run.activation}, seed {event.run.seed}: "
            self.live.console.print(Text(visible(who + event.text)))
        self.live.update(self.render())

    def render(self) -> Group:
        """The table and the line beneath."""
        console = self.live.console
        rows = self._chosen(max(3, console.size.height - _FRAME))
        table = Table(box=None, pad_edge=False, header_style="dim")
        table.add_column("activation", overflow="ellipsis", no_wrap=True, ratio=1)
        for head in ("seed", "epoch", "train loss", "valid loss", "score", "s"):
            table.add_column(head, justify="right", no_wrap=True)
        table.add_column("")
        for row in rows:
            style = {"waiting": "dim", "done": "", "failed": "red", "diverged": "yellow"}.get(
                row.state, "bold"
            )
            cells = (row.run.activation, str(row.run.seed), *row.cells(), MARKS[row.state])
            table.add_row(*(Text(visible(cell)) for cell in cells), style=style)
        return Group(table, Text(self._beneath(len(rows)), style="dim"))

    def _beneath(self, shown: int) -> str:
        more = len(self.board.rows) - shown
        return self.board.summary() + (f" · {more} more not shown" if more else "")

    def _chosen(self, most: int) -> list[Row]:
        """The rows that fit: those at work first, then the latest ended, then the next to come."""
        rank = {"training": 0, "failed": 1, "diverged": 2, "done": 2, "waiting": 3}
        order = sorted(self.board.rows.values(), key=lambda row: (rank[row.state], -row.changed))
        chosen = {id(row) for row in order[:most]}
        return [row for row in self.board.rows.values() if id(row) in chosen]


def watch(console: Console, board: Board) -> tuple[AbstractContextManager[Any], Callable[[Event], None]]:
    """What to enter around a study's run, and what to tell every event."""
    if not console.is_terminal:
        return nullcontext(), Plain(board, lambda line: console.print(Text(visible(line)), soft_wrap=True))
    live = Live(console=console, refresh_per_second=4)
    table = LiveTable(board, live)
    live.update(table.render())
    return live, table


@contextmanager
def counting(study: Study) -> Iterator[Callable[[Event], None]]:
    """One line that counts runs, for a terminal or a notebook; elsewhere only what has to be said."""
    notebook = "ipykernel" in sys.modules
    if not (notebook or sys.stdout.isatty()):
        yield _only_said
        return
    board = Board(tuple(study.runs()))
    line = _cell_line() if notebook else _terminal_line()

    def tell(event: Event) -> None:
        if event.run is not None:
            board.take(event)
            line(board.summary())
        elif isinstance(event, Message):
            line("")
            print(visible(event.text))

    yield tell
    line("")


def _only_said(event: Event) -> None:
    """What the data are, what was replaced, what went wrong: where output goes to a file."""
    if isinstance(event, Message):
        print(visible(event.text))


def _terminal_line() -> Callable[[str], None]:
    """A line that is written over."""
    longest = 0

    def write(text: str) -> None:
        nonlocal longest
        longest = max(longest, len(text))
        print(f"\r{text:{longest}}", end="" if text else "\r", flush=True)

    return write


def _cell_line() -> Callable[[str], None]:
    """A notebook's output that is replaced, so that a saved notebook holds the last of it alone."""
    from IPython.display import display

    handle: Any = None

    def write(text: str) -> None:
        nonlocal handle
        content = {"text/plain": text}
        if handle is not None:
            handle.update(content, raw=True)
        elif text:
            handle = display(content, raw=True, display_id=True)  # type: ignore[no-untyped-call]

    return write
