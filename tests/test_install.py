"""A release: its version, its files, and its wheel with the newest and the oldest dependencies."""

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src/reluctant"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
NEWEST, OLDEST = ROOT / "constraints.txt", ROOT / "constraints-oldest.txt"


def pins(path: Path) -> dict[str, str]:
    """The version of every package that a file of constraints names."""
    lines = [line.split("#")[0].strip() for line in path.read_text("utf-8").splitlines()]
    return {name.lower(): version for name, _, version in (line.partition("==") for line in lines if line)}


def lower_bounds() -> dict[str, str]:
    """The oldest version of every dependency that the package admits."""
    matches = [re.fullmatch(r"([\w-]+)>=([\d.]+)", each) for each in PROJECT["dependencies"]]
    return {match[1].lower(): match[2] for match in matches if match}


def run(*words: object, cwd: Path) -> str:
    """What a command prints; it has to succeed. Nothing of this checkout reaches it."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "RELUCTANT"))}
    done = subprocess.run([*map(str, words)], capture_output=True, text=True, check=False, cwd=cwd, env=outside)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def source_files() -> set[str]:
    """Every file of the package, as a wheel names it."""
    every = {path.relative_to(PACKAGE.parent) for path in PACKAGE.rglob("*") if path.is_file()}
    return {path.as_posix() for path in every if "__pycache__" not in path.parts}


def test_the_version_has_a_heading_in_the_changelog_and_is_the_cited_one() -> None:
    headings = re.findall(r"^## \[(.*?)\] – (\S+)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    version, date = headings[0]
    assert version == PROJECT["version"]
    cited = (ROOT / "CITATION.cff").read_text("utf-8")
    assert f"\nversion: {version}\n" in cited
    assert f"\ndate-released: {date}\n" in cited


def test_the_oldest_versions_are_those_that_the_package_admits() -> None:
    bounds, oldest = lower_bounds(), pins(OLDEST)
    assert len(bounds) == len(PROJECT["dependencies"])
    fits = {name: oldest[name].startswith(bound) for name, bound in bounds.items() if name != "torch"}
    assert fits == dict.fromkeys(fits, True)
    assert len(fits) == len(oldest)


def test_the_page_on_installing_names_every_extra() -> None:
    text = (ROOT / "docs/install.md").read_text("utf-8")
    assert [name for name in PROJECT["optional-dependencies"] if name != "dev" and f"`{name}`" not in text] == []
    assert f"reluctant-{PROJECT['version']}-py3-none-any.whl" in text


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The sdist, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    run(sys.executable, "-m", "twine", "check", "--strict", *folder.iterdir(), cwd=folder)
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return sdist, wheel


@pytest.mark.install
def test_no_file_of_the_package_is_missing(release: tuple[Path, Path]) -> None:
    sdist, wheel = release
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == source_files()
    with tarfile.open(sdist) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    assert {"LICENSE", "README.md", "CHANGELOG.md", "Makefile", "constraints.txt", "examples/study.toml"} <= packed
    assert not [name for name in packed if name.startswith(("results/", "out/", ".venv/"))]


@pytest.mark.install
@pytest.mark.timeout(2400)
@pytest.mark.parametrize("versions", [NEWEST, OLDEST], ids=["newest", "oldest"])
def test_the_wheel_works_in_an_empty_environment(versions: Path, release: tuple[Path, Path], tmp_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=True)
    programs = tmp_path / "env" / ("Scripts" if os.name == "nt" else "bin")
    # Of PyTorch the CPU build that all tests use; RELUCTANT_OLDEST_TORCH=1 takes the oldest, with gigabytes of CUDA.
    torch = lower_bounds()["torch"] if os.environ.get("RELUCTANT_OLDEST_TORCH") else ""
    exact = tmp_path / "constraints.txt"
    wanted = {**pins(versions), "torch": torch if versions == OLDEST and torch else pins(NEWEST)["torch"]}
    exact.write_text("".join(f"{name}=={version}\n" for name, version in wanted.items()), "utf-8")
    run(programs / "python", "-m", "pip", "install", "--quiet", "-c", exact, release[1], cwd=tmp_path)
    assert "No broken requirements found" in run(programs / "python", "-m", "pip", "check", cwd=tmp_path)

    printed = run(
        programs / "reluctant", "run", "quick", "--set", "epochs=1", "--set", "seed=0..1", cwd=tmp_path
    )  # fmt: skip
    assert "report: out/quick/report.html" in printed
    assert len(list((tmp_path / "out/quick/runs").glob("*.json"))) == 8
    assert (tmp_path / "out/quick/report.html").read_text("utf-8").startswith("<!doctype html>")

    code = "import pathlib, reluctant; print(pathlib.Path(reluctant.__file__).parent)"
    package = Path(run(programs / "python", "-c", code, cwd=tmp_path).strip())
    assert package.is_relative_to(tmp_path)
    installed = {path.relative_to(package.parent).as_posix() for path in package.rglob("*") if path.is_file()}
    assert source_files() <= installed
    assert len(run(programs / "reluctant", "list", "activations", cwd=tmp_path).splitlines()) > 100
