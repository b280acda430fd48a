"""The report's figures: each drawn once, saved as SVG and PNG, and kept for the page with its numbers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from reluctant import figures
from reluctant.figures.saving import save, svg
from reluctant.figures.sheet import head_of
from reluctant.figures.style import NARROW
from reluctant.report.tables import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Picture:
    """A figure for the page: SVG for wide columns and, where it differs, for narrow ones; its numbers."""

    title: str
    said: str
    wide: str
    narrow: str
    caption: str
    table: Table | None


@dataclass
class Studio:
    """Draws figures; saves them in `folder` unless it is None, under names that do not clash."""

    folder: Path | None
    _taken: set[str] = field(default_factory=set)

    def picture(
        self, name: str, draw: Callable[..., "Figure"], table: Table | None, caption: str = "",
        *, narrow: bool = True, dots: bool = True,
    ) -> Picture:  # fmt: skip
        """What `draw(width=…)` makes: its wide form saved, without `dots` as SVG alone; both kept."""
        made = draw()
        text = svg(made)
        if self.folder is not None:
            save(made, self.folder / self._free(name), text=text, dots=dots)
        slim = figures.inline_svg(draw(width=NARROW), head=False) if narrow else ""
        head = head_of(made)
        return Picture(
            head.title, head.said, figures.inline_svg(made, text=text, head=False), slim, caption, table
        )

    def _free(self, name: str) -> str:
        found, n = name, 1
        while found.lower() in self._taken:  # some file systems do not tell A from a
            n += 1
            found = f"{name}_{n}"
        self._taken.add(found.lower())
        return found
