"""A card for the terminal: lines of at most 80 columns with small plots in Braille dots or in ASCII."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from textwrap import wrap

import numpy as np

from reluctant.activations.numerics import Floats
from reluctant.cards.card import LIMIT, Card, CurveFacts
from reluctant.cards.descriptions import describe_facts, describe_parameters, describe_row
from reluctant.cards.plain_text import latex_to_text

WIDTH = 79
_LABEL_WIDTH = 11
_PLOT_SIZE = (35, 10)  # characters, width and height
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # Braille: four rows of two dots
_LEVELS = ".-'"  # ASCII: low, middle and high in a character


def card_lines(card: Card, *, ascii_only: bool = False) -> Iterator[str]:
    """The card, line by line: title, purpose, formula, plots, parameters, facts, source."""
    yield card.row.title + (f"  ({card.name})" if card.name != card.row.title else "")
    yield from wrap(card.row.purpose, WIDTH)
    yield ""
    yield from wrap(f"f(x) = {latex_to_text(card.row.formula)}", WIDTH, subsequent_indent="       ")
    yield ""
    if card.facts:
        yield from _plot_lines(card.facts, ascii_only)
        yield ""
    else:
        yield from wrap("A block acts on a whole layer, so there is no curve to draw.", WIDTH)
    indent = " " * _LABEL_WIDTH
    for label, text in (*describe_parameters(card), *describe_facts(card), *describe_row(card)):
        first = f"{label}  ".ljust(_LABEL_WIDTH)
        yield from wrap(text, WIDTH, initial_indent=first, subsequent_indent=indent) or [label]
    if card.link:
        yield indent + card.link


def _plot_lines(facts: CurveFacts, ascii_only: bool) -> Iterator[str]:
    """Two plots side by side, of f and of f′."""
    plots = []
    for title, y in (("f(x)", facts.f), ("f′(x)", facts.slope)):
        canvas = Canvas(*_PLOT_SIZE, -LIMIT, LIMIT, *y_window(y), ascii_only)
        canvas.draw(facts.x, y)
        plots.append(framed_plot(canvas, title))
    for left, right in zip_longest(*plots, fillvalue=""):
        yield f"{left}   {right}".rstrip()


@dataclass
class Canvas:
    """A window on the plane, `width` × `height` characters; everything outside it is not drawn."""

    width: int
    height: int
    left: float
    right: float
    low: float
    high: float
    ascii_only: bool = False
    _dots: set[tuple[int, int]] = field(default_factory=set)

    @property
    def _character_size(self) -> tuple[int, int]:
        """The dots of a character, across and down."""
        return (1, 3) if self.ascii_only else (2, 4)

    def draw(self, x: Floats, y: Floats) -> None:
        """Add a curve; numbers that are not finite leave a gap, a jump is a vertical line."""
        across, down = self._character_size
        last: int | None = None
        for column, value in enumerate(np.interp(np.linspace(self.left, self.right, self.width * across), x, y)):
            row = self._dot_row(value)
            if row is not None:  # the row itself, and a line from the row of the column before
                low, high = (row, row) if last in (None, row) else (last + 1, row) if row > last else (row, last - 1)
                dots = range(max(low, 0), min(high, self.height * down - 1) + 1)
                self._dots |= {(column, dot) for dot in dots}
            last = row

    def _dot_row(self, value: float) -> int | None:
        """The row of dots of a value, from the top; −1 or beyond the last if outside; None for NaN and ∞."""
        total = self.height * self._character_size[1]
        if not np.isfinite(value):
            return None
        row = (self.high - value) / (self.high - self.low) * (total - 1)
        return int(np.clip(round(row), -1, total))

    def lines(self) -> list[str]:
        """The picture, line by line, with axes where there is no curve."""
        return ["".join(self._character(c, r) for c in range(self.width)) for r in range(self.height)]

    def _character(self, column: int, row: int) -> str:
        across, down = self._character_size
        inside = [(dy, dx) for dy in range(down) for dx in range(across)]
        dots = [(dy, dx) for dy, dx in inside if (column * across + dx, row * down + dy) in self._dots]
        if not dots:
            vertical = column == round(-self.left / (self.right - self.left) * (self.width - 1))
            return (" .:+" if self.ascii_only else " ─│┼")[2 * vertical + (row == self.zero_line)]
        if self.ascii_only:
            return "|" if len(dots) > 1 else _LEVELS[2 - dots[0][0]]
        return chr(0x2800 + sum(_DOTS[dy][dx] for dy, dx in dots))

    @property
    def zero_line(self) -> int:
        """The line of characters that contains y = 0; −1 if it is outside the window."""
        row, down = self._dot_row(0.0), self._character_size[1]
        return row // down if row is not None and 0 <= row < self.height * down else -1


def y_window(*curves: Floats) -> tuple[float, float]:
    """Whole numbers that enclose the curves and zero, at most from −4 to 5."""
    values = np.concatenate(curves)
    values = values[np.isfinite(values)]
    low, high = (float(values.min()), float(values.max())) if values.size else (-1.0, 1.0)
    return float(max(np.floor(min(low, 0)), -4)), float(min(np.ceil(max(high, 1)), 5))


def framed_plot(canvas: Canvas, title: str) -> list[str]:
    """The picture with a title and the ends of both axes; all lines have the same width."""

    def label(value: float) -> str:
        return f"{value:.0f}".replace("-", "−")

    marks = {0: label(canvas.high), canvas.height - 1: label(canvas.low)}
    if canvas.zero_line > 0:
        marks[canvas.zero_line] = "0"
    body = [f"{marks.get(i, ''):>2} {line}" for i, line in enumerate(canvas.lines())]
    left, right, half = label(canvas.left), label(canvas.right), canvas.width // 2
    below = left.ljust(half) + "0".ljust(canvas.width - half - len(right)) + right
    return [line.ljust(canvas.width + 3) for line in (f"   {title}", *body, f"   {below}")]
