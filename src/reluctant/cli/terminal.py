"""What a command writes besides its answer: a moving bar while something takes long, JSON, the signs of a terminal."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import RenderableType

BAR_WIDTH = 20  # characters

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")


def colours() -> bool | None:
    """Whether click may colour: never with NO_COLOR (https://no-color.org), otherwise where it writes to a terminal."""
    return False if os.environ.get("NO_COLOR") else None


def print_json(content: Any) -> None:
    """Print a value as JSON. Its signs are plain ASCII where the output cannot write others."""
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    unicode = encoding.lower().replace("-", "").startswith("utf")
    click.echo(json.dumps(content, indent=1, ensure_ascii=not unicode, default=str))


def bar(share: float | None) -> "RenderableType":
    """A bar filled to this share of its length; None: one that moves, because nobody knows how long it takes."""
    from rich.progress_bar import ProgressBar

    return ProgressBar(
        total=None if share is None else 1.0, completed=share or 0.0, width=BAR_WIDTH, pulse=share is None
    )


@contextmanager
def working(doing: str) -> Iterator[None]:
    """A moving bar and these words while the block runs; nothing where errors do not go to a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(BAR_WIDTH), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        progress.add_task(doing, total=None)
        yield
