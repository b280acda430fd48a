"""The one grammar of names: `relu`, `leaky_relu(negative_slope=0.002)`, `my.module:Thing(n=2)`.

Names are read with Python's own parser, and arguments are literals; nothing is ever evaluated.
"""

import ast
import math
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reluctant.core.display import quoted
from reluctant.core.errors import StudyError

LONGEST = 1000  # characters; people type names, and the parser is recursive
_HEAD = re.compile(r"\s*([A-Za-z_][\w.-]*(?::[A-Za-z_][\w.]*)?)\s*(\(.*\))?\s*", re.ASCII | re.DOTALL)


@dataclass(frozen=True)
class Name:
    """A parsed name: `head` is a catalogue name or `module:attribute`, `arguments` its keywords."""

    head: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_user_defined(self) -> bool:
        """Whether this names user code (`module:attribute`) and not a row of a catalogue."""
        return ":" in self.head

    def __str__(self) -> str:
        if not self.arguments:
            return self.head
        arguments = ", ".join(f"{key}={literal(self.arguments[key])}" for key in sorted(self.arguments))
        return f"{self.head}({arguments})"


def parse(text: object) -> Name:
    """Parse a name.

    Raises `StudyError`: the text is not a name, an argument has no keyword, or a value is not a literal.
    """
    if not isinstance(text, str):
        raise StudyError(f"a name is a string such as 'relu', not {quoted(text)}")
    if len(text) > LONGEST:
        raise StudyError(f"a name of {len(text)} characters is too long (at most {LONGEST})")
    match = _HEAD.fullmatch(text)
    if match is None:
        raise StudyError(f"{quoted(text)} is not a name; write 'relu', 'elu(alpha=0.5)' or 'module:name(key=value)'")
    head, call = match.groups()
    name = Name(head, _parse_arguments(call, quoted(text)) if call else {})
    if len(str(name)) > LONGEST:  # it could not be read back from a record
        raise StudyError(f"{quoted(text)} is too long once written out (at most {LONGEST} characters)")
    return name


def _parse_arguments(call: str, quoted_name: str) -> dict[str, Any]:
    """The keywords in `(alpha=0.5)`."""
    source = "_" + call
    unreadable = f"{quoted_name} cannot be read; write for example 'elu(alpha=0.5)'"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what Python only warns about ('\d', 1or 2) it may refuse later
            expression = ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise StudyError(unreadable) from None
    if not isinstance(expression, ast.Call) or not isinstance(expression.func, ast.Name):
        raise StudyError(unreadable)
    arguments: dict[str, Any] = {}
    for keyword in expression.keywords:
        if keyword.arg in arguments:
            raise StudyError(f"{quoted_name}: {keyword.arg} is given twice")
        if keyword.arg is not None:
            arguments[keyword.arg] = _parse_literal(source, keyword.value, quoted_name)
    if expression.args or len(arguments) < len(expression.keywords):
        raise StudyError(f"{quoted_name}: give every argument its name, as in 'elu(alpha=0.5)'")
    return arguments


class _LowerCaseBooleans(ast.NodeTransformer):
    """Accepts `true` and `false`, as a study file writes them, in addition to Python's spelling."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Constant(node.id == "true") if node.id in ("true", "false") else node


def _parse_literal(source: str, node: ast.expr, quoted_name: str) -> Any:
    try:
        value = ast.literal_eval(_LowerCaseBooleans().visit(node))
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        raise StudyError(
            f"{quoted_name}: {ast.get_source_segment(source, node)} is neither a number, a quoted string, true/false "
            f"nor a list of these"
        ) from None
    try:
        return canonical_value(value)
    except StudyError as error:
        raise StudyError(f"{quoted_name}: {error}") from None


def canonical_value(value: Any) -> Any:
    """Return the one form of a value: 1.0 becomes 1 (booleans stay booleans), tuples become lists.

    Raises `StudyError`: the value is not a finite number, a text, a boolean, None, nor a list or table of these.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _check_text(value)
    if isinstance(value, int):
        if abs(value) >= 2**63:  # seeds may be up to this; JSON keeps the digits
            raise StudyError(f"{quoted(value, 20)} is too large a number")
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise StudyError(f"{value} is not a finite number")
        return int(value) if value.is_integer() and abs(value) < 2**63 else value
    if isinstance(value, list | tuple):
        return [canonical_value(item) for item in value]
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {_check_text(key): canonical_value(item) for key, item in value.items()}
    raise StudyError(f"{quoted(value)} is neither a number, a string, true/false nor a list of these")


def _check_text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise StudyError(f"{quoted(value)} contains half a character, which no file can store") from None
    return value


def literal(value: Any) -> str:
    """Return a value as it is written inside a name: the text that `parse` reads back."""
    return "[" + ", ".join(map(literal, value)) + "]" if isinstance(value, list) else repr(value)
