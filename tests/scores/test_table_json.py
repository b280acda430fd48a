"""Tables of scores in JSON: every form is read alike, numbers as they are written."""

from pathlib import Path

import pytest

from reluctant.core.errors import StudyError
from reluctant.scores.table_file import RunTable, read_table


def read(folder: Path, text: str, name: str) -> RunTable:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return read_table(path)


@pytest.mark.parametrize("name", ["runs.jsonl", "runs.ndjson"])
def test_a_line_is_a_row(tmp_path: Path, name: str) -> None:
    lines = [
        '{"activation": " relu ", "test": {"acc": 0.930, "loss": {"mean": 1}}, "ok": true}',
        "",
        '{"seed": null, "test": {"acc": NaN, "curve": [0.10, 2, "a"]}, "activation": "gelu\\u2028"}',
    ]
    table = read(tmp_path, "\r\n".join(lines), name)
    assert table.columns == ("activation", "test.acc", "test.loss.mean", "ok", "seed", "test.curve")
    assert table.cells.to_numpy().tolist() == [
        ["relu", "0.930", "1", "true", "", ""],
        ["gelu", "NaN", "", "", "", "[0.10, 2, a]"],
    ]
    assert (table.first_line, table.line(0), table.line(1)) == (1, "line 1", "line 3")
    assert table.numbers("test.acc").decimals == 3
    assert table.numbers("test.acc").empty.tolist() == [False, False]


@pytest.mark.parametrize(
    "text", ['[{"a": "x", "acc": 0.50}, {"a": "y", "acc": null}]', '{"a": ["x", "y"], "acc": [0.50, null]}']
)
def test_a_list_of_objects_and_an_object_of_lists_are_alike(tmp_path: Path, text: str) -> None:
    table = read(tmp_path, text, "runs.json")
    assert table.cells.to_numpy().tolist() == [["x", "0.50"], ["y", ""]]
    assert table.line(1) == "row 1"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1}\n{"a" 2}\n', "runs.jsonl, line 2 is no JSON (Expecting ':' delimiter, column 6); correct that line"),
        ('{"a": 1}\n\n[1]\n', "runs.jsonl, line 3 is a list, and no row; write one object per line"),
        ("3\n", "runs.jsonl, line 1 is a single value, and no row"),
        ('{"a": 1}\n{"a": 1, "b": 2, "a": 3}\n', "runs.jsonl, line 2 has 'a' twice in one object"),
        ('{"a.b": 1, "a": {"b": 2}}\n', "runs.jsonl, line 1 has two values for the same column"),
        ('{"a": 1, " a": 2}\n', "runs.jsonl, line 1 has two values for the same column"),
        ("{}\n", "runs.jsonl has no columns"),
        ('{"": 1, "b": "x"}\n{"": 1, "b": "x"}\n', "runs.jsonl: column 1 has no name"),
        ('{"a":' * 70_000 + "1" + "}" * 70_000, "runs.jsonl has objects nested too deeply"),
    ],
)
def test_faults_of_json_lines(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(StudyError) as caught:
        read(tmp_path, text, "runs.jsonl")
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[\n{"a": 1},\n{"a" 2}]', "runs.json, line 3 is no JSON (Expecting ':' delimiter, column 6); correct"),
        ('[{"a": 1}, 3]', "runs.json, row 1 is a single value, and no row; write an object for every row"),
        ('{"a": [1, 2], "b": [1]}', "runs.json: 'a' has 2 values and 'b' has 1; write lists of the same length"),
        ('{"a": {"0": 1}}', "runs.json is neither a list of objects nor an object of lists; with pandas"),
        ("{}", "runs.json is neither"),
        ("3", "runs.json is neither"),
        ("[]", "runs.json has no rows"),
        ('{"a": []}', "runs.json has no rows"),
        ('[{"a": 1, "a": 2}]', "runs.json has 'a' twice in one object"),
    ],
)
def test_faults_of_json(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(StudyError) as caught:
        read(tmp_path, text, "runs.json")
    assert str(caught.value).startswith(message)
