"""Faults of a file's content, as pydantic finds them, in plain words: the path of each key, and what is wrong."""

from collections.abc import Mapping, Sequence

from pydantic import ValidationError

from reluctant.core.display import did_you_mean, quoted

_WORDS = {
    "string_type": "must be a text",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "finite_number": "must be a finite number",
    "model_type": "must be a table of keys",
    "model_attributes_type": "must be a table of keys",
    "dict_type": "must be a table of keys",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "missing": "is missing",
}
CUSTOM = "reluctant"  # type of an error whose message is written out already, its key included


def validation_message(
    error: ValidationError, keys: Mapping[str, Sequence[str]] | None = None, *, whole: str = "the study"
) -> str:
    """One line per fault, such as `lr must be a number, not 'fast'`.

    Args:
        error: What pydantic raised.
        keys: Known keys, to suggest the nearest for an unknown one: of the file ("") and of its tables.
        whole: What a fault without a path is about.
    """
    lines = [
        _line(fault["type"], fault["loc"], fault["msg"], fault.get("input"), keys or {}, whole)
        for fault in error.errors(include_url=False)
    ]
    if len(lines) == 1:
        return lines[0]
    return f"{len(lines)} faults\n" + "\n".join(f"  {line}" for line in lines)


def _line(
    kind: str, loc: tuple[int | str, ...], message: str, value: object, keys: Mapping[str, Sequence[str]], whole: str
) -> str:
    path = _path(loc) if loc else whole
    if kind == "extra_forbidden":
        known = keys.get("" if len(loc) == 1 else str(loc[0]), ())
        hint = did_you_mean(str(loc[-1]), known) or (f"; the keys are {', '.join(known)}" if known else "")
        return f"there is no key {path!r}{hint}"
    if kind == "value_error":
        return f"{path}: {message.removeprefix('Value error, ')}"
    if kind == CUSTOM:
        return message
    if kind == "missing":
        return f"{path} {_WORDS[kind]}"
    words = _WORDS.get(kind, message[:1].lower() + message[1:].replace("Input should", "must"))
    return f"{path} {words.replace('input should', 'must')}, not {quoted(value)}"


def _path(loc: tuple[int | str, ...]) -> str:
    """`claim.2.metric` for the second claim; the positions in other lists are left out in a study."""
    steps = [str(step + 1) if isinstance(step, int) else step for step in loc]
    numbered = loc[0] in ("claim", "published", "epochs", "layers")
    return ".".join(steps if numbered else [step for step in loc if isinstance(step, str)])
