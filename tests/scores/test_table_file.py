"""Tables of scores from files and frames: every form is read alike, every fault has one clear answer."""

import gzip
import io
import json
import os
import string
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reluctant.core.errors import StudyError
from reluctant.scores import table_file
from reluctant.scores.table_file import RunTable, read_table

RUNS = "activation,seed,acc\nrelu,0,0.93\n gelu ,1,\n"
CELLS = [["relu", "0", "0.93"], ["gelu", "1", ""]]


def write(folder: Path, text: str | bytes, name: str = "runs.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def cells(table: RunTable) -> list[list[str]]:
    assert {str(dtype) for dtype in table.cells.dtypes} == {"object"}
    return table.cells.to_numpy().tolist()


def fault(folder: Path, text: str | bytes, name: str = "runs.csv") -> str:
    path = write(folder, text, name)
    with pytest.raises(StudyError) as caught:
        read_table(path)
    return str(caught.value)


def test_a_csv_file_is_read_as_texts(tmp_path: Path) -> None:
    table = read_table(str(write(tmp_path, RUNS)))
    assert (table.name, table.columns, table.first_line) == ("runs.csv", ("activation", "seed", "acc"), 2)
    assert (cells(table), table.notes) == (CELLS, ())
    assert table.line(1) == "line 3"


@pytest.mark.parametrize("name", ["runs.csv", "runs.TXT", "runs.tsv"])
@pytest.mark.parametrize(("sign", "word"), [(",", ","), (";", ";"), ("\t", "a tab"), ("|", "|")])
def test_the_delimiter_is_recognised(tmp_path: Path, name: str, sign: str, word: str) -> None:
    table = read_table(write(tmp_path, RUNS.replace(",", sign), name))
    usual = sign == ("\t" if name.endswith("tsv") else ",")
    assert (cells(table), table.notes) == (CELLS, () if usual else (f"the delimiter is {word}",))


def test_a_delimiter_in_quotes_or_numbers_is_none(tmp_path: Path) -> None:
    quoted = read_table(write(tmp_path, 'activation,acc\n"a;b;c",1\n"d ""e"" | f", 2 \n'))
    assert cells(quoted) == [["a;b;c", "1"], ['d "e" | f', "2"]]
    commas = read_table(write(tmp_path, "activation;acc;loss\nrelu;1;0,5\ngelu;0,94;0,6\n"))
    assert commas.notes == ("the delimiter is ;", "numbers have a decimal comma in acc, loss")
    assert commas.numbers("acc").values.tolist() == [1, 0.94]
    percents = read_table(write(tmp_path, "activation,acc\nrelu,93 %\n"))
    assert percents.notes == ("numbers are written with % in acc",)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(tmp_path: Path, encoding: str, end: str) -> None:
    text = RUNS.replace("relu", "ünï").replace("\n", end)
    table = read_table(write(tmp_path, text.encode(encoding)))
    assert table.columns == ("activation", "seed", "acc")
    assert cells(table) == [["ünï", "0", "0.93"], CELLS[1]]


def test_blank_lines_and_lines_within_cells_are_counted(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, '\na,b\n\n"x\ny",1\n , \n,\nz,bad\n'))
    assert cells(table) == [["x\ny", "1"], ["z", "bad"]]
    assert [table.line(row) for row in (0, 1)] == ["line 4", "line 8"]
    assert table.notes == ("2 rows of empty cells are left out",)
    with pytest.raises(StudyError, match="line 8: b is 'bad', not a number"):
        table.numbers("b")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "runs.csv is empty; write the names of the columns"),
        ("\ufeff \n", "runs.csv is empty"),
        (",,\n,,\n", "runs.csv is empty"),
        ("a,b\n", "runs.csv has no rows; write one row per run"),
        ("a:b\n1:2\n", "runs.csv has only one column, 'a:b'; separate the cells of a line with a comma, semicolon"),
        ("a,b\n1,2\n1,2,3\n", "runs.csv, line 3 has 3 cells, but the header has 2; correct that line"),
        ("a,b,c\n1,2,3\n\n1\n", "runs.csv, line 4 has 1 cell, but the header has 3"),
        ("a,b\n1,2,3\n4,5,6\n", "runs.csv, line 2 has 3 cells, but the header has 2"),
        ("a,b, a\n1,2,3\n", "runs.csv has two columns named 'a'; rename or remove one of them"),
        ("a,,b\n1,2,3\n", "runs.csv: column 2 has no name; write one in the header, or remove the column"),
        (",b\nrelu,2\n", "runs.csv: column 1 has no name"),
        (",b\n42,2\n42,3\n", "runs.csv: column 1 has no name"),
        ('a,b\n1,2\n1,"2\n3,4\n', "runs.csv, line 3: a quotation mark is not closed, or not followed by"),
        ('a,b\n1,2\n"1"x,2\n', "runs.csv, line 3: a quotation mark is not closed, or not followed by"),
        ("a,b\n1,\0\n", "runs.csv is a binary file or has null bytes in it; save the table as CSV"),
        (b"PK\x03\x04\xff\0\0", "runs.csv is a binary file"),
        ("a,b\nä,1\n".encode("latin-1"), "runs.csv is not UTF-8 text; save it as UTF-8"),
        ("a,b\n1,2\n".encode("utf-16-le"), "runs.csv is a binary file or has null bytes"),
        (f'a,b\n1,"{"x" * 200_000}"\n', "runs.csv, line 2: "),
    ],
)
def test_faults_of_csv_files(tmp_path: Path, text: str | bytes, message: str) -> None:
    assert fault(tmp_path, text).startswith(message)


