"""The rows of a catalogue and their parameters, and how a name is looked up."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, TypeVar

from reluctant.core.display import did_you_mean, normalised
from reluctant.core.errors import StudyError
from reluctant.core.names import Name, canonical_value, parse


@dataclass(frozen=True)
class Parameter:
    """One parameter of a row; its type is the type of its default.

    `low` and `high` are inclusive bounds, `above` is an exclusive lower and `below` an exclusive upper bound.
    """

    name: str
    default: Any
    meaning: str = ""
    low: float | None = None
    high: float | None = None
    above: float | None = None
    below: float | None = None
    choices: tuple[str, ...] = ()
    learned: bool = False  # the value is then the initial one

    def check(self, value: Any) -> Any:
        """The value, converted to this parameter's type; `StudyError` if it does not fit."""
        kind = type(self.default)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        fits = isinstance(value, kind) if kind in (bool, str) else number
        if kind is int and number:
            fits = float(value).is_integer()
        if kind in (int, float) and number and not self.is_in_range(value):
            raise StudyError(f"{self.name} must be {self.range()}, not {value}")
        if not fits:
            example = f" such as {self.default!r}" if kind is str and self.default else ""
            raise StudyError(f"{self.name} must be {_TYPE_NAMES[kind]}{example}, not {value!r}")
        if self.choices and value not in self.choices:
            raise StudyError(f"{self.name} must be one of {', '.join(self.choices)}, not {value!r}")
        return canonical_value(kind(value))

    def is_in_range(self, value: float) -> bool:
        """Whether a number is within all bounds."""
        return (
            (self.low is None or value >= self.low)
            and (self.high is None or value <= self.high)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )

    def range(self) -> str:
        """The allowed values in words; empty if any number is allowed."""
        bounds = [(self.low, "at least"), (self.above, "above"), (self.high, "at most"), (self.below, "below")]
        return " and ".join(f"{word} {canonical_value(bound)}" for bound, word in bounds if bound is not None)


_TYPE_NAMES: dict[type, str] = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}


@dataclass(frozen=True)
class Entry:
    """One row: a name, its purpose, its parameters, its source, and the address of its code."""

    name: str
    title: str
    purpose: str
    code: str = ""  # "module:attribute", imported when it is used
    aliases: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    source: str = ""
    fault: Callable[[Mapping[str, Any]], str] | None = None  # of a combination of parameter values

    def defaults(self) -> dict[str, Any]:
        """The default of every parameter."""
        return {parameter.name: parameter.default for parameter in self.parameters}


RowType = TypeVar("RowType", bound=Entry)


@dataclass(frozen=True)
class Catalogue(Generic[RowType]):
    """A table of rows, found by name or alias; `kind` is the word for a row in messages.

    `refused` has names that a user may try but that are not possible, each with the reason.
    """

    kind: str
    rows: tuple[RowType, ...]
    refused: Mapping[str, str] = field(default_factory=dict)
    own: bool = True  # whether user-defined code, `module:name`, is possible

    def __iter__(self) -> Iterator[RowType]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def _by_name(self) -> dict[str, RowType]:
        return {normalised(name): row for row in self.rows for name in (row.name, *row.aliases)}

    def __contains__(self, head: str) -> bool:
        return normalised(head) in self._by_name

    def reason_to_refuse(self, head: str) -> str:
        """Why a name that a user may try is not possible; empty for any other name."""
        return {normalised(name): reason for name, reason in self.refused.items()}.get(normalised(head), "")

    def __getitem__(self, head: str) -> RowType:
        """The row with this name or alias; `StudyError` with the nearest names if there is none."""
        row = self._by_name.get(normalised(head))
        if row is not None:
            return row
        if reason := self.reason_to_refuse(head):
            article = "an" if self.kind[0] in "aeiou" else "a"
            raise StudyError(f"{head!r} is not {article} {self.kind} for a study: {reason}")
        known = [name for row in self.rows for name in (row.name, *row.aliases)]
        more = " Your own is written 'module:name'." if self.own else ""
        hint = did_you_mean(head, known) or f"; known: {', '.join(row.name for row in self.rows)}."
        raise StudyError(f"no {self.kind} is called {head!r}{hint}{more}")

    def canonical(self, text: object) -> Name:
        """The canonical form of a name: alias resolved, values checked, defaults left out, sorted.

        Raises:
            StudyError: The name or a parameter is unknown, or a value is out of its range.
        """
        name = parse(text)
        if name.is_user_defined:
            if not self.own:
                raise StudyError(f"a user-defined {self.kind} is not possible, so not {name.head!r}")
            return Name(name.head, dict(sorted(name.arguments.items())))
        row = self[name.head]
        known = {parameter.name: parameter for parameter in row.parameters}
        checked: dict[str, Any] = {}
        for key in sorted(name.arguments):
            if key not in known:
                hint = did_you_mean(key, known) or f"; it has {', '.join(known)}"
                fault = f"has no parameter {key!r}{hint}" if known else f"takes no parameters, so not {key!r}"
                raise StudyError(f"{row.name} {fault}")
            try:
                value = known[key].check(name.arguments[key])
            except StudyError as fault:
                raise StudyError(f"{row.name}: {fault}") from None
            if value != canonical_value(known[key].default):
                checked[key] = value
        wrong = row.fault({**row.defaults(), **checked}) if row.fault else ""
        if wrong:
            raise StudyError(f"{row.name}: {wrong}")
        return Name(row.name, checked)

    def arguments(self, name: Name) -> dict[str, Any]:
        """All parameters of a canonical name, with defaults and with their declared types."""
        if name.is_user_defined:
            return dict(name.arguments)
        types = {p.name: type(p.default) for p in self[name.head].parameters}
        values = {**self[name.head].defaults(), **name.arguments}
        return {key: types[key](value) for key, value in values.items()}
