"""The one grammar that names everything: `relu`, `leaky_relu(negative_slope=0.002)`, `my.module:Thing(n=2)`.

Names are read with Python's own parser and literals only; nothing is ever evaluated.
"""

import ast
import difflib
import importlib
import math
import re
import sys
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LONGEST = 1000  # characters; a name is typed by a person, and the parser recurses
_HEAD = re.compile(r"\s*([A-Za-z_][\w.-]*(?::[A-Za-z_][\w.]*)?)\s*(\(.*\))?\s*", re.ASCII | re.DOTALL)


class StudyError(Exception):
    """A fault that the user can mend; its message names the fault and says what to write instead."""


@dataclass(frozen=True)
class Name:
    """A parsed name: `head` is a catalogue name or `module:attribute`, `arguments` its keywords."""

    head: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_own(self) -> bool:
        """Whether this names the user's own code (`module:attribute`) and no row of a catalogue."""
        return ":" in self.head

    def __str__(self) -> str:
        if not self.arguments:
            return self.head
        inside = ", ".join(f"{key}={literal(self.arguments[key])}" for key in sorted(self.arguments))
        return f"{self.head}({inside})"


def parse(text: object) -> Name:
    """Read a name.

    Raises `StudyError` where the text is no name, an argument has no keyword, or a value is not a literal.
    """
    if not isinstance(text, str):
        raise StudyError(f"a name is a text such as 'relu', not {shown(text)}")
    if len(text) > LONGEST:
        raise StudyError(f"a name of {len(text)} characters is too long (at most {LONGEST})")
    match = _HEAD.fullmatch(text)
    if match is None:
        raise StudyError(
            f"{shown(text)} is not a name; write 'relu', 'elu(alpha=0.5)' or 'module:name(key=value)'"
        )
    head, arguments = match.groups()
    try:
        name = Name(head, _arguments(arguments) if arguments else {})
    except StudyError as fault:
        raise StudyError(f"{shown(text)}{fault}") from None
    if len(str(name)) > LONGEST:  # it would not be read back from a record
        raise StudyError(f"{shown(text)} is too long once written out (at most {LONGEST} characters)")
    return name


def _arguments(inside: str) -> dict[str, Any]:
    source = "_" + inside
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # where Python only warns ('\d', 1or 2) it may refuse later
            call = ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise StudyError(" cannot be read; write for example 'elu(alpha=0.5)'") from None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise StudyError(" cannot be read; write for example 'elu(alpha=0.5)'")
    given: dict[str, Any] = {}
    for keyword in call.keywords:
        if keyword.arg in given:
            raise StudyError(f": {keyword.arg} is given twice")
        if keyword.arg is not None:
            given[keyword.arg] = _literal(source, keyword.value)
    if call.args or len(given) < len(call.keywords):
        raise StudyError(": give every argument its name, as in 'elu(alpha=0.5)'")
    return given


class _TrueFalse(ast.NodeTransformer):
    """`true` and `false`, as a study file writes them, beside Python's own spelling."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Constant(node.id == "true") if node.id in ("true", "false") else node


def _literal(source: str, node: ast.expr) -> Any:
    try:
        value = ast.literal_eval(_TrueFalse().visit(node))
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        raise StudyError(
            f": {ast.get_source_segment(source, node)} is not a literal; "
            f"only numbers, texts, true/false and lists can stand here"
        ) from None
    try:
        return plain(value)
    except StudyError as fault:
        raise StudyError(f": {fault}") from None


def plain(value: Any) -> Any:
    """The value with numbers by value (1.0 becomes 1; booleans stay apart) and tuples as lists."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        return _whole(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise StudyError(f"{value} is not a finite number")
        return int(value) if value.is_integer() and abs(value) < 2**63 else value
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {_text(key): plain(item) for key, item in value.items()}
    raise StudyError(f"{shown(value)} is neither a number, a text, true/false nor a list of these")


def _whole(value: int) -> int:
    if abs(value) < 2**63:  # seeds may be this large; JSON keeps the digits
        return value
    raise StudyError(f"{shown(value, 20)} is too large a number")


def _text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise StudyError(f"{shown(value)} holds half a character, which no file can keep") from None
    return value


def shown(value: object, longest: int = 100) -> str:
    """How a message quotes what was given: its `repr`, cut short."""
    try:
        text = repr(value)
    except ValueError:  # Python writes no integer of more than 4300 digits
        return "a number of thousands of digits"
    return text if len(text) <= longest else text[: longest - 1] + "…"


# What acts on a terminal, turns the direction of reading, or may not stand in XML; lines and tabs may stay.
_ACTING = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff"
    r"\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    """The text for a reader's eyes: a sign that would act unseen (ESC, U+202E) stands as its escape."""
    return _ACTING.sub(lambda sign: ascii(sign.group())[1:-1], text)


def literal(value: Any) -> str:
    """How a value is written inside a name: the text that `parse` reads back."""
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    return repr(value)


def normal(text: str) -> str:
    """What look-up compares: lower case, without `-` and `_`."""
    return text.lower().replace("-", "").replace("_", "")


def nearest(text: str, known: Iterable[str], most: int = 3) -> list[str]:
    """The known names closest to a mistyped one, best first; may be empty."""
    by_normal: dict[str, str] = {}
    for name in known:
        by_normal.setdefault(normal(name), name)
    close = difflib.get_close_matches(normal(text), by_normal, n=most, cutoff=0.6)
    return [by_normal[match] for match in close]


def did_you_mean(text: str, known: Iterable[str]) -> str:
    """`; did you mean 'relu'?`, or nothing where no known name is near."""
    close = nearest(text, known)
    return f"; did you mean {' or '.join(map(repr, close))}?" if close else ""


HERE = "here"  # stands for the module of what was handed over as an object
SESSION: dict[str, Any] = {}  # these objects, see `reluctant.objects`


def load_own(head: str, kind: str) -> Any:
    """Import what `module:attribute` names, from the installed packages or the current folder.

    `here:word` is an object of this Python session (`reluctant.objects`).
    Raises `StudyError` when the module or the attribute is missing, or the module fails while importing.
    """
    module_name, _, path = head.partition(":")
    if module_name == HERE:
        return _of_session(path)
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)  # last, so that a file here does not take the place of a library
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as fault:
        raise StudyError(
            f"{kind} {head!r}: there is no module {fault.name or module_name!r} here or among the "
            f"installed packages; start in the folder that holds it"
        ) from None
    except (Exception, SystemExit) as fault:  # a script may well call sys.exit when imported
        raise StudyError(
            f"{kind} {head!r}: importing {module_name!r} failed: {type(fault).__name__}: {fault}"
        ) from fault
    for part in path.split("."):
        if not hasattr(found, part):
            hint = did_you_mean(part, [name for name in dir(found) if not name.startswith("_")])
            raise StudyError(f"{kind} {head!r}: {module_name!r} has no {part!r}{hint}")
        found = getattr(found, part)
    return found


def _of_session(word: str) -> Any:
    if word not in SESSION:
        raise StudyError(
            f"{HERE}:{word} was an object of the Python session that compared it, and this one does not know "
            f"it; call reluctant.compare there again, or put it into a module and write module:{word}"
        )
    return SESSION[word]
