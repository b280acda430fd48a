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
from reluctant.core.display import did_you_mean, quoted
from reluctant.core.errors import DataError
from reluctant.core.names import Name
from reluctant.data.checks import checked
from reluctant.data.dataset import Dataset
from reluctant.data.folder import user_path
from reluctant.data.labels import MOST_FLOAT_CLASSES, are_classes, class_name, classes_remark
from reluctant.data.splits import hold_out

if TYPE_CHECKING:
    import pandas as pd

MOST_LEVELS = 100  # of a text column, and of whole numbers that are taken for classes
_MANY_CLASSES = 20  # of whole numbers; more deserve a remark
_SEPARATORS = ",;\t"


def load_csv(name: Name, folder: Path) -> Dataset:
    """The data set of a CSV file: `target` is predicted from all other columns. `folder` is not used.

    Numbers stay, texts become one column a level (0 or 1), true/false 1/0. A target of texts, or of at most 100
    different whole numbers (20 where they are written with a point), is classes; other numbers are predicted as
    numbers. Without `test`, some rows are held out. Raises `DataError`: missing values, too many levels, or a target
    that is not in the table.
    """
    import pandas as pd

    arguments, dataset = DATASETS.arguments(name), str(name)
    example = "csv(path='mine.csv', target='price')"
    frames = [read_frame(user_path(dataset, arguments["path"], example, "the file"))]
    if arguments["test"]:
        frames.append(read_frame(user_path(dataset, arguments["test"], example, "the test file")))
    target = arguments["target"]
    for frame in frames:
        _check_table(dataset, frame, frames[0], target)
    both = pd.concat(frames, ignore_index=True)
    values, columns = as_numbers(dataset, both.drop(columns=[target]))
    labels, classes, remarks = interpret_target(dataset, both[target], arguments["kind"])
    fields: dict[str, Any] = {
        "title": Path(arguments["path"]).name,
        "classes": classes,
        "columns": columns,
        "kind": "classes" if classes else "numbers",
        "remarks": remarks,
    }
    if len(frames) == 1:
        return hold_out(dataset, values, labels, arguments["test_fraction"], **fields)
    n = len(frames[0])
    return checked(dataset, (values[:n], labels[:n]), (values[n:], labels[n:]), **fields)


def read_frame(path: Path) -> "pd.DataFrame":
    """The table of a CSV file with its column names in the first line, UTF-8, separated by , ; or tabs."""
    import pandas as pd

    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            unquoted = re.sub(r'"[^"]*"', "", file.readline(2**20))
        separator = max(_SEPARATORS, key=unquoted.count)
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # rows longer than the first line
            frame = pd.read_csv(path, sep=separator, encoding="utf-8-sig", low_memory=False, index_col=False)
    except pd.errors.ParserWarning:
        raise DataError(f"{path} has rows with more fields than the first line names columns; name them all") from None
    except pd.errors.EmptyDataError:
        raise DataError(f"{path} is empty; the first line names the columns, every other is a row") from None
    except UnicodeDecodeError:
        raise DataError(f"{path} is not UTF-8 text; save it as UTF-8") from None
    except OSError as fault:
        raise DataError(f"{path} cannot be read: {fault.strerror or fault}") from None
    except (pd.errors.ParserError, ValueError) as fault:
        raise DataError(f"{path} is no table: {str(fault).strip()}; correct that line") from None
    if not len(frame):
        raise DataError(f"{path} has a line of column names and no rows")
    return frame.rename(columns=lambda column: str(column).strip())


def _check_table(name: str, frame: "pd.DataFrame", first: "pd.DataFrame", target: str) -> None:
    """`DataError` unless a frame has the target, another column, and the columns of the first frame."""
    columns = list(frame.columns)
    check_unique_names(name, columns)
    if target not in columns:
        listed = ", ".join(columns[:12]) + (", …" if len(columns) > 12 else "")
        fault = f"there is no column {target!r}" if target else "name the column to predict: target='…'"
        hint = did_you_mean(target, columns) if target else ""
        raise DataError(f"{name}: {fault}{hint or f'; the columns are {listed}'}")
    if len(columns) < 2:
        raise DataError(
            f"{name}: {target!r} is the only column; at least one to predict it from is needed (columns are "
            f"separated by a comma, a semicolon or a tab)"
        )
    if other := sorted(set(columns) ^ set(first.columns)):
        raise DataError(f"{name}: the two files differ in the columns {', '.join(other[:5])}; make them equal")


