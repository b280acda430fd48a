"""The one grammar that names everything: `relu`, `leaky_relu(negative_slope=0.002)`, `my.module:Thing(n=2)`.

Names are read with Python's own parser and literals only; nothing is ever evaluated.
"""

import ast
import math
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reluctant.core.display import quoted
from reluctant.core.errors import ReluctantError, StudyError

LONGEST = 1000  # characters; a name is typed by a person, and the parser recurses
_HEAD = re.compile(r"\s*([A-Za-z_][\w.-]*(?::[A-Za-z_][\w.]*)?)\s*(\(.*\))?\s*", re.ASCII | re.DOTALL)


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
        raise StudyError(f"a name is a text such as 'relu', not {quoted(text)}")
    if len(text) > LONGEST:
        raise StudyError(f"a name of {len(text)} characters is too long (at most {LONGEST})")
    match = _HEAD.fullmatch(text)
    if match is None:
        raise StudyError(
            f"{quoted(text)} is not a name; write 'relu', 'elu(alpha=0.5)' or 'module:name(key=value)'"
        )
    head, arguments = match.groups()
    try:
        name = Name(head, _arguments(arguments) if arguments else {})
    except ReluctantError as fault:
        raise StudyError(f"{quoted(text)}{fault}") from None
    if len(str(name)) > LONGEST:  # it would not be read back from a record
        raise StudyError(f"{quoted(text)} is too long once written out (at most {LONGEST} characters)")
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
    except ReluctantError as fault:
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
    raise StudyError(f"{quoted(value)} is neither a number, a text, true/false nor a list of these")


def _whole(value: int) -> int:
    if abs(value) < 2**63:  # seeds may be this large; JSON keeps the digits
        return value
    raise StudyError(f"{quoted(value, 20)} is too large a number")


def _text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise StudyError(f"{quoted(value)} holds half a character, which no file can keep") from None
    return value


def literal(value: Any) -> str:
    """How a value is written inside a name: the text that `parse` reads back."""
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    return repr(value)
