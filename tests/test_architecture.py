"""The package keeps its shape: docstrings, sizes, names, and a half that judges without torch."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "reluctant"
MODULES = sorted(SOURCE.rglob("*.py"))
LONGEST = 350  # lines
VAGUE = {"utils", "util", "helpers", "helper", "manager", "managers", "base", "common", "misc"}

PLACES = ("src", "tests", "benchmarks", "results", "examples", "docs")

each_module = pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SOURCE).as_posix())


def dotted(path: Path) -> str:
    """The module's name as Python imports it."""
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@each_module
def test_a_module_begins_with_a_docstring(path: Path) -> None:
    text = ast.get_docstring(ast.parse(path.read_text("utf-8")))
    assert text is not None
    assert text.strip()


@each_module
def test_a_module_is_called_by_what_it_holds(path: Path) -> None:
    assert not set(path.relative_to(SOURCE).with_suffix("").parts) & VAGUE


@each_module
def test_a_module_is_no_longer_than_one_can_read(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST


def texts() -> Iterator[tuple[Path, str]]:
    """Every text file of the project, the built and the downloaded aside."""
    inside = [
        path for place in PLACES for path in (ROOT / place).rglob("*") if "__pycache__" not in path.parts
    ]
    for path in sorted({*inside, *ROOT.glob("*.*"), ROOT / "Makefile", ROOT / ".gitignore"}):
        if path.is_file():
            try:
                yield path, path.read_text("utf-8")
            except UnicodeDecodeError:
                continue


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    place = re.compile(r"(?<![\w.])/wo" + r"rk\b")
    read = dict(texts())
    assert ROOT / "README.md" in read
    assert Path(__file__) in read
    assert [str(path.relative_to(ROOT)) for path, text in read.items() if place.search(text)] == []


def after(*statements: str) -> str:
    """What a fresh interpreter has loaded of torch after the statements; '' or 'torch'."""
    code = "\n".join(
        ["import sys", *statements, "print('torch' if 'torch' in sys.modules else '', file=sys.stderr)"]
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stderr.strip().rpartition("\n")[2]


JUDGES = ("core", "catalogue", "statistics", "study", "records", "analysis", "figures", "report")


def test_the_half_that_judges_needs_no_torch() -> None:
    """`lint-imports` holds the layers; this imports them all."""
    modules = [dotted(path) for path in MODULES if path.relative_to(SOURCE).parts[0] in JUDGES]
    assert len(modules) > 80
    assert after(*(f"import {module}" for module in modules)) == ""


@pytest.mark.parametrize("words", ["--help", "run --help", "report --help", "list activations", "show adam"])
def test_help_needs_no_torch(words: str) -> None:
    call = "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code"
    assert after("from reluctant.cli import main", f"sys.argv = {['reluctant', *words.split()]}", call) == ""


def test_torch_would_be_seen() -> None:
    assert after("import types", "sys.modules['torch'] = types.ModuleType('torch')") == "torch"
