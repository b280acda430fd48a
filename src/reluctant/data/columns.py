"""The columns of a frame as numbers: texts become 0/1 columns, and texts that are written numbers are refused."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reluctant.core.display import quoted
from reluctant.core.errors import DataError
from reluctant.data.inputs import is_too_fine, offset_remark, subtract_offset

if TYPE_CHECKING:
    import pandas as pd

MOST_LEVELS = 100  # of a text column, and of whole numbers that are taken for classes

# How people write a missing value among numbers.
MISSING = frozenset(["?", "-", "--", ".", "NA", "N/A", "n/a", "na", "nan", "NaN", "null", "NULL", "none", "None"]) | {
    ""
}
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_DATE = (
    r"\d{4}-\d{1,2}(?:-\d{1,2}(?:[T ].*)?)?"  # 2020-01-31
    r"|\d{1,2}([./-])\d{1,2}\1(?:\d{4}|\d{2})(?: .*)?"  # 31.01.2020
    r"|\d{1,2}:\d{2}(?::\d{2}.*)?"  # 13:30
)
# What texts are written as, a pattern for each, and how to correct it. The first that fits is named.
_UNIT = r"[<>~≈(]? ?[$€£¥]? ?[+-]?\d[\d.,']*(?:[eE][+-]?\d+)? ?[%)+]?(?: ?[A-Za-zµ°/²³#$€£¥]{1,6})?\)?"
_MANY = 10  # levels; fewer numbers with units, or with a few other texts, may well be categories
_WRITINGS: tuple[tuple[str, str, str], ...] = (
    ("numbers with a point between thousands", r"[+-]?\d{1,3}(?:\.\d{3})+(?:,\d+)?", "write 1100 instead of 1.100"),
    ("numbers with the minus sign −", r"−" + _NUMBER, "write -5 instead of −5"),
    ("numbers with a comma between thousands", r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?", "write 18280 instead of 18,280"),
    ("numbers with a decimal comma", r"[+-]?\d*,\d+", "add decimal=',' or write 1.5 instead of 1,5"),
    ("percentages", _NUMBER + r" ?%", "write the number alone"),
    ("amounts of money", rf"[+-]?[$€£¥] ?{_NUMBER}|{_NUMBER} ?[$€£¥]", "write the number alone"),
    ("dates or times", _DATE, "write numbers, such as days or seconds since the first"),
    ("numbers", _NUMBER, "make them numbers (in pandas .astype(float))"),
)


class EncodedColumns(NamedTuple):
    """The columns of a table as numbers, (n, columns) float32, their names, and remarks about them."""

    values: NDArray[np.float32]
    names: tuple[str, ...]
    remarks: tuple[str, ...]


def check_unique_names(name: str, columns: Iterable[object]) -> None:
    """`DataError` where two columns have one name."""
    if repeated := [column for column, times in Counter(map(str, columns)).items() if times > 1]:
        raise DataError(
            f"{name}: more than one column is called {', '.join(map(repr, repeated[:5]))}; give every column "
            f"a different name"
        )


def as_numbers(name: str, frame: "pd.DataFrame") -> EncodedColumns:
    """The columns as numbers.

    Texts become one column a level, in the order of the texts. Raises `DataError`: missing values (all such columns
    with their counts), a text column of more than 100 levels, or one of written numbers or dates that is not of the
    type category.
    """
    missing = {column: count_missing(frame[column]) for column in frame.columns}
    if missing := {column: count for column, count in missing.items() if count}:
        listed = ", ".join(f"{column} ({count:,})" for column, count in list(missing.items())[:8])
        raise DataError(
            f"{name}: values are missing in {len(missing)} of {frame.shape[1]} columns: {listed}; fill them "
            f"in, or leave out those rows or columns"
        )
    parts, names, remarks = [], [], []
    for column in frame.columns:
        values, levels = _encode_column(name, str(column), frame[column])
        if not levels:
            values, low = subtract_offset(values)
            remarks += [offset_remark(str(column), low)] if low else []
            values = values[:, np.newaxis]
            _check_magnitude(name, str(column), values)
        with np.errstate(over="ignore"):  # infinity is refused with all other values
            parts.append(values.astype(np.float32))
        names += [f"{column}={level}" for level in levels] or [str(column)]
    return EncodedColumns(np.concatenate(parts, axis=1), tuple(names), tuple(remarks))


def _check_magnitude(name: str, column: str, values: NDArray[Any]) -> None:
    """`DataError` where the numbers of a column are too large or too small for float32."""
    if np.isfinite(values).all() and is_too_fine(values):
        largest, limits = float(np.abs(values).max()), np.finfo(np.float32)
        raise DataError(
            f"{name}: the numbers of the column {column!r} go up to {largest:.3g}, and networks compute with float32, "
            f"from {limits.tiny:.2g} to {limits.max:.2g}; give them in another unit, or their logarithm"
        )


def count_missing(series: "pd.Series[Any]") -> int:
    """How many values are missing: none at all, or a sign such as ? or NA where all other texts are numbers."""
    absent = int(series.isna().sum())
    if not _is_text(series):
        return absent
    texts = series.dropna().astype(str).str.strip()
    signs = texts.isin(list(MISSING))
    others = texts[~signs].unique()
    if signs.any() and len(others) > 1 and all(re.fullmatch(_NUMBER, text) for text in others):
        return absent + int(signs.sum())
    return absent


def check_written_numbers(name: str, column: str, series: "pd.Series[Any]") -> None:
    """`DataError` where the texts of a column are numbers or dates in another form, unless it has the type category."""
    if not _is_text(series):
        return
    levels = [level.strip() for level in series.dropna().astype(str).unique()]
    for what, pattern, correction in _WRITINGS:
        written = [level for level in levels if re.fullmatch(pattern, level)]
        if written and all(re.fullmatch(rf"{pattern}|{_NUMBER}", level) for level in levels):
            raise DataError(
                f"{name}: the column {column!r} holds {what} as texts, such as {quoted(written[0], 30)}; "
                f"{correction}{_as_categories(column)}"
            )
    others = [level for level in levels if not re.fullmatch(_NUMBER, level)]
    if len(levels) - len(others) > max(_MANY, 9 * len(others)):
        row = int(np.argmax(series.astype(str).str.strip().to_numpy() == others[0])) + 1
        raise DataError(
            f"{name}: the column {column!r} holds numbers and also {quoted(others[0], 30)} (row {row:,}); correct "
            f"it or remove that row{_as_categories(column)}"
        )
    with_units = [level for level in levels if re.fullmatch(_UNIT, level)]
    if len(with_units) > max(_MANY, 9 * (len(levels) - len(with_units))):
        raise DataError(
            f"{name}: the column {column!r} holds numbers with signs or units, such as {quoted(with_units[0], 30)}; "
            f"write the number alone{_as_categories(column)}"
        )


def _as_categories(column: str) -> str:
    return f"; if these are categories, add categories={column!r} (in pandas .astype('category'))"


def _is_text(series: "pd.Series[Any]") -> bool:
    import pandas as pd

    return pd.api.types.is_object_dtype(series.dtype) or isinstance(series.dtype, pd.StringDtype)


def _encode_column(name: str, column: str, series: "pd.Series[Any]") -> tuple[NDArray[Any], Sequence[str]]:
    """The values of a column, (n,), or of a text column, (n, levels), and those levels."""
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(series) or pd.api.types.is_timedelta64_dtype(series):
        raise DataError(f"{name}: the column {column!r} holds dates; give numbers, such as days since the first")
    if pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_complex_dtype(series):
        values = series.to_numpy()
        return (values if values.dtype.kind in "iuf" else series.to_numpy(np.float64)), ()
    strange = [each for each in series.head(1000) if isinstance(each, list | tuple | dict | np.ndarray | complex)]
    if strange or pd.api.types.is_complex_dtype(series):
        kind = type(strange[0]).__name__ if strange else "complex number"
        raise DataError(f"{name}: the column {column!r} holds a {kind} in each row; give one number or text")
    check_written_numbers(name, column, series)
    levels, codes = np.unique(series.astype(str).to_numpy(str), return_inverse=True)
    if len(levels) > MOST_LEVELS:
        raise DataError(
            f"{name}: the text column {column!r} has {len(levels):,} different values, such as "
            f"{quoted(str(levels[0]), 40)}; at most {MOST_LEVELS} are possible, so leave the column out"
        )
    return np.eye(len(levels), dtype=np.float32)[codes.reshape(-1)], list(map(str, levels))
