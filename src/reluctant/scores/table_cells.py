"""The cells of a table as numbers or texts: what is written in them, and nothing else."""

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from reluctant.core.display import did_you_mean, quoted
from reluctant.core.errors import StudyError

if TYPE_CHECKING:
    import pandas as pd

_EMPTY = frozenset({"", "NA", "N/A", "null", "None", "-"})
_NOT_FINITE = frozenset(
    {"nan", "+nan", "-nan", "inf", "+inf", "-inf", "infinity", "+infinity", "-infinity", "diverged"}
)
_POINT = re.compile(r"[+-]?(?:\d+(?:\.(\d*))?|\.(\d+))(?:[eE]([+-]?\d{1,9}))?", re.ASCII)
_COMMA = re.compile(r"[+-]?(?:\d+(?:,(\d*))?|,(\d+))(?:[eE]([+-]?\d{1,9}))?", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:(?:,\d{3})+\.\d+|(?:\.\d{3})+,\d+|(?:,\d{3}){2,}|(?:\.\d{3}){2,})", re.ASCII)
_THOUSANDS_OR_DECIMALS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}", re.ASCII)
_MOST_DECIMALS = 6  # numbers with more were hardly rounded by hand or by a print format


@dataclass(frozen=True, eq=False)
class Column:
    """A column as numbers."""

    values: npt.NDArray[
        np.float64
    ]  # NaN where the cell is empty, and where it is not finite, such as nan or "diverged"
    empty: npt.NDArray[np.bool_]  # the cells that hold nothing at all; NaN in a frame of floats is not empty
    decimals: int | None  # the most decimals of any cell, at most 6; None where one has more: nobody rounded them
    notes: tuple[str, ...] = ()  # how the numbers are written, where it is unusual: "numbers are written with %"


@dataclass(frozen=True, eq=False)
class RunTable:
    """A table of scores, cell by cell."""

    name: str  # the file's name, or "the table" for a frame
    cells: "pd.DataFrame"  # texts without blanks around them, "" for an empty cell; the dtypes of a frame stay
    first_line: int  # the line of the first row in the file; 0 for a frame and a file without lines of rows
    notes: tuple[str, ...] = ()  # how the table was read: sentences without a full stop
    lines: npt.NDArray[np.int64] | None = None  # the line of each row: a cell may have several, and lines may be blank

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self.cells.columns)

    def line(self, row: int) -> str:
        """Return where a row is, such as `line 7` of a file or `row 5` of a frame; the first row is 0."""
        if not self.first_line:
            return f"row {row if self.lines is None else self.lines[row]}"
        return f"line {self.first_line + row if self.lines is None else self.lines[row]}"

    def only(self, rows: "list[int]") -> "RunTable":
        """The table with these rows alone, which keep their places in messages."""
        numbers = np.arange(len(self.cells)) + self.first_line if self.lines is None else self.lines
        return replace(self, cells=self.cells.iloc[rows].reset_index(drop=True), lines=numbers[rows])

    def numbers(self, column: str) -> Column:
        """Return a column as numbers, each one exactly as `float` reads it.

        Raises:
            StudyError: There is no such column, or a cell is no number.
        """
        series = self._series(column)
        if series.dtype.kind in "iuf":
            return _convert_numbers(series)
        return _convert_texts(self, column, np.array(_write_cells(series), dtype=object))

    def texts(self, column: str) -> list[str]:
        """Return a column as texts: "" for a missing value, whole floats of a frame without `.0`."""
        series = self._series(column)
        written = zip(_write_cells(series, whole=True), series.isna(), strict=True)
        return ["" if missing or text in _EMPTY else text for text, missing in written]

    def _series(self, column: str) -> "pd.Series[Any]":
        if column not in self.columns:
            names = ", ".join(self.columns)
            hint = did_you_mean(column, self.columns) or f"; its columns are {names}"
            raise StudyError(f"{self.name} has no column {quoted(column)}{hint}")
        return self.cells[column]


def _write_cells(series: "pd.Series[Any]", whole: bool = False) -> list[str]:
    """Return values as texts that `float` reads back to the bit; `whole`: whole floats are written without `.0`."""
    import pandas as pd

    values = series.to_numpy().tolist() if series.dtype == object else list(series.astype(object))
    if series.dtype.kind == "f" and isinstance(series.dtype, np.dtype):
        values = list(series.to_numpy())  # float32 is written with its own few digits
    if not isinstance(series.dtype, np.dtype):  # their NaN stands for a missing value
        values = [None if gone else value for value, gone in zip(values, series.isna(), strict=True)]
    return ["" if value is None or value is pd.NA else _write(value, whole) for value in values]


