"""A curve in a terminal: Braille dots, eight to a character, or ASCII where those cannot be written."""

from dataclasses import dataclass, field

import numpy as np

from reluctant.cards.function import Floats

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # Braille: four rows of two dots
_LEVELS = ".-'"  # ASCII: low, middle and high in a character


@dataclass
class Canvas:
    """A window on the plane, `wide` × `tall` characters; what is beyond it is not drawn."""

    wide: int
    tall: int
    left: float
    right: float
    low: float
    high: float
    ascii_only: bool = False
    _dots: set[tuple[int, int]] = field(default_factory=set)

    @property
    def _across(self) -> int:
        return 1 if self.ascii_only else 2

    @property
    def _down(self) -> int:
        return 3 if self.ascii_only else 4

    def draw(self, x: Floats, y: Floats) -> None:
        """Add a curve; what is not finite leaves a gap, a jump is drawn upright."""
        columns = np.linspace(self.left, self.right, self.wide * self._across)
        values = np.interp(columns, x, y)
        rows = [self._row(v) for v in values]
        for column, row in enumerate(rows):
            last = rows[column - 1] if column else row
            for between in self._joined(last, row):
                self._dots.add((column, between))

    def _row(self, value: float) -> int:
        """The row of dots of a value, counted from above; −1 and beyond the last where it is outside."""
        total = self.tall * self._down
        if not np.isfinite(value):
            return -2
        place = (self.high - value) / (self.high - self.low) * (total - 1)
        return int(np.clip(round(place), -1, total))

    def _joined(self, last: int, row: int) -> list[int]:
        total = self.tall * self._down
        if row == -2:
            return []
        if last == -2 or abs(last - row) <= 1:
            return [row] if 0 <= row < total else []
        low, high = (last + 1, row) if row > last else (row, last - 1)
        return [r for r in range(low, high + 1) if 0 <= r < total]

    def lines(self) -> list[str]:
        """The picture, line by line, with the axes where no curve runs over them."""
        return ["".join(self._cell(c, r) for c in range(self.wide)) for r in range(self.tall)]

    def _cell(self, column: int, row: int) -> str:
        inside = [
            (dy, dx)
            for dy in range(self._down)
            for dx in range(self._across)
            if (column * self._across + dx, row * self._down + dy) in self._dots
        ]
        if not inside:
            return self._axis(column, row)
        if self.ascii_only:
            return "|" if len(inside) > 1 else _LEVELS[2 - inside[0][0]]
        return chr(0x2800 + sum(_DOTS[dy][dx] for dy, dx in inside))

    def _axis(self, column: int, row: int) -> str:
        upright = column == round(-self.left / (self.right - self.left) * (self.wide - 1))
        level = row == self.zero
        signs = ":.+" if self.ascii_only else "│─┼"
        return signs[2] if upright and level else signs[0] if upright else signs[1] if level else " "

    @property
    def zero(self) -> int:
        """The line of characters in which y = 0 lies; negative where it is not in the window."""
        row = self._row(0.0)
        return row // self._down if 0 <= row < self.tall * self._down else -1


def window(*curves: Floats) -> tuple[float, float]:
    """Whole numbers between which curves are seen: never more than −4 to 5, and zero always among them."""
    values = np.concatenate(curves)
    values = values[np.isfinite(values)]
    low, high = (float(values.min()), float(values.max())) if values.size else (-1.0, 1.0)
    return float(max(np.floor(min(low, 0)), -4)), float(min(np.ceil(max(high, 1)), 5))


def framed(canvas: Canvas, title: str) -> list[str]:
    """The picture under its title, with the ends of both axes told; every line of one width."""
    marks = {0: _label(canvas.high), canvas.tall - 1: _label(canvas.low)}
    if canvas.zero > 0:
        marks[canvas.zero] = "0"
    body = [f"{marks.get(i, ''):>2} {line}" for i, line in enumerate(canvas.lines())]
    left, right, half = _label(canvas.left), _label(canvas.right), canvas.wide // 2
    below = left.ljust(half) + "0".ljust(canvas.wide - half - len(right)) + right
    return [line.ljust(canvas.wide + 3) for line in (f"   {title}", *body, f"   {below}")]


def _label(value: float) -> str:
    return f"{value:.0f}".replace("-", "−")
