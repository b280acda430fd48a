"""A table in a CSV file, or in a pandas frame, as numbers: one column is predicted from the others."""

import re
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reluctant.catalogue.datasets import DATASETS
from reluctant.core.display import quoted
from reluctant.core.errors import DataError
from reluctant.core.names import Name
from reluctant.core.suggestions import did_you_mean
from reluctant.data.checks import checked
from reluctant.data.dataset import Dataset
from reluctant.data.folder import own_path
from reluctant.data.guess import few_whole, taken_for_classes, value_name
from reluctant.data.whole import held_out

if TYPE_CHECKING:
    import pandas as pd

MOST_LEVELS = 100  # of a text column, and of whole numbers that are taken for classes
_MANY = 20  # so many classes of whole numbers deserve a word
_SEPARATORS = ",;\t"


def load(name: Name, folder: Path) -> Dataset:
    """The data set of a CSV file: `target` is predicted from all other columns. `folder` is not used.

    Numbers stay, texts become one column a level (0 or 1), true/false 1/0. A target of texts, or of at most
    100 different whole numbers (20 where they are written with a point), is classes; other numbers are
    predicted. Without `test`, some rows are held out. Raises `DataError` for missing values, too many
    levels, a target that is not there.
    """
    import pandas as pd

    given, named = DATASETS.arguments(name), str(name)
    example = "csv(path='mine.csv', target='price')"
    frames = [read_frame(own_path(named, given["path"], example, "the file"))]
    if given["test"]:
        frames.append(read_frame(own_path(named, given["test"], example, "the test file")))
    for frame in frames:
        _check_columns(named, frame, frames[0], given["target"])
    both = pd.concat(frames, ignore_index=True)
    features = both.drop(columns=[given["target"]])
    values, columns = as_numbers(named, features)
    labels, classes, remarks = as_target(named, both[given["target"]], given["kind"])
    known: dict[str, Any] = {
        "title": Path(given["path"]).name,
        "classes": classes,
        "columns": columns,
        "kind": "classes" if classes else "numbers",
        "remarks": remarks,
    }
    if len(frames) == 1:
        return held_out(named, values, labels, given["test_fraction"], **known)
    n = len(frames[0])
    return checked(named, (values[:n], labels[:n]), (values[n:], labels[n:]), **known)


def read_frame(path: Path) -> "pd.DataFrame":
    """The table of a CSV file with its column names in the first line, UTF-8, separated by , ; or tabs."""
    import pandas as pd

    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            separator = _separator(file.readline(2**20))
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # rows longer than the first line
            frame = pd.read_csv(path, sep=separator, encoding="utf-8-sig", low_memory=False, index_col=False)
    except pd.errors.ParserWarning:
        raise DataError(
            f"{path} has rows with more fields than the first line names columns; name them all"
        ) from None
    except pd.errors.EmptyDataError:
        raise DataError(f"{path} is empty; the first line names the columns, every other is a row") from None
    except UnicodeDecodeError:
        raise DataError(f"{path} is not UTF-8 text; save it as UTF-8") from None
    except OSError as fault:
        raise DataError(f"{path} cannot be read: {fault.strerror or fault}") from None
    except (pd.errors.ParserError, ValueError) as fault:
        raise DataError(f"{path} is no table: {str(fault).strip()}; mend that line") from None
    if not len(frame):
        raise DataError(f"{path} has a line of column names and no rows")
    return frame.rename(columns=lambda column: str(column).strip())


def _separator(head: str) -> str:
    """The sign of , ; and tab that the first line has most of, quoted text aside."""
    bare = re.sub(r'"[^"]*"', "", head)
    return max(_SEPARATORS, key=bare.count)


def _check_columns(name: str, frame: "pd.DataFrame", first: "pd.DataFrame", target: str) -> None:
    columns = list(frame.columns)
    check_names(name, columns)
    if target not in columns:
        listed = ", ".join(columns[:12]) + (", …" if len(columns) > 12 else "")
        wrong = f"there is no column {target!r}" if target else "say which column is predicted: target='…'"
        hint = did_you_mean(target, columns) if target else ""
        raise DataError(f"{name}: {wrong}{hint or f'; the columns are {listed}'}")
    if len(columns) < 2:
        raise DataError(
            f"{name}: {target!r} is the only column; at least one to predict it from is needed (columns are "
            f"separated by a comma, a semicolon or a tab)"
        )
    other = sorted(set(columns) ^ set(first.columns))
    if other:
        raise DataError(
            f"{name}: the two files differ in the columns {', '.join(other[:5])}; make them alike"
        )