def check_unique_names(name: str, columns: Iterable[object]) -> None:
    """`DataError` where two columns have one name."""
    if repeated := [column for column, times in Counter(map(str, columns)).items() if times > 1]:
        raise DataError(
            f"{name}: more than one column is called {', '.join(map(repr, repeated[:5]))}; give every column "
            f"a different name"
        )


def as_numbers(name: str, frame: "pd.DataFrame") -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """The columns as numbers, (n, columns) float32, and their names.

    Texts become one column a level, in the order of the texts. Raises `DataError`: missing values (all such columns
    with their counts), or a text column of more than 100 levels.
    """
    if missing := {str(column): int(count) for column, count in frame.isna().sum().items() if count}:
        listed = ", ".join(f"{column} ({count:,})" for column, count in list(missing.items())[:8])
        raise DataError(
            f"{name}: values are missing in {len(missing)} of {frame.shape[1]} columns: {listed}; fill them "
            f"in, or leave out those rows or columns"
        )
    parts, names = [], []
    for column in frame.columns:
        values, levels = _encode_column(name, str(column), frame[column])
        parts.append(values)
        names += [f"{column}={level}" for level in levels] or [str(column)]
    return np.concatenate(parts, axis=1).astype(np.float32), tuple(names)


def _encode_column(name: str, column: str, series: "pd.Series[Any]") -> tuple[NDArray[Any], Sequence[str]]:
    """The values of a column, (n, 1), or of a text column, (n, levels), and those levels."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_complex_dtype(series):
        with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused later
            return series.to_numpy(np.float32)[:, np.newaxis], ()
    levels, codes = np.unique(series.astype(str).to_numpy(str), return_inverse=True)
    if len(levels) > MOST_LEVELS:
        decimal = " (numbers are written 1.5, not 1,5)" if re.fullmatch(r"-?\d+,\d+", levels[0]) else ""
        raise DataError(
            f"{name}: the text column {column!r} has {len(levels):,} different values, such as "
            f"{quoted(str(levels[0]), 40)}; at most {MOST_LEVELS} are possible, so leave the column out{decimal}"
        )
    return np.eye(len(levels), dtype=np.float32)[codes.reshape(-1)], list(map(str, levels))


def interpret_target(
    name: str, series: "pd.Series[Any]", kind: str
) -> tuple[NDArray[Any], tuple[str, ...], tuple[str, ...]]:
    """The target as codes or numbers, the names of its classes (none for numbers), and remarks."""
    labels = series_labels(name, series)
    texts = labels.dtype.kind == "U"
    if texts and kind == "numbers":
        raise DataError(f"{name}: the target {series.name!r} is no number; leave kind='numbers' out")
    if not are_classes(labels, kind, most_floats=MOST_FLOAT_CLASSES, most_integers=MOST_LEVELS):
        return series.to_numpy(np.float64), (), ()
    values, codes = np.unique(labels, return_inverse=True)
    codes = codes.reshape(-1).astype(np.int64)
    if texts:
        return codes, tuple(map(str, values)), ()
    what = "the labels" if series.name is None else str(series.name)
    doubtful = kind == "auto" and (labels.dtype.kind == "f" or len(values) > _MANY_CLASSES)
    remarks = (classes_remark(len(values), what),) if doubtful else ()
    return codes, tuple(map(class_name, values)), remarks


def series_labels(name: str, series: "pd.Series[Any]") -> NDArray[Any]:
    """A target as texts, whole numbers or floats; `DataError` where values are missing."""
    import pandas as pd

    if missing := int(series.isna().sum()):
        raise DataError(
            f"{name}: the target {series.name!r} is missing in {missing:,} of {len(series):,} rows; leave "
            f"those rows out"
        )
    if not pd.api.types.is_numeric_dtype(series) or pd.api.types.is_bool_dtype(series):
        return series.astype(str).to_numpy(str)
    return series.to_numpy(np.int64 if pd.api.types.is_integer_dtype(series) else np.float64)
