"""A CSV file as a frame of pandas: separator, first lines, columns without a name, codes with leading zeros."""

import csv
import io
import mmap
import re
import unicodedata
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from reluctant.core.display import quoted
from reluctant.core.errors import DataError
from reluctant.data.columns import check_unique_names

if TYPE_CHECKING:
    import pandas as pd

_SEPARATORS = ",;\t|"
_LEADING_ZERO = re.compile(rb"(?:^|[,;\t|\" ])0\d+(?=$|[,;\t|\"\r ])", re.MULTILINE)


class CsvTable(NamedTuple):
    """The table of a file, and remarks about what was left out or changed."""

    frame: "pd.DataFrame"
    remarks: tuple[str, ...]


_NO_TEXT = {
    b"PK\x03\x04": "an Excel file or another archive; save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an Excel file; save the sheet as CSV",
    b"\x1f\x8b": "compressed; unpack it",
    b"PAR1": "a Parquet file; read it with pandas and give data=(frame, 'target')",
}


def _check_is_text(path: Path) -> None:
    """`DataError` where the first bytes are those of another kind of file."""
    with path.open("rb") as file:
        first = file.read(200)
    for magic, what in _NO_TEXT.items():
        if first.startswith(magic):
            raise DataError(f"{path} is {what}")
    if re.match(rb"\s*<(!doctype|html|\?xml)", first, re.IGNORECASE):
        raise DataError(f"{path} is a web page or XML, and no table; download the table itself")


def _without_empty_rows(path: Path, frame: "pd.DataFrame", remarks: list[str]) -> "pd.DataFrame":
    """The frame without rows that have no value at all; `DataError` where the last line is a remark of a program."""
    present = frame.notna()
    empty = ~present.any(axis=1)
    if empty.any() and not empty.all():
        remarks.append(f"{int(empty.sum()):,} rows of {path.name} are empty; they are left out")
        frame = frame[~empty].reset_index(drop=True)
    last = frame.iloc[-1]
    if len(frame) > 1 and frame.shape[1] > 1 and last.notna().sum() == 1 and isinstance(last.iloc[0], str):
        raise DataError(f"{path}: the last row has one field, {quoted(last.iloc[0], 40)}; remove it")
    return frame


class _Layout(NamedTuple):
    separator: str
    skipped: int  # lines before the names of the columns
    names: list[str]


def read_csv_file(path: Path, decimal: str = ".") -> CsvTable:
    """The table of a CSV file: UTF-8, separated by , ; | or tabs, the names of the columns in the first line.

    Lines that begin with # and a line sep=; above the names are skipped. Only empty fields are missing values: "NA" is
    a text. A first column without a name that counts the rows is left out. Raises `DataError`: what is no table, names
    that occur twice, a line of names that is repeated below.
    """
    import pandas as pd

    try:
        _check_is_text(path)
        layout = _read_layout(path)
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # rows longer than the first line
            frame = pd.read_csv(
                path,
                sep=layout.separator,
                skiprows=layout.skipped,
                decimal=decimal,
                encoding="utf-8-sig",
                keep_default_na=False,
                na_values=[""],
                low_memory=False,
                index_col=False,
            )
        codes = _columns_of_codes(path, layout, frame)
    except pd.errors.ParserWarning:
        raise DataError(
            f"{path} has rows with more fields than the first line names columns; name them all (names of rows need a "
            f"name too, and quotes within a text are written twice)"
        ) from None
    except pd.errors.EmptyDataError:
        raise DataError(f"{path} is empty; the first line names the columns, every other is a row") from None
    except UnicodeDecodeError:
        raise DataError(f"{path} is not UTF-8 text; save it as UTF-8") from None
    except OSError as fault:
        raise DataError(f"{path} cannot be read: {fault.strerror or fault}") from None
    except (pd.errors.ParserError, csv.Error, ValueError) as fault:
        raise DataError(f"{path} is no table: {str(fault).strip()}; correct that line") from None
    if not len(frame):
        raise DataError(f"{path} has a line of column names and no rows")
    named, remarks = _name_columns(path, frame, layout.names)
    _check_repeated_names(path, named)
    for position in codes:
        remarks.append(f"the column {layout.names[position]} has numbers with leading zeros; they are read as texts")
        named[layout.names[position]] = codes[position].astype("category")
    named = _without_empty_rows(path, named, remarks)
    for column in named.select_dtypes(include=["object", "string"]).columns:
        named[column] = named[column].map(
            lambda value: unicodedata.normalize("NFC", value.strip()) if isinstance(value, str) else value
        )
    return CsvTable(named, tuple(remarks))