def test_a_packed_table_that_unpacks_to_far_more_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few kilobytes packed filled the memory."""
    monkeypatch.setattr("reluctant.core.memory._FLOOR", 1000)
    honest = "activation,seed,score\n" + "".join(f"relu,{i},{i / 7}\n" for i in range(2000))
    assert len(read_table(write(tmp_path, gzip.compress(honest.encode()), "honest.csv.gz")).cells) == 2000
    zeros = gzip.compress(honest.encode() + b"\n" * 10**7)
    assert "unpacks to more than 1 MB, which no table of its size does" in fault(tmp_path, zeros, "runs.csv.gz")


def test_a_counter_that_pandas_wrote_is_left_out(tmp_path: Path) -> None:
    frame = pd.DataFrame({"activation": ["relu", "gelu", "elu"], "acc": [0.5, 0.25, 0.125]})
    frame[frame["acc"] != 0.25].to_csv(tmp_path / "runs.csv")
    table = read_table(tmp_path / "runs.csv")
    assert cells(table) == [["relu", "0.5"], ["elu", "0.125"]]
    assert table.notes == ("the first column has no name and counts the rows; it is left out",)
    again = read_table(pd.read_csv(tmp_path / "runs.csv"))
    assert (again.columns, again.notes) == (("activation", "acc"), table.notes)


def test_a_path_that_is_no_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(StudyError, match=r"there is no file .*nothing\.csv; check the name"):
        read_table(tmp_path / "nothing.csv")
    with pytest.raises(StudyError, match=r"folder\.csv is a folder; write the name of a file in it"):
        read_table(tmp_path / "folder.csv")
    with pytest.raises(StudyError, match="cannot be read"):
        read_table(tmp_path / ("x" * 5000))
    assert fault(tmp_path, RUNS, "runs.dat").startswith("runs.dat has none of the endings .csv, .tsv, .txt, .jsonl")
    assert fault(tmp_path, RUNS, "runs.xlsx").endswith("save the sheet as CSV")
    assert fault(tmp_path, RUNS, "runs.csv.gz") == "runs.csv.gz cannot be unpacked; compress the table again with gzip"
    assert "cannot be unpacked" in fault(tmp_path, gzip.compress(RUNS.encode())[:-9], "runs.csv.gz")
    wrong: Any = {"a": [1]}
    with pytest.raises(StudyError, match="a table is the name of a file or a pandas DataFrame, and not a dict"):
        read_table(wrong)
    monkeypatch.setattr(table_file, "_LARGEST", 1)
    for name, content in (("runs.csv", b"x" * 1_000_001), ("runs.csv.gz", gzip.compress(b"x" * 1_000_001))):
        assert fault(tmp_path, content, name).startswith(f"{name} has more than 1 MB; save only")


def test_parquet_needs_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert fault(tmp_path, "x", "runs.parquet") == "runs.parquet is no Parquet file, or a damaged one; write it again"
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert fault(tmp_path, "x", "runs.parquet") == "Parquet files need pyarrow: pip install 'reluctant[parquet]'"


def test_frames_keep_their_dtypes() -> None:
    frame = pd.DataFrame({" activation ": ["relu"], 0: [0.5], "n": [3]}, index=[7])
    table = read_table(frame)
    assert (table.name, table.columns, table.first_line, table.notes) == ("the table", ("activation", "0", "n"), 0, ())
    assert table.cells.dtypes.tolist() == frame.dtypes.tolist()
    assert list(frame.columns) == [" activation ", 0, "n"]


def test_a_named_index_is_a_column() -> None:
    frame = pd.DataFrame({"activation": ["relu", "gelu"], "seed": [0, 1], "acc": [0.5, 0.6]})
    assert read_table(frame.set_index("activation")).columns == ("activation", "seed", "acc")
    assert read_table(frame.set_index(["activation", "seed"])).texts("seed") == ["0", "1"]
    unnamed = read_table(frame.set_index(["activation", "seed"]).rename_axis(["activation", None]))
    assert unnamed.columns == ("activation", "acc")
    lost = read_table(frame.set_index("activation").rename_axis(None))
    assert (lost.columns, lost.notes) == (("seed", "acc"), ("the index of the table has no name and is left out",))


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "the table has two columns named 'a'"),
        (pd.DataFrame([[1, 2]], columns=[1, "1"]), "the table has two columns named '1'"),
        (pd.DataFrame({"a": [1]}).set_index("a", drop=False), "the table has two columns named 'a'"),
        (pd.DataFrame({("a", "b"): [1]}), "the table has columns with several levels of names"),
        (pd.DataFrame({"a": []}), "the table has no rows"),
        (pd.DataFrame(index=[0]), "the table has no columns"),
        (pd.DataFrame({"a": [1], "": [2]}), "the table: column 2 has no name"),
    ],
)
def test_faults_of_frames(frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        read_table(frame)


@pytest.mark.skipif("RELUCTANT_DATA" not in os.environ, reason="needs real data: set RELUCTANT_DATA")
def test_tables_of_real_runs_are_read() -> None:
    paths = sorted((Path(os.environ["RELUCTANT_DATA"]) / "runs").glob("*.csv"))
    assert len(paths) == 3
    for path in paths:
        table, frame = read_table(path), pd.read_csv(path, dtype=str)
        assert (table.columns, len(table.cells), table.notes) == (tuple(frame.columns), len(frame), ())
        for column in ("test_accuracy", "seed", "parameter_count", "test_loss"):
            expected = frame[column].to_numpy(float)
            assert np.array_equal(table.numbers(column).values, expected, equal_nan=True)


NAMES = st.text(string.ascii_letters + " ,;'\"%ä", max_size=8).map(lambda text: f"x{text}".strip())
FRAMES = st.lists(st.tuples(NAMES, st.floats(), st.integers(0, 99)), min_size=1, max_size=60)


@given(FRAMES, st.sampled_from([".csv", ".tsv", ".json", ".jsonl", ".parquet"]), st.booleans())
def test_what_pandas_writes_is_read_to_the_bit(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, float, int]], ending: str, zipped: bool
) -> None:
    frame = pd.DataFrame(rows, columns=["activation", "acc", "seed"])
    out = io.BytesIO()
    if ending in {".csv", ".tsv"}:
        frame.to_csv(out, index=False, sep="," if ending == ".csv" else "\t")
    elif ending == ".parquet":
        frame.to_parquet(out)
    else:
        records = frame.to_dict(orient="records")
        lines = [json.dumps(records)] if ending == ".json" else map(json.dumps, records)
        out.write("\n".join(lines).encode())
    content = gzip.compress(out.getvalue()) if zipped else out.getvalue()
    table = read_table(write(tmp_path_factory.getbasetemp(), content, f"runs{ending}{'.gz' if zipped else ''}"))
    assert table.texts("activation") == list(frame["activation"])
    assert table.texts("seed") == [str(seed) for seed in frame["seed"]]
    values = frame["acc"].to_numpy().copy()
    values[~np.isfinite(values)] = np.nan
    assert np.array_equal(table.numbers("acc").values, values, equal_nan=True)
