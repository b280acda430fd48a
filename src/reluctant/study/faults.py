"""Every fault of a study in one message, each with the path of its key."""

from collections.abc import Mapping, Sequence

from pydantic import ValidationError

from reluctant.core.display import quoted
from reluctant.core.suggestions import did_you_mean

_WORDS = {
    "string_type": "a text is wanted",
    "int_type": "a whole number is wanted",
    "float_type": "a number is wanted",
    "bool_type": "true or false is wanted",
    "finite_number": "a finite number is wanted",
    "model_type": "a table of keys is wanted",
    "dict_type": "a table of keys is wanted",
    "tuple_type": "a list of tables is wanted, each written [[…]] in the file",
    "missing": "this key is missing",
}


def report(fault: ValidationError, keys: Mapping[str, Sequence[str]]) -> str:
    """One line a fault: `lr: a number is wanted, not 'fast'`. `keys`: of the study ('') and its tables."""
    lines = [_line(error["type"], error["loc"], error["msg"], error.get("input"), keys)
             for error in fault.errors(include_url=False)]  # fmt: skip
    if len(lines) == 1:
        return lines[0]
    return f"{len(lines)} faults\n" + "\n".join(f"  {line}" for line in lines)


def _line(
    kind: str, loc: tuple[int | str, ...], message: str, given: object, keys: Mapping[str, Sequence[str]]
) -> str:
    path = _path(loc) if loc else "the study"
    if kind == "extra_forbidden":
        key = str(loc[-1])
        known = keys["" if len(loc) == 1 else str(loc[0])]
        hint = did_you_mean(key, known) or f"; the keys are {', '.join(known)}"
        return f"no key is called {path!r}{hint}"
    if kind == "missing":
        return f"{path}: {_WORDS[kind]}"
    if kind == "value_error":
        return f"{path}: {message.removeprefix('Value error, ')}"
    if kind == "astray":
        return message
    words = _WORDS.get(kind, message[:1].lower() + message[1:].replace("Input should", "should"))
    return f"{path}: {words.replace('input should', 'should')}, not {quoted(given)}"


def _path(loc: tuple[int | str, ...]) -> str:
    """`claim.2.metric` for the second claim; of other lists the places are left out."""
    steps = [str(step + 1) if isinstance(step, int) else step for step in loc]
    return ".".join(steps if loc[0] in ("claim", "published") else [s for s in loc if isinstance(s, str)])
