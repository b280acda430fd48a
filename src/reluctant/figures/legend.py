"""A legend above the panels: a sign in its colour and what it stands for, in rows that fit."""

from collections.abc import Sequence

from reluctant.figures import sheet as paper
from reluctant.figures.letters import width_of
from reluctant.figures.sheet import TEXT
from reluctant.figures.style import INK

ROW = 0.2  # inches
SIGN, GAP = 0.16, 0.26  # inches from a sign to its words, and behind them

Entry = tuple[str, str]  # a colour and its words


def in_rows(entries: Sequence[Entry], width: float) -> list[list[Entry]]:
    """The entries in rows of at most `width` inches; a single one may be wider."""
    rows: list[list[Entry]] = [[]]
    used = 0.0
    for entry in entries:
        need = _width(entry)
        if rows[-1] and used + need > width:
            rows.append([])
            used = 0.0
        rows[-1].append(entry)
        used += need
    return rows


def write(made: paper.Sheet, rows: Sequence[Sequence[Entry]], sign: str) -> None:
    """Write the rows from the top of the sheet's body, each `ROW` inches high."""
    for number, row in enumerate(rows):
        x = 0.0
        for entry in row:
            colour, words = entry
            made.write(x, ROW * number, sign, color=colour)
            made.write(x + SIGN, ROW * number, words, color=INK)
            x += _width(entry)


def _width(entry: Entry) -> float:
    return SIGN + GAP + width_of(entry[1], TEXT)
