"""Faults of a file's content, as pydantic finds them, in plain words: the path of each key, and what is wrong."""

import re
from collections.abc import Mapping, Sequence

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from reluctant.core.display import nearest_names, quoted

_WORDS = {
    **dict.fromkeys(("int_type", "int_from_float", "int_parsing"), "must be a whole number"),
    **dict.fromkeys(("float_type", "float_parsing"), "must be a number"),
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type"), "must be a table of keys"),
    **dict.fromkeys(("list_type", "tuple_type"), "must be a list"),
    "string_type": "must be a string",
    "bool_type": "must be true or false",
    "finite_number": "must be a finite number",
}
CUSTOM = "reluctant"  # type of an error whose message is written out already, its key included


def validation_message(
    error: ValidationError, keys: Mapping[str, Sequence[str]] | None = None, *, whole: str = "the study",
    positions_in: Sequence[str] | None = None, most: int | None = None,
) -> str:  # fmt: skip
    """One line per fault, such as `lr must be a number, not 'fast'`.

    Args:
        keys: Known keys, to suggest the nearest for an unknown one: of the file ("") and of its tables.
        whole: What a fault without a path is about.
        positions_in: The keys whose lists are counted in paths (`claim.2.metric`); all unless given.
        most: How many faults are listed; the rest are counted.
    """
    faults = error.errors(include_url=False)
    lines = [_line(fault, keys or {}, whole, positions_in) for fault in faults[:most]]
    if len(faults) == 1:
        return lines[0]
    if rest := len(faults) - len(lines):
        lines.append(f"and {rest:,} more")
    return f"{len(faults):,} mistakes\n" + "\n".join(f"  {line}" for line in lines)


def _line(
    fault: ErrorDetails, keys: Mapping[str, Sequence[str]], whole: str, positions_in: Sequence[str] | None
) -> str:
    kind, loc, message, value = fault["type"], fault["loc"], fault["msg"], fault.get("input")
    numbered = positions_in is None or (loc and loc[0] in positions_in)  # claim.2.metric for the second claim
    steps = [str(step + 1) if isinstance(step, int) else step for step in loc if numbered or isinstance(step, str)]
    path = ".".join(steps) if loc else whole
    if kind == "extra_forbidden":
        table, key = "" if len(loc) == 1 else str(loc[0]), str(loc[-1])
        known, prefix = keys.get(table, ()), path[: len(path) - len(key)]
        if table and key in keys.get("", ()):
            return f"there is no key {path!r}; {key!r} stands at the top of the file, before all tables"
        if nearest := nearest_names(key, known):
            return f"there is no key {path!r}; did you mean {' or '.join(repr(prefix + name) for name in nearest)}?"
        return f"there is no key {path!r}" + (f"; the keys are {', '.join(known)}" if known else "")
    if kind == "value_error":
        return f"{path}: {message.removeprefix('Value error, ')}"
    if kind == CUSTOM:
        return message
    if kind == "missing":
        return f"{path} is missing"
    if kind == "tuple_type" and len(loc) == 1 and positions_in is not None:
        return f"{path} must be a list of tables, each written [[{path}]], not {quoted(value)}"
    words = _WORDS.get(kind) or re.sub(r"^[A-Z]\w* should", "must", message)  # Input should, String should, …
    return f"{path} {words}, not {quoted(value)}"
