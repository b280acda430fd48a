"""The pages in docs/: code and commands run, links lead somewhere, every picture is shown."""

import importlib.util
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reluctant.cli.main import DONE, execute
from reluctant.cli.main import reluctant as commands
from reluctant.engines import serial
from reluctant.study import Study, bundled, parse_overrides

ROOT = Path(__file__).parent.parent
GUIDES = (
    "tutorial",
    "notebook",
    "model",
    "data",
    "study",
    "report",
    "inside",
    "replication",
    "integrations",
    "judge",
    "loop",
    "transformers",
)  # they run as written
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
PAGES += [page for page in sorted((ROOT / "docs").glob("*.md")) if page.name != "log.md"]
SHORTER = {  # commands of the guides, and what the tests add to them
    "reluctant run quick": "--set epochs=1 --set seed=0 --set activation=relu,gelu --set model=mlp",
    "reluctant run quick --set seed=0..6": "--set epochs=1 --set seed=0..1 --set activation=relu,gelu --set model=mlp",
    "reluctant run first.toml": "--set seed=0..1 --set epochs=1",
    "reluctant run dying": "--set epochs=1 --set seed=0",
    "reluctant run mine.toml": "--set seed=0..1 --set epochs=2",
    "reluctant run mine.toml --set seed=0..3": "--set seed=0..2 --set epochs=2",
    "reluctant run quick --set 'loss=standard,my_training:FocalLoss(gamma=1)' --set epochs=1 --set seed=0..1 "
    "-o out/loss": "--set seed=0 --set activation=relu,gelu --set model=mlp",
    "reluctant run quick --set 'optimizer=my_training:Lion(beta=0.95)' --set lr=0.0003 --set epochs=1 --set seed=0 "
    "-o out/lion": "--set activation=relu,gelu --set model=mlp",
    "reluctant run quick --set epochs=1 --set seed=0..2 --track tensorboard=logs": "--set activation=relu,gelu "
    "--set model=mlp",
    'reluctant run gpt --set seed=0 --set steps=4 --set schedule=constant --set "activation=gelu,swiglu" --set '
    '"dataset=shakespeare(context=256)" -o out/gpt': "--set 'model=gpt(layers=1, width=16, heads=2)'",
}

all_pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def fenced_blocks(text: str) -> list[tuple[str, str]]:
    """The blocks of Python and of commands, with their language."""
    return re.findall(r"```(python|sh)\n(.*?)```", text, re.DOTALL)


def command_lines(page: Path) -> list[list[str]]:
    """Every command of a page, in a fenced or an indented block, as words without its comment."""
    text = page.read_text("utf-8").replace("\\\n", " ")
    lines = [line for language, block in fenced_blocks(text) if language == "sh" for line in block.splitlines()]
    outside = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    lines += re.findall(r"^    (\S.*)$", outside, re.MULTILINE)
    return [shlex.split(line, comments=True) for line in lines if re.match(r"(reluctant|python) ", line)]


def headings(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(
    "guide",
    [
        pytest.param(guide, marks=pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning"))
        if guide == "integrations"  # Lightning and transformers warn of themselves
        else guide
        for guide in GUIDES
    ],
)
def test_the_code_and_the_commands_of_a_guide_run(
    guide: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", list(sys.path))
    # starting processes takes longer than these trainings; the engines have tests of their own
    monkeypatch.setattr("reluctant.api.execution.local", lambda work, runs, **_: serial(work, runs))
    blocks = fenced_blocks((ROOT / "docs" / f"{guide}.md").read_text("utf-8"))
    assert blocks
    space: dict[str, object] = {}
    for language, text in blocks:
        if language == "python":
            exec(compile(text, f"{guide}.md", "exec"), space)
            continue
        for line in text.strip().splitlines():
            words = shlex.split(f"{line} {SHORTER.get(line, '')}")
            assert words[0] == "reluctant"
            assert execute(words[1:]) == DONE, (line, capsys.readouterr())
    sys.modules.pop("my_nets", None)


@all_pages
def test_every_command_is_accepted(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    for program, *words in command_lines(page):
        if program == "python":
            assert words[0] != "-m" or importlib.util.find_spec(words[1]), words
            continue
        parsed = commands.commands[words[0]].make_context(words[0], words[1:]).params
        if words[0] == "run" and parsed["study"] in bundled():
            Study.read(parsed["study"], parse_overrides(parsed["overrides"]))


def test_commands_in_all_kinds_of_blocks_are_read(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "reluctant is text\n```sh\nreluctant run a\n```\n    reluctant judge b \\\n        --at best  # c\n"
    )
    assert command_lines(page) == [["reluctant", "run", "a"], ["reluctant", "judge", "b", "--at", "best"]]


@all_pages
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        other = page.parent / path if path else page
        assert other.exists(), target
        assert not anchor or anchor in headings(other), target


@all_pages
def test_every_file_named_in_the_repository_exists(page: Path) -> None:
    named = re.findall(r"`((?:benchmarks|docs|examples|results|src|tests)/[\w./-]+)`", page.read_text("utf-8"))
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_picture_is_shown() -> None:
    text = "".join(page.read_text("utf-8") for page in PAGES)
    assert [path.name for path in (ROOT / "docs" / "img").iterdir() if f"img/{path.name})" not in text] == []


def test_the_readme_links_to_every_page() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert [page.name for page in (ROOT / "docs").glob("*.md") if f"(docs/{page.name})" not in text] == []


def test_the_guide_to_studies_names_every_key() -> None:
    text = (ROOT / "docs" / "study.md").read_text("utf-8")
    assert [key for key in Study.model_fields if f"`{key}`" not in text] == []


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (test_every_command_is_accepted, "    reluctant judge out/mine --nothing"),
        (test_every_link_leads_somewhere, "[a](#nothing)\n# Something"),
        (test_every_file_named_in_the_repository_exists, "`tests/nothing.py`"),
    ],
)
def test_a_wrong_page_fails(
    check: Callable[..., None], text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    page.write_text(text, "utf-8")
    more = {"monkeypatch": monkeypatch} if check is test_every_command_is_accepted else {}
    with pytest.raises(Exception, match="othing"):
        check(page, **more)
