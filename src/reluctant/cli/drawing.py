"""What a user sees in a terminal while figures are drawn: a line that counts them, on the stream of errors."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from reluctant.core.display import visible


@contextmanager
def drawing() -> Iterator[Callable[[int, str], object]]:
    """A function that takes a figure's number and name; on a terminal its line is wiped away at the end.

    Elsewhere nothing is printed: what stands on the stream of errors is read as a fault.
    """
    from rich.console import Console

    console = Console(stderr=True, highlight=False, markup=False)
    if not console.is_terminal:
        yield lambda number, name: None
        return
    with console.status("drawing the report") as line:
        yield lambda number, name: line.update(visible(f"drawing figure {number}: {name}"))
