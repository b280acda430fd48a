"""A table of scores from a file or a data frame, cell by cell, nothing guessed about its meaning."""

import codecs
import contextlib
import csv
import gzip
import io
import zlib
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from reluctant.core.display import quoted
from reluctant.core.errors import StudyError
from reluctant.core.memory import most_unpacked
from reluctant.scores.table_cells import Column, RunTable
from reluctant.scores.table_json import read_json, read_json_lines

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Column", "RunTable", "read_table"]

_DELIMITED = (".csv", ".tsv", ".txt")
_JSON_LINES = (".jsonl", ".ndjson")
_ENDINGS = (*_DELIMITED, *_JSON_LINES, ".json", ".parquet")
_DELIMITERS = {";": ";", "\t": "a tab", "|": "|", ",": ","}
_LARGEST = 500  # MB
_NOTHING = "{} is empty; write the names of the columns, then one row per run"
_SAMPLE = 2**20  # characters from which the delimiter is chosen


def read_table(source: "str | Path | pd.DataFrame") -> RunTable:
    """Return the table of a file or a frame of pandas.

    The ending of the file decides how it is read: `.csv`, `.tsv` or `.txt` (cells separated by a comma, semicolon, tab
    or |), `.jsonl` or `.ndjson` (an object per line), `.json` (a list of objects, or an object of lists) or `.parquet`,
    each of them also with `.gz`. Of a frame, an index that has a name is a column too.

    Raises:
        StudyError: The file cannot be read, or is no table with one name per column and one cell per name.
    """
    import pandas as pd

    if isinstance(source, pd.DataFrame):
        table = _take_frame("the table", source)
    elif isinstance(source, str | Path):
        table = _read_file(Path(source))
    else:
        raise StudyError(f"a table is the name of a file or a pandas DataFrame, and not a {type(source).__name__}")
    if not len(table.cells):
        raise StudyError(f"{table.name} has no rows; write one row per run below the names of the columns")
    _check_names(table)
    table = _leave_out_counter(table)
    return replace(table, notes=(*table.notes, *_describe_numbers(table)))


def _describe_numbers(table: RunTable) -> list[str]:
    """Return in which columns the numbers are written in an unusual way."""
    notes: dict[str, list[str]] = {}
    for column in table.columns:
        if {"%", ","} & set("".join(map(str, table.cells[column].iloc[:1000]))):  # converting all would take long
            with contextlib.suppress(StudyError):
                for note in table.numbers(column).notes:
                    notes.setdefault(note, []).append(column)
    return [f"{note} in {', '.join(columns)}" for note, columns in notes.items()]


def _read_file(path: Path) -> RunTable:
    try:
        if path.is_dir():
            raise StudyError(f"{path} is a folder; write the name of a file in it")
        if not path.exists():
            raise StudyError(f"there is no file {path}; check the name and the folder")
        zipped = path.suffix.lower() == ".gz"
        ending = Path(path.stem if zipped else path.name).suffix.lower()
        if ending not in _ENDINGS:
            advice = "save the sheet as CSV" if ending in {".xlsx", ".xls", ".ods"} else "rename or convert the file"
            raise StudyError(
                f"{path.name} has none of the endings {', '.join(_ENDINGS)}, or one of them with .gz; {advice}"
            )
        content = _read_content(path, zipped)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise StudyError(f"{path.name} cannot be unpacked; compress the table again with gzip") from None
    except OSError as fault:
        raise StudyError(f"{path} cannot be read ({fault.strerror or fault}); check the file") from None
    if ending == ".parquet":
        return _take_frame(path.name, _read_parquet(path.name, content))
    text = _decode(path.name, content)
    if ending in _DELIMITED:
        return _read_delimited(path.name, text, ending)
    try:
        return (read_json if ending == ".json" else read_json_lines)(path.name, text)
    except RecursionError:
        raise StudyError(f"{path.name} has objects nested too deeply; write one flat object per run") from None


def _read_content(path: Path, zipped: bool) -> bytes:
    """Return the bytes of a file that is not too large, unpacked."""
    most = _LARGEST * 10**6
    packed = min(most, most_unpacked(path.stat().st_size)) if zipped else most
    with gzip.open(path) if zipped else path.open("rb") as file:
        content = file.read(packed + 1)
    if packed < len(content) <= most:
        raise StudyError(f"{path.name} unpacks to more than {packed / 10**6:.0f} MB, which no table of its size does")
    if len(content) > most:
        raise StudyError(f"{path.name} has more than {_LARGEST} MB; save only the rows and columns that are compared")
    if not content.strip(codecs.BOM_UTF8 + b" \t\r\n"):
        raise StudyError(_NOTHING.format(path.name))
    return content


def _decode(name: str, content: bytes) -> str:
    """Return the text of a file, without a byte order mark."""
    utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError:
        text = None
    if "\0" in (text or "") or (text is None and b"\0" in content):
        raise StudyError(f"{name} is a binary file or has null bytes in it; save the table as CSV, in UTF-8")
    if text is None:
        raise StudyError(f"{name} is not UTF-8 text; save it as UTF-8")
    return text