def _write(value: object, whole: bool) -> str:
    if not isinstance(value, float | np.floating):
        return str(value).strip()
    number = float(value)
    if not whole:
        return repr(number)
    return str(int(number)) if number.is_integer() and abs(number) < 2**53 else str(value)


def _convert_numbers(series: "pd.Series[Any]") -> Column:
    """Return a column of a frame that has a dtype of numbers."""
    values = series.to_numpy(dtype=np.float64, na_value=np.nan).copy()
    empty = np.asarray(series.isna(), dtype=bool)
    if isinstance(series.dtype, np.dtype):  # NaN is a score there, and nothing is missing
        empty = np.zeros_like(empty)
    values[~np.isfinite(values)] = np.nan
    own = getattr(series.dtype, "numpy_dtype", series.dtype)  # float32 has fewer digits than its float64
    dtype = getattr(series.dtype, "subtype", own)  # of a sparse column
    return Column(values, empty, _count_decimals(values[np.isfinite(values)].astype(dtype)))


def _count_decimals(numbers: npt.NDArray[Any]) -> int | None:
    """Return the fewest decimals that write all numbers exactly; None for more than 6, or without numbers."""
    for decimals in range(_MOST_DECIMALS + 1):
        scale = 10.0**decimals
        with np.errstate(over="ignore"):
            rounded = (np.rint(numbers.astype(np.float64) * scale) / scale).astype(numbers.dtype)
        if numbers.size and (rounded == numbers).all():
            return decimals
    return None


def _convert_texts(table: RunTable, column: str, cells: npt.NDArray[np.object_]) -> Column:
    """Return a column of texts as numbers; every different text is converted once."""
    import pandas as pd

    codes, unique = pd.factorize(cells)
    different: list[str] = unique.tolist()
    numeric = [text for text in different if text not in _EMPTY and text.lower() not in _NOT_FINITE]
    joined = "".join(numeric)
    percent, comma = "%" in joined, "," in joined
    bare = [text.removesuffix("%").rstrip() for text in numeric] if percent else numeric
    matches = [(_COMMA if comma else _POINT).fullmatch(text) for text in bare]
    ambiguous = comma and all(_THOUSANDS_OR_DECIMALS.fullmatch(text) for text in bare if "," in text)
    if ambiguous or not all(matches) or (percent and not all(text.endswith("%") for text in numeric)):
        for text in numeric:  # in the order of the rows: the first fault is reported
            if fault := _describe_fault(text, column, numeric, ambiguous):
                row = int(np.flatnonzero(codes == different.index(text))[0])
                raise StudyError(f"{table.name}, {table.line(row)}{fault}")
    numbers = dict(zip(numeric, (float(text.replace(",", ".")) for text in bare), strict=True))
    values = np.array([numbers.get(text, np.nan) for text in different], dtype=np.float64)[codes]
    values[~np.isfinite(values)] = np.nan
    empty = np.array([text in _EMPTY for text in different], dtype=bool)[codes]
    decimals = max((_written_decimals(match) for match in matches if match), default=_MOST_DECIMALS + 1)
    notes = ("numbers are written with %",) * percent + ("numbers have a decimal comma",) * comma
    return Column(values, empty, decimals if decimals <= _MOST_DECIMALS else None, notes)


def _written_decimals(match: re.Match[str]) -> int:
    """Return how many decimals a number is written with: 3 for 0.930 and for 1e-3."""
    fraction, only_fraction, exponent = match.groups()
    return max(0, len(only_fraction or fraction or "") - int(exponent or 0))


def _describe_fault(text: str, column: str, numeric: list[str], ambiguous: bool) -> str:
    """Return what is wrong with a cell, to stand behind its line; an empty text where nothing is."""
    bare, cell = text.removesuffix("%").rstrip(), f": {column} is {quoted(text)}"
    if _THOUSANDS.fullmatch(bare):
        return f"{cell}, with separators of thousands; write plain numbers, such as 1234.5"
    if ambiguous and "," in bare:
        point, plain = bare.replace(",", "."), bare.replace(",", "")
        return f"{cell}, which can mean {point} or {plain}; write plain numbers, such as {point} or {plain}"
    if not _POINT.fullmatch(bare) and not _COMMA.fullmatch(bare):
        if text == column:
            return " repeats the header; remove that line"
        return f"{cell}, not a number; correct the cell, or leave it empty if the run has no score"
    if text.endswith("%") != numeric[0].endswith("%"):
        return f"{cell}, but {quoted(numeric[0])} stands above it; write all cells of the column with %, or none"
    if "," in bare and any("." in other for other in numeric):
        return f"{cell}, but other cells of the column have a decimal point; write a decimal point in all of them"
    return ""
