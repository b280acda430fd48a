"""Tables in JSON: an object per line, a list of objects, or an object of lists; numbers stay as they are written."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from reluctant.core.display import quoted
from reluctant.core.errors import StudyError
from reluctant.scores.table_cells import RunTable


def read_json_lines(name: str, text: str) -> RunTable:
    """Return the table of a text with one JSON object in every line that is not blank.

    Raises:
        StudyError: A line is no JSON or no object, or has a name twice.
    """
    rows, lines = [], []
    for line, written in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        if written.strip():
            value = _parse(name, written, line)
            if not isinstance(value, dict):
                raise StudyError(
                    f"{name}, line {line} is {_kind(value)}; write one object per line, such as "
                    '{"activation": "relu", "seed": 0, "accuracy": 0.93}'
                )
            rows.append(_flatten(f"{name}, line {line}", value))
            lines.append(line)
    return _tabulate(name, rows, lines)


def read_json(name: str, text: str) -> RunTable:
    """Return the table of a JSON list of objects, each a row, or of an object of equally long lists, each a column.

    Raises:
        StudyError: The text is no JSON, or JSON of another form.
    """
    value = _parse(name, text)
    if isinstance(value, dict) and value and all(isinstance(cells, list) for cells in value.values()):
        (first, longest), *others = [(column, len(cells)) for column, cells in value.items()]
        for column, length in others:
            if length != longest:
                raise StudyError(
                    f"{name}: {quoted(first)} has {longest} values and {quoted(column)} has {length}; write lists of "
                    "the same length"
                )
        value = [dict(zip(value, row, strict=True)) for row in zip(*value.values(), strict=True)]
    if not isinstance(value, list):
        raise StudyError(
            f"{name} is neither a list of objects nor an object of lists; with pandas, write it with "
            "to_json(…, orient='records')"
        )
    for position, row in enumerate(value):
        if not isinstance(row, dict):
            raise StudyError(f"{name}, row {position} is {_kind(row)}; write an object for every row")
    return _tabulate(name, [_flatten(f"{name}, row {position}", row) for position, row in enumerate(value)], [])


def _join(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object of names and values; `KeyError` of a name that occurs twice, of which JSON takes the last."""
    joined = dict(pairs)
    if len(joined) < len(pairs):
        twice, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise KeyError(twice)
    return joined


# Numbers are texts, so that none is rounded. One decoder for all lines: building it takes longer than reading a line.
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_join)


def _parse(name: str, text: str, line: int | None = None) -> Any:
    """Return the value of a JSON text, in which numbers are texts."""
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as fault:
        raise StudyError(
            f"{name}, line {line or fault.lineno} is no JSON ({fault.msg}, column {fault.colno}); correct that line"
        ) from None
    except KeyError as fault:
        where = f"{name}, line {line}" if line else name
        raise StudyError(
            f"{where} has {quoted(fault.args[0])} twice in one object; remove or rename one of them"
        ) from None


def _flatten(where: str, row: Mapping[str, Any], above: str = "") -> dict[str, str]:
    """Return the cells of a row as texts, {"a": {"b": 1}} as {"a.b": "1"}."""
    cells: dict[str, str] = {}
    expected = 0
    for key, value in row.items():
        column = above + key.strip()
        if isinstance(value, dict):
            inner = _flatten(where, value, f"{column}.")
            cells |= inner
            expected += len(inner)
        else:
            cells[column] = value.strip() if isinstance(value, str) else _write(value)
            expected += 1
    if len(cells) < expected:
        raise StudyError(
            f"{where} has two values for the same column, such as a.b and {{a: {{b}}}}; rename one of them"
        )
    return cells


def _write(value: object) -> str:
    """Return a JSON value as text, null as an empty one."""
    if isinstance(value, list):
        return f"[{', '.join(map(_write, value))}]"
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value).strip()


def _kind(value: object) -> str:
    return {list: "a list", dict: "an object", type(None): "null"}.get(type(value), "a single value") + ", and no row"


def _tabulate(name: str, rows: list[dict[str, str]], lines: Iterable[int]) -> RunTable:
    """Return the table of rows by name; a name that a row lacks is an empty cell."""
    import pandas as pd

    columns = list(dict.fromkeys(column for row in rows for column in row))
    cells = np.empty((len(rows), len(columns)), dtype=object)
    for position, column in enumerate(columns):
        cells[:, position] = [row.get(column, "") for row in rows]
    positions = np.array([*lines], dtype=np.int64)
    frame = pd.DataFrame(cells, columns=columns, dtype=object)
    return RunTable(name, frame, *((int(positions[0]), (), positions) if positions.size else (0,)))
