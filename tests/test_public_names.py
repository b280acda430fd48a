"""Names: the public ones exist and are documented, each means one thing, and none is a filler word."""

import ast
import importlib
import inspect
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

import reluctant
from reluctant.core.user_objects import load_user_object

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "reluctant"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

# Words that do not name what a thing is: no identifier may be one of them.
FILLER = re.compile(
    "told|tell|said|says?|kept|keep|held|hold|made|found|given|look(s|ed)?|places?|seen|shown|asked|wanted|met|those|"
    "drawn|beside|mind|put|tend|agree|carry|hear|heard|hire|crew|sight"
)
FILLERS_ALLOWED = {
    "says": "a key of claims in study files",
    "looked": "a key of history.jsonl",
    "looks": "a key of study files, and the statistical term for analyses of growing data",
}
SAME_NAME_ALLOWED = {
    "run": "in Python and on the command line the same action",
    "judge": "in Python and on the command line the same action",
    "fetch": "in Python and on the command line the same action",
    "Report": "the callback of each framework's Trainer",
    "compare": "in Python; on the command line the hidden old name of judge",
}


def trees() -> Iterator[tuple[str, ast.Module]]:
    """The parsed modules of the package, by path."""
    for path in sorted(SOURCE.rglob("*.py")):
        yield path.relative_to(SOURCE).as_posix(), ast.parse(path.read_text("utf-8"))


def test_every_public_name_exists_and_has_a_docstring() -> None:
    assert sorted(reluctant.__all__) == list(reluctant.__all__)
    assert dir(reluctant) == list(reluctant.__all__)
    for name in reluctant.__all__:
        value = getattr(reluctant, name)
        if name == "__version__":
            assert re.fullmatch(r"\d+\.\d+.*", value)
        else:
            assert (inspect.getdoc(value) or "").strip(), name


def mentioned(page: Path) -> set[str]:
    """The dotted names of the package in the code spans and code blocks of a page."""
    text = page.read_text("utf-8")
    blocks = re.findall(r"^(?:```|~~~).*?^(?:```|~~~)", text, re.DOTALL | re.MULTILINE)
    blocks += re.findall(r"^(?: {4}|\t).*", text, re.MULTILINE)
    spans = re.findall(r"`[^`\n]+`", text)
    pattern = r"(?<![\w./-])reluctant(?:\.[A-Za-z_]\w*)+(?::[A-Za-z_]\w*)?"
    return {name for part in (*blocks, *spans) for name in re.findall(pattern, part)}


def resolve(name: str) -> object:
    """The module or the attribute that a dotted name stands for; `module:attribute` as study files read it."""
    if ":" in name:
        return load_user_object(name, "object")
    parts = name.split(".")
    value: object = reluctant
    for end, part in enumerate(parts[1:], 2):
        module = ".".join(parts[:end])
        value = getattr(value, part) if hasattr(value, part) else importlib.import_module(module)
    return value


def test_every_name_that_the_pages_mention_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.path", list(sys.path))
    names = {name: page.name for page in PAGES for name in mentioned(page)}
    assert {"reluctant.compare", "reluctant.judge", "reluctant.Study"} <= set(names)
    missing = {}
    for name, page in names.items():
        try:
            resolve(name)
        except (AttributeError, ImportError, reluctant.StudyError) as error:
            missing[f"{page}: {name}"] = str(error)
    assert missing == {}


def test_a_public_name_exists_once_in_the_package() -> None:
    homes: dict[str, list[str]] = defaultdict(list)
    for path, tree in trees():
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name[0] != "_":
                homes[node.name].append(path)
    repeated = {name: paths for name, paths in homes.items() if len(paths) > 1}
    assert {name: paths for name, paths in repeated.items() if name not in SAME_NAME_ALLOWED} == {}
    assert set(SAME_NAME_ALLOWED) <= set(repeated), "an exception that is no longer needed"


def identifiers(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every name that a module gives: parameters, variables, attributes, functions, classes, imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.id if isinstance(node, ast.Name) else node.attr, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.alias) and node.asname:
            yield node.asname, node.lineno
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            yield node.name, node.lineno


def test_no_name_is_a_filler_word() -> None:
    found = [
        f"{path}:{line}: {name}"
        for path, tree in trees()
        for name, line in identifiers(tree)
        if FILLER.fullmatch(name.strip("_").lower()) and name not in FILLERS_ALLOWED
    ]
    assert found == []


def test_filler_words_are_noticed_wherever_a_name_is_given() -> None:
    code = """
import numpy as made
from a import b as held
class Kept:
    look: int
def _said(told, *seen, shown=1, **given): ...
async def tell(): ...
for place in []: ...
with open("") as hold: ...
try: ...
except OSError as put: ...
match x:
    case [met, *those]: ...
x.found = (asked := 1)
[mind for mind in []]
"""
    names = {name.strip("_").lower() for name, _ in identifiers(ast.parse(code))}
    expected = {"made", "held", "kept", "look", "said", "told", "seen", "shown", "given", "tell", "place", "hold",
                "put", "met", "those", "found", "asked", "mind"}  # fmt: skip
    assert {name for name in names if FILLER.fullmatch(name)} == expected
