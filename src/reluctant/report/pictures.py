"""The report's figures: each drawn once, saved as SVG and PNG, and placed on the page with its numbers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from reluctant import figures
from reluctant.figures.inline import save, svg
from reluctant.figures.sheet import head_of
from reluctant.figures.style import NARROW
from reluctant.report.tables import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
    _names: set[str] = field(default_factory=set)

    def draw(
        self, name: str, figure: Callable[..., "Figure"], table: Table | None, caption: str = "",
        *, narrow: bool = True, png: bool = True,
    ) -> Picture:  # fmt: skip
        """What `figure(width=…)` draws: its wide form saved, as SVG alone unless `png`; both on the page."""
        wide = figure()
        text = svg(wide)
        if self.folder is not None:
            names = (name, *(f"{name}_{n}" for n in range(2, len(self._names) + 3)))
            unused = next(each for each in names if each.lower() not in self._names)  # to some systems a is A
            self._names.add(unused.lower())
            save(wide, self.folder / unused, text=text, dots=png)
        slim = figures.inline_svg(figure(width=NARROW), head=False) if narrow else ""
        drawing, head = figures.inline_svg(wide, text=text, head=False), head_of(wide)
        return Picture(head.title, head.notes.removeprefix(f"{self.data_title} · "), drawing, slim, caption, table)
