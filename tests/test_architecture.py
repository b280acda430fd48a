"""The house keeps its shape: layers, docstrings, sizes, names, and a reading half without torch."""

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

# DESIGN.md's table. A room imports from rooms of a lower height only: (layer, step within the layer).
HEIGHTS: dict[str, tuple[int, int]] = {
    "names": (0, 0),
    "randomness": (0, 1),
    "codesum": (0, 0),
    "objects": (0, 1),
    "metrics": (0, 2),
    "confidence": (0, 2),
    "looks": (0, 2),
    "laws": (2, 0),
    "statistics": (0, 2),
    "disk": (0, 1),
    "lock": (0, 2),
    "store": (0, 2),
    "catalogue": (0, 3),
    "environment": (0, 4),
    "engines": (0, 5),
    **dict.fromkeys(("study", "activations", "optimizers", "data", "kernels"), (1, 0)),
    **dict.fromkeys(("models", "result", "folder", "tasks"), (2, 0)),
    **dict.fromkeys(
        ("training", "comparison", "claims", "summary", "inside", "spread", "replication"), (3, 0)
    ),
    "results": (2, 1),
    "cost": (3, 0),
    "published": (3, 0),
    "replica": (3, 1),
    "figures": (3, 1),
    "worker": (3, 1),
    **dict.fromkeys(("report", "export", "progress", "cards", "inspection"), (4, 0)),
    "verification": (4, 1),
    "answer": (4, 1),
    "experiment": (4, 2),
    "question": (4, 3),
    "__init__": (5, 0),
    "cli": (5, 1),
    "__main__": (5, 2),
}
NOWHERE = (9, 0)  # above everything: a room without a place may not be used
READING = (  # the half that reads: no torch
    "names", "randomness", "metrics", "confidence", "looks", "statistics", "disk", "lock", "store",
    "catalogue", "environment", "engines", "study", "result", "results", "folder", "comparison", "inside",
    "figures",
    "claims", "published", "summary", "spread", "replication", "report", "export", "progress",
    "worker", "verification", "answer", "objects", "codesum", "__init__", "cli",
)  # fmt: skip
PLACES = ("src", "tests", "benchmarks", "results", "examples", "docs")

each_module = pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SOURCE).as_posix())


def dotted(path: Path) -> str:
    """The module's name as Python imports it."""
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room(path: Path) -> str:
    """The room a file of the package lies in."""
    return path.relative_to(SOURCE).with_suffix("").parts[0]


ROOMS = sorted({room(path) for path in MODULES})


def rooms_imported(tree: ast.AST, package: str) -> Iterator[str]:
    """The rooms that a module of `package` imports from, wherever in the module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _rooms(alias.name)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            origin = ".".join([*above, *filter(None, [node.module])])
            for alias in node.names:
                yield from _rooms(origin if origin != "reluctant" else f"reluctant.{alias.name}")


def _rooms(module: str) -> Iterator[str]:
    first, *rest = module.split(".")
    if first == "reluctant":
        yield rest[0] if rest and rest[0] in {*HEIGHTS, *ROOMS} else "__init__"


def upward(here: str, tree: ast.AST, package: str) -> list[str]:
    """The rooms that a module of room `here` imports although they are not below it."""
    found = {there for there in rooms_imported(tree, package) if there != here}
    return sorted(there for there in found if HEIGHTS.get(there, NOWHERE) >= HEIGHTS.get(here, NOWHERE))


def test_every_room_has_its_place() -> None:
    assert [name for name in ROOMS if name not in HEIGHTS] == []


@each_module
def test_a_module_imports_from_below(path: Path) -> None:
    package = dotted(path) if path.name == "__init__.py" else dotted(path).rpartition(".")[0]
    assert upward(room(path), ast.parse(path.read_text("utf-8")), package) == []


@pytest.mark.parametrize(
    ("here", "source", "found"),
    [
        ("names", "import reluctant.store", ["store"]),
        ("names", "from reluctant import store, study", ["store", "study"]),
        ("names", "def f():\n    from reluctant.study import Run", ["study"]),
        ("names", "if TYPE_CHECKING:\n    from reluctant.cli.run import x", ["cli"]),
        ("study", "from reluctant.data.idx import load", ["data"]),
        ("study", "from reluctant.study.run import Run\nfrom reluctant.catalogue import MODELS", []),
        ("study", "from ..data import x\nfrom .run import y\nfrom .. import training", ["data", "training"]),
        ("models", "from reluctant.activations import make", []),
        ("metrics", "from reluctant.store import dumps", ["store"]),
        ("report", "from reluctant.figures import draw\nfrom reluctant.export import table", ["export"]),
        ("results", "from reluctant import Study", ["__init__"]),
        ("cli", "import reluctant, torch\nfrom reluctant import Study", []),
        ("__init__", "from reluctant.cli import main", ["cli"]),
        ("study", "import reluctantly", []),
    ],
)
def test_an_import_from_above_is_seen(here: str, source: str, found: list[str]) -> None:
    package = "reluctant" if here in ("names", "metrics") else f"reluctant.{here}"
    assert upward(here, ast.parse(source), package) == found


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


@pytest.mark.parametrize("name", [name for name in READING if name in ROOMS])
def test_the_reading_half_needs_no_torch(name: str) -> None:
    modules = [dotted(path) for path in MODULES if room(path) == name]
    assert after(*(f"import {module}" for module in modules)) == ""


@pytest.mark.parametrize("words", ["--help", "run --help", "report --help", "list activations", "show adam"])
def test_help_needs_no_torch(words: str) -> None:
    call = "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code"
    assert after("from reluctant.cli import main", f"sys.argv = {['reluctant', *words.split()]}", call) == ""


def test_torch_would_be_seen() -> None:
    assert after("import types", "sys.modules['torch'] = types.ModuleType('torch')") == "torch"
