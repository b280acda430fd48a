"""Watching a study in a terminal: a live table, or one plain line per epoch where output goes to a file."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from reluctant.analysis.labels import seed_text, varied_text
from reluctant.analysis.study_facts import run_text
from reluctant.api.progress import ProgressBoard, Watcher, ending
from reluctant.core.display import visible
from reluctant.engines import Done, Epoch, Event, Failed, Message
from reluctant.records.parts import ReportedEpoch
from reluctant.report.page import last_line

SIGNS = {"waiting": "·", "training": "▶", "done": "✓", "failed": "✗", "diverged": "∞"}
STYLES = {"waiting": "dim", "done": "", "failed": "red", "diverged": "yellow"}
_FRAME = 6  # lines around the rows of the table


def watch(console: Console, board: ProgressBoard) -> tuple[AbstractContextManager[object], Watcher]:
    """What surrounds the training, and what is called with every event."""
    if not console.is_terminal:
        write = partial(console.print, soft_wrap=True)
        return nullcontext(), PlainLines(board, lambda line: write(Text(visible(line))))
    live = Live(console=console, refresh_per_second=4)
    table = LiveTable(board, live)
    live.update(table.render())
    return live, table


class PlainLines:
    """One line for every epoch and every ended run, without control codes."""

    def __init__(self, board: ProgressBoard, write: Callable[[str], None]) -> None:
        self.board, self.write = board, write

    def __call__(self, event: Event) -> None:
        """Write what an event changed."""
        if event.run is None:
            self.write(getattr(event, "text", ""))
            return
        state = self.board.update(event)
        run = run_text(state.run, self.board.study)
        if isinstance(event, Epoch):
            epoch, train, valid, score, spent = state.cells()
            word = "step" if state.run.steps else "epoch"
            if isinstance(event.record, ReportedEpoch):
                self.write(f"{run}: {word} {epoch}, {state.score_name} {score}, {spent} s")
                return
            name = "R²" if state.score_name == "r2" else state.score_name.replace("_", " ")
            losses = f"train loss {train}, valid loss {valid}"
            self.write(f"{run}: {word} {epoch}, {losses}, valid {name} {score}, {spent} s")
        elif isinstance(event, Done):
            self.write(f"{run}: done{ending(event.record)} [{self.board.summary()}]")
        elif isinstance(event, Message):
            self.write(f"{run}: {event.text}")
        elif isinstance(event, Failed):
            self.write(f"{run}: failed: {last_line(event.cause)}")


class LiveTable:
    """A table of the runs that redraws itself; the oldest rows are left out when the terminal is full."""

    def __init__(self, board: ProgressBoard, live: Live) -> None:
        self.board, self.live = board, live

    def __call__(self, event: Event) -> None:
        """Redraw with what an event changed; messages stand above."""
        if event.run is not None:
            self.board.update(event)
        if isinstance(event, Message):
            run = "" if event.run is None else f"{run_text(event.run, self.board.study)}: "
            self.live.console.print(Text(visible(run + event.text)))
        self.live.update(self.render())

    def render(self) -> Group:
        """The table and the line below it."""
        # the runs that fit: those in training first, then the latest ended, then the next to come
        rank = {"training": 0, "failed": 1, "diverged": 2, "done": 2, "waiting": 3}
        order = sorted(self.board.states.values(), key=lambda state: (rank[state.status], -state.changed))
        chosen = {id(state) for state in order[: max(3, self.live.console.size.height - _FRAME)]}
        states = [state for state in self.board.states.values() if id(state) in chosen]
        table = Table(box=None, pad_edge=False, header_style="dim")
        table.add_column(
            "arm" if self.board.study is not None and self.board.study.arm else "activation",
            overflow="ellipsis",
            no_wrap=True,
            ratio=1,
        )
        steps = self.board.study is not None and any(self.board.study.steps)
        for head in ("seed", "step" if steps else "epoch", "train loss", "valid loss", "score", "s"):
            table.add_column(head, justify="right", no_wrap=True)
        table.add_column("")
        for state in states:
            run, study = state.run, self.board.study
            name = ", ".join(filter(None, (run.activation, varied_text(run, study))))
            cells = (name, seed_text(run, study), *state.cells(), SIGNS[state.status])
            table.add_row(*(Text(visible(cell)) for cell in cells), style=STYLES.get(state.status, "bold"))
        more = len(self.board.states) - len(states)
        below = self.board.summary() + (f" · {more} more not shown" if more else "")
        return Group(table, Text(below, style="dim"))