def _read_layout(path: Path) -> _Layout:
    """The separator, the number of lines above the names of the columns, and these names."""
    with path.open(encoding="utf-8-sig") as file:  # line ends of every kind
        lines = [file.readline(2**20) for _ in range(50)]
    skipped, separator = 0, ""
    if written := re.fullmatch(r"sep=([,;|\t])\s*", lines[0]):
        skipped, separator = 1, written[1]
    fields = [max(_unquoted(line).count(sign) for sign in _SEPARATORS) for line in lines]
    while lines[skipped].startswith("#") and skipped < len(lines) - 1:
        if fields[skipped] == fields[skipped + 1] and not lines[skipped + 1].startswith("#"):
            break  # the names of the columns, the first with a # before it
        skipped += 1
    line = lines[skipped]
    separator = separator or max(_SEPARATORS, key=_unquoted(line).count)
    names = next(csv.reader(io.StringIO(line), delimiter=separator), [])
    return _Layout(separator, skipped, [name.strip(" \t\r\n\ufeff") for name in names])


def _unquoted(line: str) -> str:
    return re.sub(r'"[^"]*"', "", line)


def _columns_of_codes(path: Path, layout: _Layout, frame: "pd.DataFrame") -> "dict[int, pd.Series[str]]":
    """The columns of whole numbers in which a number has a leading zero, as texts, by their position.

    Such numbers are codes: 01 and 1 are different, and as numbers they would be the same.
    """
    import pandas as pd

    whole = [i for i, dtype in enumerate(frame.dtypes) if pd.api.types.is_integer_dtype(dtype)]
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if not whole or not _LEADING_ZERO.search(content):
            return {}
    texts = pd.read_csv(
        path,
        sep=layout.separator,
        skiprows=layout.skipped,
        encoding="utf-8-sig",
        usecols=whole,
        dtype=str,
        keep_default_na=False,
        index_col=False,
    )
    columns = {position: texts.iloc[:, i].str.strip() for i, position in enumerate(whole)}
    return {position: column for position, column in columns.items() if column.str.match(r"0\d").any()}


def _name_columns(path: Path, frame: "pd.DataFrame", names: list[str]) -> "tuple[pd.DataFrame, list[str]]":
    """The frame under the names as they are written, without columns that have none and say nothing."""
    if len(names) != frame.shape[1]:  # a name with a line break in it: pandas has read it
        names = [str(column).strip() for column in frame.columns]
    left_out, remarks = [], []
    for i in [i for i, name in enumerate(names) if not name]:
        column = frame.iloc[:, i]
        if column.isna().all():
            remarks.append(f"column {i + 1} of {path.name} has no name and no values; it is left out")
        elif i == 0 and column.to_numpy().dtype.kind in "iu" and (np.diff(column.to_numpy()) == 1).all():
            remarks.append(f"the first column of {path.name} has no name and counts the rows; it is left out")
        else:
            raise DataError(
                f"{path}: column {i + 1} has no name; write one in the first line, or remove the column, "
                "or lines above the names of the columns"
            )
        left_out.append(i)
    check_unique_names(str(path), [name for name in names if name])
    remaining = [i for i in range(len(names)) if i not in left_out]
    named = frame.iloc[:, remaining].copy()
    named.columns = [names[i] for i in remaining]
    return named, remarks


def _check_repeated_names(path: Path, frame: "pd.DataFrame") -> None:
    """`DataError` where a row repeats the names of the columns, as after two files were joined."""
    names = [str(column) for column in frame.columns]
    rows = np.flatnonzero(frame.iloc[:, 0].astype(str).str.strip() == names[0])
    for row in rows:
        if [str(value).strip() for value in frame.iloc[row]] == names:
            raise DataError(
                f"{path}: row {row + 1:,} repeats the names of the columns ({quoted(', '.join(names), 60)}); remove it"
            )
