"""Cells of a table as numbers and texts: exact, with their decimals, and never a guess."""

import re
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reluctant.core.errors import StudyError
from reluctant.scores.table_cells import Column, RunTable

NAN = float("nan")


def table(*cells: str, column: str = "acc") -> RunTable:
    """A table as of a file: one column of texts."""
    return RunTable("runs.csv", pd.DataFrame({column: pd.Series(cells, dtype=object)}), first_line=2)


def numbers(*cells: str) -> Column:
    return table(*cells).numbers("acc")


def frame_numbers(values: Any, dtype: Any = None) -> Column:
    return RunTable("the table", pd.DataFrame({"acc": pd.Series(values, dtype=dtype)}), 0).numbers("acc")


def fault(*cells: str, column: str = "acc") -> str:
    with pytest.raises(StudyError) as caught:
        table(*cells, column=column).numbers(column)
    return str(caught.value)


def equal(values: Any, expected: list[float]) -> bool:
    return np.array_equal(values, expected, equal_nan=True)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_numbers_are_read_to_the_bit(values: list[float]) -> None:
    read = numbers(*map(repr, values)).values
    assert read.tobytes() == np.array(values).tobytes()
    as_objects = frame_numbers([*values, None], object)
    assert as_objects.values[:-1].tobytes() == np.array(values).tobytes()
    assert as_objects.empty.tolist() == [False] * len(values) + [True]


def test_numbers_are_written_in_the_usual_ways() -> None:
    read = numbers("93", "+1", "-0.5", ".5", "5.", "1e-3", "2.5E+2", "007")
    assert equal(read.values, [93, 1, -0.5, 0.5, 5, 0.001, 250, 7])
    assert read.notes == ()
    assert not read.empty.any()


def test_empty_cells_and_scores_that_are_not_finite_differ() -> None:
    read = numbers("0.5", "", "NA", "N/A", "null", "None", "-", "nan", "NaN", "inf", "-inf", "Infinity", "diverged")
    assert equal(read.values, [0.5, *[NAN] * 12])
    assert read.empty.tolist() == [False, *[True] * 6, *[False] * 6]
    assert equal(numbers("1e999").values, [NAN])


@pytest.mark.parametrize(
    ("cells", "decimals"),
    [
        (["0.93", "0.930", "1"], 3),
        (["1", "20"], 0),
        (["1e-3"], 3),
        (["1.5e-3"], 4),
        (["9.31e1"], 1),
        (["1.5e3"], 0),
        ([".25"], 2),
        (["0.123456"], 6),
        (["0.1234567"], None),
        (["0.5", "0.12345678901"], None),
        (["0.5", "", "nan"], 1),
        (["", "nan"], None),
    ],
)
def test_decimals_are_those_that_are_written(cells: list[str], decimals: int | None) -> None:
    assert numbers(*cells).decimals == decimals


def test_percent_signs_stand_in_all_cells_or_in_none() -> None:
    read = numbers("93.1 %", "94%", "", "nan")
    assert equal(read.values, [93.1, 94, NAN, NAN])
    assert read.decimals == 1
    assert read.notes == ("numbers are written with %",)
    for cells in (["93%", "0.94"], ["0.94", "93%"]):
        assert fault(*cells) == (
            f"runs.csv, line 3: acc is {cells[1]!r}, but {cells[0]!r} stands above it; write all cells of the column "
            "with %, or none"
        )


def test_decimal_commas_are_read_if_all_cells_have_them() -> None:
    read = numbers("0,931", "1", "-2,5e1", "")
    assert equal(read.values, [0.931, 1, -25, NAN])
    assert read.decimals == 3
    assert read.notes == ("numbers have a decimal comma",)
    assert equal(numbers("93,1 %", "94 %").values, [93.1, 94])
    assert "line 2: acc is '0,931', but other cells of the column have a decimal point" in fault("0,931", "0.932")
    assert "line 3: acc is '0,932', but other" in fault("0.931", "0,932")


@pytest.mark.parametrize("cell", ["1.234,5", "1,234.5", "1,234,567", "1.234.567", "-12,345.0 %"])
def test_separators_of_thousands_are_refused(cell: str) -> None:
    assert fault(cell) == (
        f"runs.csv, line 2: acc is {cell!r}, with separators of thousands; write plain numbers, such as 1234.5"
    )


def test_what_can_be_thousands_or_decimals_is_refused() -> None:
    assert fault("1,234", "2,345") == (
        "runs.csv, line 2: acc is '1,234', which can mean 1.234 or 1234; write plain numbers, such as 1.234 or 1234"
    )
    assert equal(numbers("1,234", "0,345").values, [1.234, 0.345])
    assert equal(numbers("1,234", "2,5").values, [1.234, 2.5])


