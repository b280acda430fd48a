"""The report's figures: each drawn for wide and narrow columns, saved as SVG, and placed on the page."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from reluctant import figures
from reluctant.core.atomic_files import write_atomically
from reluctant.figures.inline import png, svg
from reluctant.figures.sheet import head_of
from reluctant.figures.style import NARROW
from reluctant.report.tables import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Progress = Callable[[int, str], object]  # called with the number of a figure, from 1, and its name


@dataclass(frozen=True)
class Picture:
    """A figure for the page: SVG for wide columns and, where it differs, for narrow ones; its numbers."""

    title: str
    notes: str
    wide: str
    narrow: str
    caption: str
    table: Table | None


@dataclass
class PictureBook:
    """Draws figures; saves them in `folder` unless it is None, under names that do not clash."""

    folder: Path | None
    data_title: str = ""  # the page names the data once, so its captions leave this out
    progress: Progress | None = None
    _names: set[str] = field(default_factory=set)

    def draw(
        self, name: str, figure: Callable[..., "Figure"], table: Table | None, caption: str = "",
        *, form: Literal["both", "narrow"] = "both",
    ) -> Picture:  # fmt: skip
        """What `figure(width=…)` draws, for wide and narrow columns, or in the narrow form for both; saved as SVG.

        A PNG of it that lies in the folder is renewed, in the wide form.
        """
        unused = self.unused_name(name)
        if self.progress is not None:
            self.progress(len(self._names), unused)
        first = figure() if form == "both" else figure(width=NARROW)
        text = svg(first)
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_atomically(self.folder / f"{unused}.svg", text)
            if (dots := self.folder / f"{unused}.png").is_file():
                write_atomically(dots, png(first if form == "both" else figure()))
        slim = figures.inline_svg(figure(width=NARROW), head=False) if form == "both" else ""
        drawing, head = figures.inline_svg(first, text=text, head=False), head_of(first)
        return Picture(head.title, head.notes.removeprefix(f"{self.data_title} · "), drawing, slim, caption, table)

    def unused_name(self, name: str) -> str:
        """The name, with a number where another figure has it; to some systems a is A."""
        names = (name, *(f"{name}_{n}" for n in range(2, len(self._names) + 3)))
        unused = next(each for each in names if each.lower() not in self._names)
        self._names.add(unused.lower())
        return unused


@dataclass
class FigureFiles(PictureBook):
    """Draws every figure of the page once, in the wide form, into files of one kind; for use without a page."""

    kind: Literal["png", "svg", "pdf"] = "png"
    written: list[Path] = field(default_factory=list)

    def draw(
        self, name: str, figure: Callable[..., "Figure"], table: Table | None, caption: str = "",
        *, form: Literal["both", "narrow"] = "both",
    ) -> Picture:  # fmt: skip
        """Write the figure into `folder`; the page gets nothing."""
        unused = self.unused_name(name)
        if self.progress is not None:
            self.progress(len(self._names), unused)
        assert self.folder is not None
        path = self.folder / f"{unused}.{self.kind}"
        write_atomically(path, figures.file_content(figure(), self.kind))
        self.written.append(path)
        return Picture(name, "", "", "", caption, table)
