"""The guides: every block of Python and every command on a page runs, in order, in an empty folder."""

import re
import shlex
import sys
from pathlib import Path

import pytest

from reluctant.cli.main import DONE, execute

DOCS = Path(__file__).parent.parent / "docs"
GUIDES = ("notebook", "model", "data", "study", "report")


@pytest.mark.parametrize("guide", GUIDES)
def test_a_page_runs_as_written(
    guide: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", list(sys.path))
    blocks = re.findall(r"```(python|sh)\n(.*?)```", (DOCS / f"{guide}.md").read_text("utf-8"), re.DOTALL)
    assert blocks
    space: dict[str, object] = {}
    for language, text in blocks:
        if language == "python":
            exec(compile(text, f"{guide}.md", "exec"), space)
            continue
        for line in text.strip().splitlines():
            words = shlex.split(line)
            assert words[0] == "reluctant"
            assert execute(words[1:]) == DONE, (line, capsys.readouterr())
    sys.modules.pop("my_nets", None)


def test_the_readme_leads_to_every_guide() -> None:
    text = (DOCS.parent / "README.md").read_text("utf-8")
    assert [guide for guide in GUIDES if f"docs/{guide}.md" not in text] == []


@pytest.mark.parametrize("guide", GUIDES)
def test_every_link_is_there(guide: str) -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", (DOCS / f"{guide}.md").read_text("utf-8"))
    assert [target for target in targets if not (DOCS / target).exists()] == []