def _read_parquet(name: str, content: bytes) -> "pd.DataFrame":
    import pandas as pd

    try:
        import pyarrow
    except ModuleNotFoundError:
        raise StudyError("Parquet files need pyarrow: pip install 'reluctant[parquet]'") from None
    try:
        return pd.read_parquet(io.BytesIO(content))
    except (pyarrow.ArrowException, OSError, ValueError):
        raise StudyError(f"{name} is no Parquet file, or a damaged one; write it again") from None


def _take_frame(name: str, frame: "pd.DataFrame") -> RunTable:
    """Return the table of a frame, whose index is a column if it has a name."""
    if frame.columns.nlevels > 1:
        raise StudyError(f"{name} has columns with several levels of names; give each column one name, a text")
    unnamed = [level for level, index_name in enumerate(frame.index.names) if index_name is None]
    notes: tuple[str, ...] = ()
    if any(frame.index.get_level_values(level).dtype.kind not in "iu" for level in unnamed) and len(frame):
        notes = (f"the index of {name} has no name and is left out",)
    cells = frame.reset_index(level=unnamed, drop=True) if unnamed else frame
    if len(unnamed) < frame.index.nlevels:
        cells = cells.reset_index(allow_duplicates=True)
    return RunTable(name, cells.set_axis([str(column).strip() for column in cells.columns], axis=1), 0, notes)


def _read_delimited(name: str, text: str, ending: str) -> RunTable:
    import pandas as pd

    delimiter = _choose_delimiter(text)
    header, cells, lines, blank = _read_rows(name, text, delimiter)
    if len(header) == 1:
        raise StudyError(
            f"{name} has only one column, {quoted(header[0])}; separate the cells of a line with a comma, semicolon, "
            "tab or |"
        )
    notes = [] if delimiter == ("\t" if ending == ".tsv" else ",") else [f"the delimiter is {_DELIMITERS[delimiter]}"]
    if blank:
        notes.append("1 row of empty cells is left out" if blank == 1 else f"{blank} rows of empty cells are left out")
    grid = np.array([cell.strip() for cell in cells], dtype=object).reshape(-1, len(header))
    frame = pd.DataFrame(grid, columns=[cell.strip() for cell in header], dtype=object)
    return RunTable(name, frame, lines[0] if lines else 2, tuple(notes), np.array(lines, dtype=np.int64))


def _choose_delimiter(text: str) -> str:
    """Return the sign that separates most lines into as many cells as the header has; the most cells, if two do."""
    best, delimiter = (0.0, 1), ","
    for sign in _DELIMITERS:
        reader = csv.reader(io.StringIO(text[:_SAMPLE], newline=""), delimiter=sign, skipinitialspace=True)
        with contextlib.suppress(csv.Error):  # the rows will say in which line the fault is
            cells = [len(row) for row in islice((row for row in reader if any(map(str.strip, row))), 50)]
            if cells and cells[0] > 1:
                best, delimiter = max((best, delimiter), ((cells.count(cells[0]) / len(cells), cells[0]), sign))
    return delimiter


def _read_rows(name: str, text: str, delimiter: str) -> tuple[list[str], list[str], list[int], int]:
    """Return the header, the cells row by row in one list, the lines of the rows, and how many rows hold nothing."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)
    header: list[str] = []
    cells: list[str] = []  # one list of all: hundreds of thousands of lists take twice the time
    lines, blank, line = [], 0, 1
    try:
        for row in reader:
            if not row or (not row[0].strip() and not any(map(str.strip, row))):
                blank += len(row) > 1
            elif not header:
                header = row
            elif len(row) == len(header) or len(header) == 1:
                cells += row
                lines.append(line)
            else:
                raise StudyError(
                    f"{name}, line {line} has {len(row)} {'cell' if len(row) == 1 else 'cells'}, but the header has "
                    f"{len(header)}; correct that line (a cell that contains the delimiter needs quotation marks)"
                )
            line = reader.line_num + 1
    except csv.Error:
        raise StudyError(
            f"{name}, line {line}: a quotation mark is not closed, or not followed by the delimiter; close it at the "
            'end of the cell, and write quotation marks inside the cell twice ("")'
        ) from None
    if not header:
        raise StudyError(_NOTHING.format(name))
    return header, cells, lines, blank


def _check_names(table: RunTable) -> None:
    """Raise `StudyError` unless each column has a name of its own; a first one that counts the rows needs none."""
    if not table.columns:
        raise StudyError(f"{table.name} has no columns; write one for what is compared, the seed and each score")
    earlier: set[str] = set()
    for column in table.columns:
        if column in earlier:
            raise StudyError(f"{table.name} has two columns named {quoted(column)}; rename or remove one of them")
        earlier.add(column)
    for position, column in enumerate(table.columns):
        if not column and not (position == 0 and _counts_rows(table.texts(column))):
            raise StudyError(
                f"{table.name}: column {position + 1} has no name; write one in the header, or remove the column"
            )


def _counts_rows(cells: list[str]) -> bool:
    """Return whether whole numbers grow from row to row, as in an index that pandas writes into a file."""
    if not all(cell.isascii() and cell.isdecimal() for cell in cells):
        return False
    return bool((np.diff(np.array(cells, dtype=np.float64)) > 0).all())


def _leave_out_counter(table: RunTable) -> RunTable:
    first, *others = table.columns
    if first in {"", "Unnamed: 0"} and others and _counts_rows(table.texts(first)):
        note = "the first column has no name and counts the rows; it is left out"
        return replace(table, cells=table.cells[others], notes=(*table.notes, note))
    return table
