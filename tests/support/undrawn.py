"""Pages without drawings, for tests of anything else: drawing takes nearly all of a page's time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from reluctant.report.pictures import Picture, PictureBook
from reluctant.report.tables import Table

DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="left out in this test" viewBox="0 0 1 1"/>'


def picture_without_drawing(
    book: PictureBook, name: str, figure: Callable[..., Any], table: Table | None, caption: str = "", **_: Any
) -> Picture:
    """What `PictureBook.draw` returns, with an empty drawing; its file is as empty."""
    if book.folder is not None:
        book.folder.mkdir(parents=True, exist_ok=True)
        (book.folder / f"{name}.svg").write_text(DRAWING, "utf-8")
    return Picture(name, "", DRAWING, "", caption, table)


@contextmanager
def without_png() -> Iterator[None]:
    """Within it PNG files of figures are empty, for tests of their SVG: dots take half of a figure's time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reluctant.figures.inline.png", lambda _: b"")
        patch.setattr("reluctant.figures.card.card_png", lambda _: b"")
        yield


def leave_out_drawings() -> None:
    """Draw nothing in this process from now on; for processes that tests start."""
    PictureBook.draw = picture_without_drawing  # type: ignore[method-assign, assignment]
