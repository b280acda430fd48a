"""Watching a study: a live table in a terminal; where output goes to a file, one plain line per run."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from reluctant.analysis.labels import seed_text, varied_text
from reluctant.analysis.study_facts import run_text
from reluctant.api.progress import ProgressBoard, RunState, Watcher, ending
from reluctant.cli.terminal import bar
from reluctant.core.display import visible
from reluctant.engines import Done, Epoch, Event, Failed, Message
from reluctant.report.page import last_line

SIGNS = {"waiting": "·", "training": "▶", "done": "✓", "failed": "✗", "diverged": "∞"}
STYLES = {"waiting": "dim", "done": "", "failed": "red", "diverged": "yellow"}
_FRAME = 6  # lines around the rows of the table


def watch(
    console: Console, board: ProgressBoard, *, epochs: bool = False
) -> tuple[AbstractContextManager[object], Watcher]:
    """What surrounds the training, and what is called with every event.

    `epochs`: where output goes to a file, a line for every epoch too.
    """
    if not console.is_terminal:
        write = partial(console.print, soft_wrap=True)
        return nullcontext(), PlainLines(board, lambda line: write(Text(visible(line))), epochs=epochs)
    live = Live(console=console, refresh_per_second=8)
    table = LiveTable(board, live)
    live.update(table)
    return live, table


class PlainLines:
    """One line for every ended run, and with `epochs` for every epoch; without control codes."""

    def __init__(self, board: ProgressBoard, write: Callable[[str], None], *, epochs: bool = False) -> None:
        self.board, self.write, self.epochs = board, write, epochs

    def __call__(self, event: Event) -> None:
        """Write what an event changed."""
        if event.run is None:
            self.write(getattr(event, "text", ""))
            return
        state = self.board.update(event)
        run = run_text(state.run, self.board.study)
        if isinstance(event, Epoch):
            if self.epochs:
                word = "step" if state.run.steps else "epoch"
                epoch, train, valid, _, spent = state.cells()
                losses = f"train loss {train}, valid loss {valid}, " if train else ""
                self.write(f"{run}: {word} {epoch}, {losses}{_score(state)}, {spent} s")
        elif isinstance(event, Done):
            last = "" if state.score is None else f", {_score(state)}, {state.cells()[-1]} s"
            self.write(f"{run}: done{ending(event.record)}{last} [{self.board.summary()}]")
        elif isinstance(event, Message):
            self.write(f"{run}: {event.text}")
        elif isinstance(event, Failed):
            self.write(f"{run}: failed: {last_line(event.cause)}")


def _score(state: RunState) -> str:
    """`valid accuracy 0.9712`: the score after the last epoch, by its name."""
    if state.train_loss is None:  # reported by the user's own training
        return f"{state.score_name} {state.cells()[3]}"
    name = "R²" if state.score_name == "r2" else state.score_name.replace("_", " ")
    return f"valid {name} {state.cells()[3]}"


class LiveTable:
    """A table of the runs that redraws itself; the oldest rows are left out when the terminal is full."""

    def __init__(self, board: ProgressBoard, live: Live) -> None:
        self.board, self.live = board, live

    def __rich__(self) -> Group:
        return self.render()

    def __call__(self, event: Event) -> None:
        """Redraw with what an event changed; messages stand above."""
        if event.run is not None:
            self.board.update(event)
        if isinstance(event, Message):
            run = "" if event.run is None else f"{run_text(event.run, self.board.study)}: "
            self.live.console.print(Text(visible(run + event.text)))
        self.live.refresh()

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
        share, doing = self.board.share(), self.board.doing()
        line = Table.grid(padding=(0, 1))
        line.add_row(
            bar(None if doing else share), Text(doing or below, style="dim", overflow="ellipsis", no_wrap=True)
        )
        return Group(table, line)
