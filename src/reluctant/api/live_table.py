"""The table of runs that a notebook shows while it trains, as HTML; in the end it is empty."""

import time
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

from reluctant.analysis.labels import seed_text, varied_text, without_session
from reluctant.core.display import visible

if TYPE_CHECKING:
    from reluctant.api.progress import ProgressBoard

MOST_ROWS = 12
SECONDS = 0.3  # between two updates: every one is sent to the browser
HEADS = ("activation", "seed", "epoch", "training loss", "validation loss", "score", "s", "")
_ORDER = {"training": 0, "failed": 1, "diverged": 2, "done": 2, "waiting": 3}


def table_html(board: "ProgressBoard") -> str:
    """A bar, a line with what is done and left, and the runs: those in training first, then the latest that ended."""
    share = board.share()
    doing = board.doing()
    states = sorted(board.states.values(), key=lambda state: (_ORDER[state.status], -state.changed))
    rows = []
    for state in states[:MOST_ROWS]:
        name = ", ".join(filter(None, (without_session(state.run.activation), varied_text(state.run, board.study))))
        cells = (name, seed_text(state.run, board.study), *state.cells(), state.status)
        weight = "font-weight:bold" if state.status == "training" else "opacity:.7" * (state.status == "waiting")
        body = "".join(
            f'<td style="text-align:{"right" if 0 < i < 7 else "left"}">{escape(visible(cell))}</td>'
            for i, cell in enumerate(cells)
        )
        rows.append(f'<tr style="{weight}">{body}</tr>')
    more = f" · {len(states) - MOST_ROWS} more runs" if len(states) > MOST_ROWS else ""
    heads = "".join(f"<th>{head}</th>" for head in (_arm_word(board), *HEADS[1:]))
    progress = "<progress></progress>" if doing else f'<progress value="{share:.3f}"></progress>'
    return (
        f"<div>{progress} {escape(doing or board.summary())}{more}</div>"
        f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _arm_word(board: "ProgressBoard") -> str:
    return "arm" if board.study is not None and board.study.arm else HEADS[0]


def notebook_table() -> "Callable[[ProgressBoard | None], None]":
    """What draws the board into one output of the running cell, again and again; None empties the output."""
    from IPython.display import display

    handle: Any = None
    last = float("-inf")

    def show(board: "ProgressBoard | None") -> None:
        nonlocal handle, last
        if board is not None and time.monotonic() - last < SECONDS:
            return
        last = time.monotonic()
        content = {
            "text/html": "" if board is None else table_html(board),
            "text/plain": "" if board is None else board.doing() or board.summary(),
        }
        if handle is not None:
            handle.update(content, raw=True)
        elif board is not None:
            handle = display(content, raw=True, display_id=True)  # type: ignore[no-untyped-call]

    return show
