"""A table in a CSV file, or in a pandas frame, as numbers: one column is predicted from the others."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reluctant.catalogue.datasets import DATASETS
from reluctant.core.display import did_you_mean, quoted
from reluctant.core.errors import DataError
from reluctant.core.names import Name
from reluctant.data.checks import checked
from reluctant.data.columns import MOST_LEVELS, as_numbers, check_unique_names, check_written_numbers, count_missing
from reluctant.data.csv_file import read_csv_file
from reluctant.data.dataset import Dataset
from reluctant.data.folder import user_path
from reluctant.data.labels import MOST_FLOAT_CLASSES, are_classes, class_name, classes_remark
from reluctant.data.splits import hold_out, order_fields

if TYPE_CHECKING:
    import pandas as pd

_MANY_CLASSES = 20  # of whole numbers; more deserve a remark
_COUNTERS = {"id", "idx", "index", "row", "row_id", "rowid", "row_number", "nr", "no", "number"}


def load_csv(name: Name, folder: Path) -> Dataset:
    """The data set of a CSV file: `target` is predicted from all other columns. `folder` is not used.

    Numbers stay, texts become one column a level (0 or 1), true/false 1/0. A target of texts, or of at most 100
    different whole numbers (20 where they are written with a point), is classes; other numbers are predicted as
    numbers. Without `test`, some rows are held out. Raises `DataError`: missing values, too many levels, or a target
    that is not in the table.
    """
    arguments, dataset = DATASETS.arguments(name), str(name)
    example = "csv(path='mine.csv', target='price')"
    decimal = arguments["decimal"]
    tables = [read_csv_file(user_path(dataset, arguments["path"], example, "the file"), decimal)]
    if arguments["test"]:
        tables.append(read_csv_file(user_path(dataset, arguments["test"], example, "the test file"), decimal))
    frames, target = [table.frame for table in tables], arguments["target"]
    for frame in frames:
        _check_table(dataset, frame, frames[0], target)
    groups = _take_groups(dataset, frames, arguments["groups"], target)
    both = _join(dataset, frames, arguments["categories"])
    values, columns, column_remarks = as_numbers(dataset, both.drop(columns=[target]))
    labels, classes, target_remarks = interpret_target(dataset, both[target], arguments["kind"])
    table_remarks = [remark for table in tables for remark in table.remarks]
    fields: dict[str, Any] = {
        "title": Path(arguments["path"]).name,
        "classes": classes,
        "columns": columns,
        "kind": "classes" if classes else "numbers",
        "remarks": tuple(dict.fromkeys((*table_remarks, *column_remarks, *target_remarks))),
    }
    warnings, test_split = _counting_columns(frames[0], target), arguments["test_split"]
    if len(frames) == 1:
        order = {"test_split": test_split, "groups": groups, "warnings": warnings}
        return hold_out(dataset, values, labels, arguments["test_fraction"], **order, **fields)
    n = len(frames[0])
    fields |= order_fields(dataset, test_split, groups, n, len(frames[1]))
    fields["warnings"] = (*warnings, *fields.get("warnings", ()))
    return checked(dataset, (values[:n], labels[:n]), (values[n:], labels[n:]), **fields)


def _take_groups(name: str, frames: "list[pd.DataFrame]", column: str, target: str) -> "pd.Series[Any] | None":
    """The column with the groups of all rows, which is then no input any more; None where none is named."""
    import pandas as pd

    if not column:
        return None
    columns = list(frames[0].columns)
    if column not in columns or column == target:
        hint = did_you_mean(column, columns) or f"; the columns are {', '.join(columns[:12])}"
        fault = f"there is no column {column!r}{hint}" if column != target else f"{column!r} is the target"
        raise DataError(f"{name}: {fault}; groups='…' names the column with the group of every row")
    if len(columns) < 3:
        raise DataError(f"{name}: beside the target and the groups there is no column to predict from")
    groups = [frame.pop(column) for frame in frames]
    return pd.concat(groups, ignore_index=True)


def _check_table(name: str, frame: "pd.DataFrame", first: "pd.DataFrame", target: str) -> None:
    """`DataError` unless a frame has the target, another column, and the columns of the first frame."""
    columns = list(frame.columns)
    check_unique_names(name, columns)
    if sum(re.fullmatch(r"-?\d*\.\d+", str(column)) is not None for column in columns) >= len(columns) / 2:
        raise DataError(
            f"{name}: the first line, {quoted(', '.join(map(str, columns)), 60)}, seems to be a row; write the names "
            f"of the columns above it"
        )
    if target not in columns:
        listed = ", ".join(columns[:12]) + (", …" if len(columns) > 12 else "")
        fault = f"there is no column {target!r}" if target else "name the column to predict: target='…'"
        hint = did_you_mean(target, columns) if target else ""
        raise DataError(f"{name}: {fault}{hint or f'; the columns are {listed}'}")
    if len(columns) < 2:
        raise DataError(
            f"{name}: {target!r} is the only column; at least one to predict it from is needed (columns are "
            f"separated by a comma, a semicolon, a tab or |)"
        )
    if other := sorted(set(columns) ^ set(first.columns)):
        raise DataError(f"{name}: the two files differ in the columns {', '.join(other[:5])}; make them equal")


def _join(name: str, frames: "Sequence[pd.DataFrame]", categories: str) -> "pd.DataFrame":
    """The rows of all frames; the columns named in `categories`, and those of codes in any frame, have that type."""
    import pandas as pd

    chosen = [column.strip() for column in categories.split(",") if column.strip()]
    columns = list(frames[0].columns)
    if unknown := [column for column in chosen if column not in columns]:
        hint = did_you_mean(unknown[0], columns)
        raise DataError(f"{name}: categories name {unknown[0]!r}, and there is no such column{hint}")
    codes = [column for column in columns for frame in frames if isinstance(frame[column].dtype, pd.CategoricalDtype)]
    types = dict.fromkeys((*chosen, *codes))
    both = pd.concat([frame.astype(dict.fromkeys(types, str)) for frame in frames], ignore_index=True)
    return both.astype(dict.fromkeys(types, "category"))


def _counting_columns(frame: "pd.DataFrame", target: str) -> tuple[str, ...]:
    """Warnings of columns that are called id or the like, and count the rows."""
    return tuple(
        f"the column {column} counts the rows; nothing can be learned from it about new rows, so leave it out"
        for column in frame.columns
        if column != target
        and str(column).lower() in _COUNTERS
        and frame[column].dtype.kind in "iu"
        and len(frame) > 1
        and (np.diff(frame[column].to_numpy()) == 1).all()
    )


def interpret_target(
    name: str, series: "pd.Series[Any]", kind: str
) -> tuple[NDArray[Any], tuple[str, ...], tuple[str, ...]]:
    """The target as codes or numbers, the names of its classes (none for numbers), and remarks."""
    if kind != "classes":
        check_written_numbers(name, str(series.name), series)
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

    if missing := count_missing(series):
        raise DataError(
            f"{name}: the target {series.name!r} is missing in {missing:,} of {len(series):,} rows; leave "
            f"those rows out"
        )
    if not pd.api.types.is_numeric_dtype(series) or pd.api.types.is_bool_dtype(series):
        return series.astype(str).to_numpy(str)
    return series.to_numpy(np.int64 if pd.api.types.is_integer_dtype(series) else np.float64)