def check_names(name: str, columns: Iterable[object]) -> None:
    """`DataError` where two columns have one name."""
    twice = [column for column, times in Counter(map(str, columns)).items() if times > 1]
    if twice:
        raise DataError(
            f"{name}: more than one column is called {', '.join(map(repr, twice[:5]))}; give every column a "
            f"name of its own"
        )


def as_numbers(name: str, frame: "pd.DataFrame") -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """The columns as numbers, (n, columns) float32, and their names.

    Texts become one column a level, in the order of the texts. Raises `DataError` for missing values (all
    such columns with their counts) and for a text column of more than 100 levels.
    """
    missing = {str(column): int(count) for column, count in frame.isna().sum().items() if count}
    if missing:
        told = ", ".join(f"{column} ({count:,})" for column, count in list(missing.items())[:8])
        raise DataError(
            f"{name}: values are missing in {len(missing)} of {frame.shape[1]} columns: {told}; fill them "
            f"in, or leave out those rows or columns"
        )
    parts, names = [], []
    for column in frame.columns:
        values, levels = _column(name, str(column), frame[column])
        parts.append(values)
        names += [f"{column}={level}" for level in levels] or [str(column)]
    return np.concatenate(parts, axis=1).astype(np.float32), tuple(names)


def _column(name: str, column: str, series: "pd.Series[Any]") -> tuple[NDArray[Any], Sequence[str]]:
    """The values of a column, (n, 1), or of a text column, (n, levels), and those levels."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_complex_dtype(series):
        with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused later
            return series.to_numpy(np.float32)[:, np.newaxis], ()
    found, codes = np.unique(series.astype(str).to_numpy(str), return_inverse=True)
    if len(found) > MOST_LEVELS:
        decimal = " (numbers are written 1.5, not 1,5)" if re.fullmatch(r"-?\d+,\d+", found[0]) else ""
        raise DataError(
            f"{name}: the text column {column!r} has {len(found):,} different values, such as "
            f"{quoted(str(found[0]), 40)}; at most {MOST_LEVELS} can be told apart, so leave the column out"
            f"{decimal}"
        )
    return np.eye(len(found), dtype=np.float32)[codes.reshape(-1)], list(map(str, found))


def as_target(
    name: str, series: "pd.Series[Any]", kind: str
) -> tuple[NDArray[Any], tuple[str, ...], tuple[str, ...]]:
    """What is predicted, the names of its classes (none for numbers), and a remark where that was a guess."""
    import pandas as pd

    _check_whole(name, series)
    number = pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_bool_dtype(series)
    if kind == "numbers":
        if not number:
            raise DataError(f"{name}: the target {series.name!r} is no number; leave kind='numbers' out")
        return series.to_numpy(np.float64), (), ()
    if not number:
        found, codes = np.unique(series.astype(str).to_numpy(str), return_inverse=True)
        return codes.reshape(-1).astype(np.int64), tuple(map(str, found)), ()
    values, codes = np.unique(series.to_numpy(np.float64), return_inverse=True)
    floats = not pd.api.types.is_integer_dtype(series)
    whole = few_whole(values) if floats else len(values) <= MOST_LEVELS
    if kind == "auto" and not whole:
        return series.to_numpy(np.float64), (), ()
    told = kind == "auto" and (floats or len(values) > _MANY)
    what = "the labels" if series.name is None else str(series.name)
    remarks = (taken_for_classes(len(values), what),) if told else ()
    return codes.reshape(-1).astype(np.int64), tuple(map(value_name, values)), remarks


def as_given(name: str, series: "pd.Series[Any]") -> NDArray[Any]:
    """A target whose classes are named: its texts, or its numbers as they are."""
    import pandas as pd

    _check_whole(name, series)
    if not pd.api.types.is_numeric_dtype(series) or pd.api.types.is_bool_dtype(series):
        return series.astype(str).to_numpy(str)
    return series.to_numpy(np.int64 if pd.api.types.is_integer_dtype(series) else np.float64)


def _check_whole(name: str, series: "pd.Series[Any]") -> None:
    if missing := int(series.isna().sum()):
        raise DataError(
            f"{name}: the target {series.name!r} is missing in {missing:,} of {len(series):,} rows; leave "
            f"those rows out"
        )
