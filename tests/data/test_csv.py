"""Tables in CSV files."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reluctant.core.errors import DataError
from reluctant.data import Dataset, load
from reluctant.data.columns import as_numbers
from tests.support.data_files import unhurried

ROWS = "\n".join(f"{i},{'red' if i % 3 else 'blue'},{i % 2 == 0},{'yes' if i % 2 else 'no'},{i / 4 + 0.1}"
                 for i in range(20))  # fmt: skip
TABLE = f"size,colour,big,good,price\n{ROWS}\n"


def read(folder: Path, text: str = TABLE, more: str = "target='good'") -> Dataset:
    (folder / "mine.csv").write_text(text, encoding="utf-8")
    return load(f"csv(path={str(folder / 'mine.csv')!r}, {more})")


def test_numbers_stay_and_texts_become_a_column_a_level(tmp_path: Path) -> None:
    data = read(tmp_path)
    assert (data.title, data.items, data.classes, data.warnings) == ("mine.csv", "rows", ("no", "yes"), ())
    assert (len(data.train), len(data.test)) == (16, 4)
    together = np.concatenate([data.train.inputs, data.test.inputs])
    together = together[np.argsort(together[:, 0])]
    np.testing.assert_array_equal(together[:, 0], np.arange(20))
    np.testing.assert_array_equal(together[:, 1], np.arange(20) % 3 == 0)  # colour=blue
    np.testing.assert_array_equal(together[:, 2], np.arange(20) % 3 != 0)  # colour=red
    np.testing.assert_array_equal(together[:, 3], np.arange(20) % 2 == 0)
    np.testing.assert_array_equal(together[:, 4], (np.arange(20) / 4 + 0.1).astype(np.float32))


def test_a_target_of_numbers_is_predicted(tmp_path: Path) -> None:
    data = read(tmp_path, more="target='price'")
    assert (data.task, data.train.targets.shape) == ("regression", (16, 1))


def test_few_whole_numbers_are_classes_unless_kind_decides_otherwise(tmp_path: Path) -> None:
    text = "x,y\n" + "\n".join(f"{i}.5,{10 * (i % 3)}" for i in range(30))
    assert read(tmp_path, text, "target='y'").classes == ("0", "10", "20")
    assert read(tmp_path, text, "target='y', kind='numbers'").task == "regression"
    many = "x,y\n" + "\n".join(f"{i}.5,{i % 30}" for i in range(120))
    assert read(tmp_path, many, "target='y'").remarks[0] == (
        "the 30 whole numbers of y are taken for classes; kind='numbers' predicts them as numbers"
    )
    more = "x,y\n" + "\n".join(f"{i}.5,{i}" for i in range(120))
    assert read(tmp_path, more, "target='y'").task == "regression"
    floats = read(tmp_path, "x,y\n" + "\n".join(f"{i}.5,{i % 3}.0" for i in range(30)), "target='y'")
    assert floats.classes == ("0", "1", "2")
    assert floats.remarks[0].startswith("the 3 whole numbers of y are taken for classes; kind='numbers'")
    points = "x,y\n" + "\n".join(f"{i}.5,{i % 21}.0" for i in range(63))
    assert read(tmp_path, points, "target='y'").task == "regression"
    halves = "x,y\n" + "\n".join(f"{i}.5,{(i % 3) / 2}" for i in range(30))
    assert read(tmp_path, halves, "target='y'").task == "regression"
    assert read(tmp_path, halves, "target='y', kind='classes'").classes == ("0", "0.5", "1")


def test_another_file_is_the_test_part(tmp_path: Path) -> None:
    head, rows = TABLE.split("\n", 1)
    (tmp_path / "test.csv").write_text("price,good,big,colour,size\n0.5,maybe,True,green,99\n")
    data = read(tmp_path, more=f"target='good', test={str(tmp_path / 'test.csv')!r}")
    assert (len(data.train), len(data.test), data.classes) == (20, 1, ("maybe", "no", "yes"))
    assert data.test.inputs.tolist() == [[99, 0, 1, 0, 1, 0.5]]  # size, blue, green, red, big, price
    assert data.remarks == ()
    assert "the class maybe is in the test part only" in data.warnings[0]
    assert "colour=green" in data.warnings[1]
    (tmp_path / "test.csv").write_text(head.replace("big", "huge") + "\n" + rows)
    with pytest.raises(DataError, match="the two files differ in the columns big, huge"):
        read(tmp_path, more=f"target='good', test={str(tmp_path / 'test.csv')!r}")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_separators_byte_order_marks_and_quotes_are_understood(tmp_path: Path, separator: str, mark: str) -> None:
    rows = [f'{i}{separator}"a{separator} b"{separator}{i % 2}' for i in range(10)]
    head = separator.join(["n", '"first, and; last"', "y"])
    data = read(tmp_path, mark + "\r\n".join([head, *rows]), "target='y'")
    assert data.train.inputs.shape == (8, 2)
    assert "first, and; last=a" in data.warnings[0]


FAULTS = {
    "": "mine.csv is empty",
    "a,good\n": "has a line of column names and no rows",
    "good\nyes\nno\n": "'good' is the only column; at least one to predict it from",
    "a,goods\n1,yes\n2,no\n": "there is no column 'good'; did you mean 'goods'?",
    "a,zzz\n1,yes\n2,no\n": "there is no column 'good'; the columns are a, zzz",
    "a,b,good\n1,,yes\n,,no\n3,2,no\n": r"values are missing in 2 of 2 columns: a \(1\), b \(2\); fill",
    "a,good\n1,\n2,no\n": "the target 'good' is missing in 1 of 2 rows",
    "a,good\n1,yes\n2,no,5,6\n": "is no table: .*line 3",
    "a,good\n1,yes,7\n2,no,8\n": "rows with more fields than the first line names columns",
    "a,good\n1,yes\n2,yes\n3,yes\n4,yes\n5,yes\n": r"all training rows are of the class 'yes'",
    "a,good\n" + "".join(f"t{i},{i % 2}\n" for i in range(101)): "text column 'a' has 101 different values",
    "a;good\n" + "".join(f"{i},5;{i % 2}\n" for i in range(101)): "numbers with a decimal comma as texts.*add decimal=",
    "a,good\n" + "".join(f"{'inf' if i == 3 else i},{i % 2}\n" for i in range(9)): "not finite",
    "a, a,good\n1,2,yes\n2,1,no\n": "more than one column is called 'a'; give every column a",
    "a,good, good\n1,2,yes\n2,1,no\n": "more than one column is called 'good'",
    "a,good\n1,yes\n": "leaves nothing to train on",
}


@pytest.mark.parametrize("text", FAULTS)
def test_useless_tables_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError, match=FAULTS[text]):
        read(tmp_path, text)


def test_other_faults_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="name the column to predict: target='…'; the columns are "):
        read(tmp_path, more="test_fraction=0.5")
    with pytest.raises(DataError, match="the target 'good' is no number"):
        read(tmp_path, more="target='good', kind='numbers'")
    (tmp_path / "mine.csv").write_bytes(b"a,good\n\xff\xfe,1\n")
    with pytest.raises(DataError, match="is not UTF-8 text"):
        load(f"csv(path={str(tmp_path / 'mine.csv')!r}, target='good')")
    (tmp_path / "folder/mine.csv").mkdir(parents=True)
    with pytest.raises(DataError, match=r"mine\.csv cannot be read"):
        load(f"csv(path={str(tmp_path / 'folder/mine.csv')!r}, target='good')")


def test_a_constant_column_gives_a_warning_with_its_name(tmp_path: Path) -> None:
    text = "a,b,good\n" + "".join(f"{i},7,{i % 2}\n" for i in range(20))
    assert "1 of 2 columns never changes in the training data (b)" in read(tmp_path, text).warnings[0]


@unhurried
@given(
    st.lists(
        st.tuples(st.floats(-(2.0**90), 2.0**90, width=32), st.sampled_from(["a", "b,", 'c"', "d\n", "é"])),
        min_size=4,
        max_size=12,
    )
)
def test_any_table_is_read_as_it_was_written(rows: list[tuple[float, str]]) -> None:
    frame = pd.DataFrame(rows, columns=["n", "t"])
    values, columns, _ = as_numbers("mine", frame)
    levels = sorted({text for _, text in rows})
    assert columns == ("n", *(f"t={level}" for level in levels))
    for row, (number, text) in zip(values, rows, strict=True):
        assert row[0] == np.float32(number)
        assert row[1:].tolist() == [float(level == text) for level in levels]