@pytest.mark.parametrize(
    "cell", ["abc", "1_000", "١٢", "0x10", "1 234", "0.5.1", "5%%", "%", "1e", "True", "--1", "0.9±0.1"]
)
def test_a_text_is_no_number(cell: str) -> None:
    assert fault("0.5", "", cell, "xyz") == (
        f"runs.csv, line 4: acc is {cell!r}, not a number; correct the cell, or leave it empty if the run has no score"
    )


def test_a_second_header_is_recognised() -> None:
    assert fault("0.5", "acc", "0.6") == "runs.csv, line 3 repeats the header; remove that line"
    assert fault("1", "a", column="1") == (
        "runs.csv, line 3: 1 is 'a', not a number; correct the cell, or leave it empty if the run has no score"
    )


def test_a_row_is_named_by_its_line() -> None:
    cells = pd.DataFrame({"a": ["1", "2"]})
    assert RunTable("runs.csv", cells, 2).line(5) == "line 7"
    assert RunTable("the table", cells, 0).line(5) == "row 5"
    assert RunTable("runs.csv", cells, 2, lines=np.array([2, 9])).line(1) == "line 9"


def test_an_unknown_column_is_named_with_those_that_exist() -> None:
    runs = table("1")
    with pytest.raises(StudyError, match=r"runs\.csv has no column 'ac'; did you mean 'acc'"):
        runs.numbers("ac")
    with pytest.raises(StudyError, match=r"runs\.csv has no column 'zzz'; its columns are acc"):
        runs.texts("zzz")


def test_frames_keep_their_numbers() -> None:
    floats = frame_numbers([0.931, NAN, np.inf, 0.5])
    assert equal(floats.values, [0.931, NAN, NAN, 0.5])
    assert not floats.empty.any()
    assert floats.decimals == 3
    assert frame_numbers([0.1 + 0.2]).decimals is None
    assert frame_numbers([0.123456]).decimals == 6
    assert frame_numbers([0.1234567]).decimals is None
    assert frame_numbers([NAN]).decimals is None
    assert frame_numbers([3, 4]).decimals == 0
    assert frame_numbers([1e300, 1e20]).decimals == 0
    small = frame_numbers([0.931], np.float32)
    assert small.values[0] == float(np.float32(0.931))
    assert small.decimals == 3


@pytest.mark.parametrize("dtype", ["Float64", "float64[pyarrow]", "Int64", "Sparse[float]"])
def test_missing_values_of_nullable_dtypes_are_empty(dtype: str) -> None:
    read = frame_numbers([1, None, 3], dtype)
    assert equal(read.values, [1, NAN, 3])
    assert read.empty.tolist() == [False, True, False]
    assert read.decimals == 0


def test_objects_and_categories_are_numbers_too() -> None:
    read = frame_numbers([0.5, None, pd.NA, NAN, "0.25", Decimal("0.125"), np.float32(0.5), 3, "diverged"], object)
    assert equal(read.values, [0.5, NAN, NAN, NAN, 0.25, 0.125, 0.5, 3, NAN])
    assert read.empty.tolist() == [False, True, True, *[False] * 6]
    assert equal(frame_numbers(["0.5", None], "string").values, [0.5, NAN])
    assert frame_numbers(["0.5", None], "string").empty.tolist() == [False, True]
    assert equal(frame_numbers([0.5, None, 0.5], "category").values, [0.5, NAN, 0.5])
    for value in (True, pd.Timestamp("2026-01-01"), 1j):
        with pytest.raises(StudyError, match=re.escape("the table, row 0: acc is")):
            frame_numbers([value])


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([1.0, 0.001, NAN, -2.0, np.inf], float, ["1", "0.001", "", "-2", "inf"]),
        ([1e22, 1e-7], float, ["1e+22", "1e-07"]),
        ([0.1, 3], np.float32, ["0.1", "3"]),
        ([1, 2], int, ["1", "2"]),
        ([1, None], "Int64", ["1", ""]),
        ([True, False], bool, ["True", "False"]),
        ([" relu ", None, 2.0, pd.NA, NAN, np.float64(0.5), "NA"], object, ["relu", "", "2", "", "", "0.5", ""]),
        (["relu", None], "string", ["relu", ""]),
        (["relu", None], "category", ["relu", ""]),
        ([2.0, None], "category", ["2", ""]),
        ([pd.Timestamp("2026-01-02"), pd.NaT], "datetime64[ns]", ["2026-01-02 00:00:00", ""]),
    ],
)
def test_texts_of_any_dtype(values: list[Any], dtype: Any, expected: list[str]) -> None:
    frame = pd.DataFrame({"a": pd.Series(values, dtype=dtype)})
    assert RunTable("the table", frame, 0).texts("a") == expected


def test_texts_of_a_file_stay_as_they_are_written() -> None:
    assert table("1.0", "01", "NA", "nan", "-", "").texts("acc") == ["1.0", "01", "", "nan", "", ""]
