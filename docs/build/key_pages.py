"""The reference of a study: every key with its type, its default and its meaning, and every name of the catalogues."""

import re
from collections.abc import Iterable
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from docs.build.activation_pages import cell
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from reluctant import catalogue
from reluctant.catalogue.metrics import METRICS
from reluctant.cli.catalogue import KINDS
from reluctant.study import Study, bundled
from reluctant.study.growth import UntilDecided
from reluctant.study.tables import Claim, Compare, PublishedNumber

KEYS, NAMES = "reference/keys.md", "reference/names.md"
_GUIDE = Path(__file__).parents[1] / "study.md"
TABLES: tuple[tuple[str, type[BaseModel]], ...] = (
    ("[compare]", Compare), ("[[claim]]", Claim), ("[[published]]", PublishedNumber), ("[until_decided]", UntilDecided),
)  # fmt: skip
_SIGNS = {Ge: "at least", Gt: "above", Le: "at most", Lt: "below"}
_WORDS = {int: "whole number", float: "number", str: "text", bool: "true or false"}
_OF_A_CATALOGUE = {
    "activation": "activations", "dataset": "datasets", "model": "models", "init": "initialisations",
    "optimizer": "optimizers", "procedure": "procedures", "schedule": "schedules", "augment": "augmentations",
    "loss": "losses",
}  # fmt: skip
_NOT_AXES = {"claim", "published"}


def meanings() -> dict[str, str]:
    """What the guide to studies says of each key, from its table."""
    rows = re.findall(r"^\| (`.*?) \| .*? \| (.*) \|$", _GUIDE.read_text("utf-8"), re.MULTILINE)
    return {key: meaning for names, meaning in rows for key in re.findall(r"`(\w+)`", names)}


def key_page() -> str:
    """The Markdown of the reference of a study file."""
    described = meanings()
    parts = [
        "# Keys of a study file",
        "A study file is TOML. A key that may be a list is an *axis*: every combination is trained. "
        "[Writing a study](../study.md) explains them with an example; `reluctant doctor STUDY` checks a file.",
    ]
    for key, field in Study.model_fields.items():
        kind, axis = type_in_words(field.annotation)
        facts = [f"**{kind}**"]
        if axis and key not in _NOT_AXES:
            facts.append("may be a list, an axis")
        if (default := _default(field)) and not isinstance(field.default, BaseModel):
            facts.append(f"default {default}")
        if key in _OF_A_CATALOGUE:
            facts.append(f"[names](names.md#{_OF_A_CATALOGUE[key]})")
        meaning = re.sub(r"\]\((?=[\w#])(#)?", lambda m: f"](../study.md{m[1]}" if m[1] else "](../", described[key])
        parts += [f"## `{key}`", " · ".join(facts), meaning]
    for title, model in TABLES:
        parts += [f"## The table `{title}`", _text(model.__doc__ or ""), _fields(model)]
    return "\n\n".join(parts) + "\n"


def _fields(model: type[BaseModel]) -> str:
    rows = ["| key | type | default |", "| --- | --- | --- |"]
    for name, field in model.model_fields.items():
        kind, several = type_in_words(field.annotation, field.metadata)
        kind += ", or a list" if several else ""
        rows.append(f"| `{field.alias or name}` | {cell(kind)} | {_default(field) or '–'} |")
    return "\n".join(rows)


def _default(field: FieldInfo) -> str:
    value = field.default
    if value is PydanticUndefined:
        return "none: it has to stand there"
    if isinstance(value, tuple):
        value = value[0] if len(value) == 1 else list(value)
    if value in (None, "", []) or isinstance(value, BaseModel):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def type_in_words(annotation: Any, metadata: Iterable[object] = ()) -> tuple[str, bool]:
    """A type in words with its bounds, and whether a list of it is allowed."""
    bounds = _bounds(metadata)
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        kind, several = type_in_words(inner[0])
        return kind + _bounds(inner[1:]) + bounds, several
    if origin is tuple:
        if inner[-1] is Ellipsis:
            return type_in_words(inner[0])[0], True
        return f"list of {len(inner)} values", False
    if origin in (Union, UnionType):
        return type_in_words(next(each for each in inner if each is not NoneType), metadata)
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in inner), False
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "a table", False
    return _WORDS.get(annotation, "value") + bounds, False


def _bounds(metadata: Iterable[object]) -> str:
    every = [each for item in metadata for each in (item.metadata if isinstance(item, FieldInfo) else [item])]
    words = [
        f"{_SIGNS[type(each)]} {value:,}"
        for each in every
        if type(each) in _SIGNS and (value := next(iter(_number(each)))) < 2**40
    ]
    return f", {' and '.join(words)}" if words else ""


def _number(bound: Any) -> list[float]:
    """The number of a bound such as `Ge(ge=0)`."""
    return [getattr(bound, type(bound).__name__.lower())]


def _text(doc: str) -> str:
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in doc.split("\n\n"))


def name_page() -> str:
    """The Markdown of the page of all names that may stand in a study, kind by kind."""
    parts = [
        "# Names in a study",
        "What `reluctant list KIND` prints, with parameters. `reluctant show NAME` describes one. "
        "Where your own code is possible, it is written `module:name`.",
    ]
    for kind in KINDS:
        parts += [f"## {kind}", _names(kind)]
    return "\n\n".join(parts) + "\n"


def _names(kind: str) -> str:
    if kind == "activations":
        return f"All {len(catalogue.ACTIVATIONS)} are in the [catalogue](../catalogue/index.md)."
    if kind == "studies":
        studies = {name: Study.read(name) for name in bundled()}
        rows = [f"| `{name}` | {cell(study.about or '')} {study.size} runs. |" for name, study in studies.items()]
        return "\n".join(["| name | question |", "| --- | --- |", *rows])
    if kind == "metrics":
        rows = [f"| `{m.name}` | {cell(m.meaning)} | {'higher' if m.higher else 'lower'} |" for m in METRICS]
        return "\n".join(["| name | meaning | better |", "| --- | --- | --- |", *rows])
    rows = ["| name | purpose | parameters |", "| --- | --- | --- |"]
    for row in getattr(catalogue, kind.upper()):
        parameters = "<br>".join(
            cell(f"`{p.name}={p.default!r}`{f' {p.meaning}' if p.meaning else ''}") for p in row.parameters
        )
        rows.append(f"| `{row.name}` | {cell(row.purpose)} | {parameters} |")
    return "\n".join(rows)
