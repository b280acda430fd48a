"""What `lint-imports` cannot hold: docstrings, sizes, names of files, a half that judges without torch."""

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
FOLDERS = ("src", "tests", "benchmarks", "results", "examples", "docs")
JUDGES = ("core", "catalogue", "statistics", "study", "records", "scores", "analysis", "figures", "report")


def dotted(path: Path) -> str:
    """The module's name as Python imports it."""
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_every_module_begins_with_a_docstring() -> None:
    docstrings = {path: ast.get_docstring(ast.parse(path.read_text("utf-8"))) for path in MODULES}
    assert len(docstrings) > 200
    assert [dotted(path) for path, text in docstrings.items() if not (text or "").strip()] == []


def test_no_module_has_a_vague_name() -> None:
    assert [dotted(path) for path in MODULES if set(dotted(path).split(".")) & VAGUE] == []


def test_no_module_is_too_long_to_read() -> None:
    lengths = {dotted(path): len(path.read_text("utf-8").splitlines()) for path in MODULES}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST} == {}


def test_tests_import_nothing_from_other_tests() -> None:
    pattern = re.compile(r"^\s*(?:from|import) tests\.(?:\w+\.)*test_\w+", re.MULTILINE)
    paths = sorted((ROOT / "tests").rglob("*.py"))
    assert len(paths) > 100
    importing = [path for path in paths if pattern.search(path.read_text("utf-8"))]
    assert [str(path.relative_to(ROOT)) for path in importing] == []


def texts() -> Iterator[tuple[Path, str]]:
    """Every text file of the project, without built and downloaded ones."""
    inside = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if "__pycache__" not in path.parts]
    beside = [path for path in ROOT.glob("*.*") if path.name != ".git"]  # a file in a worktree
    for path in sorted({*inside, *beside, ROOT / "Makefile", ROOT / ".gitignore"}):
        if path.is_file():
            try:
                yield path, path.read_text("utf-8")
            except UnicodeDecodeError:
                continue


def test_no_file_names_the_machine_it_was_written_on() -> None:
    folder = re.compile(r"(?<![\w.])/wo" + r"rk\b")
    read = dict(texts())
    assert ROOT / "README.md" in read
    assert Path(__file__) in read
    assert [str(path.relative_to(ROOT)) for path, text in read.items() if folder.search(text)] == []


def torch_after(*statements: str) -> str:
    """Whether a fresh interpreter has loaded torch after the statements: '' or 'torch'."""
    code = "\n".join(["import sys", *statements, "print('torch' if 'torch' in sys.modules else '', file=sys.stderr)"])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stderr.strip().rpartition("\n")[2]


def test_the_half_that_judges_needs_no_torch() -> None:
    """`lint-imports` holds the layers; this imports every module."""
    modules = [dotted(path) for path in MODULES if path.relative_to(SOURCE).parts[0] in JUDGES]
    assert {name.split(".")[1] for name in modules} == set(JUDGES)
    assert len(modules) > 80
    assert torch_after(*(f"import {module}" for module in modules)) == ""


@pytest.mark.parametrize("words", ["--help", "run --help", "report --help", "list activations", "show adam"])
def test_help_needs_no_torch(words: str) -> None:
    call = "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code"
    arguments = f"sys.argv = {['reluctant', *words.split()]}"
    assert torch_after("from reluctant.cli import main", arguments, call) == ""


def test_torch_would_be_noticed() -> None:
    assert torch_after("import types", "sys.modules['torch'] = types.ModuleType('torch')") == "torch"
