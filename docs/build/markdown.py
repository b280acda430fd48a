"""Markdown written for GitHub, as the site needs it: links out of docs/, lists, a section of the README."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOT_PAGES = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
COPIED = (
    "examples/own_activation.py",
    "examples/study.toml",
    "examples/notebook.ipynb",
    "examples/dying.ipynb",
    "LICENSE",
    "CITATION.cff",
)
_LINK = re.compile(r"(?<=\]\()([^)\s#]+)(?=[)#])")
_INCLUDED = re.compile(r"<!-- README: (.*?) -->")
_ITEM = re.compile(r"( *)([-*]|\d+\.) ")


def for_site(text: str, *, root: bool = False) -> str:
    """A page of docs/, or with `root` one beside it, with the links and the lists of the site."""
    text = _INCLUDED.sub(lambda match: readme_section(match[1]), text)
    text = _LINK.sub(lambda match: _target(match[1], root=root), text)
    return _with_lists(text)


def readme_section(title: str) -> str:
    """A section of the README with its heading, its links as seen from docs/."""
    readme = (ROOT / "README.md").read_text("utf-8")
    section = re.search(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", readme, re.MULTILINE | re.DOTALL)
    if section is None:
        raise ValueError(f"the README has no section {title!r}")
    return _LINK.sub(lambda match: _target(match[1], root=True), section[0])


def _target(path: str, *, root: bool) -> str:
    if "://" in path:
        return path
    path = path if root else path.removeprefix("../") if path.startswith("../") else f"docs/{path}"
    return ROOT_PAGES.get(path, path.removeprefix("docs/"))


def _with_lists(text: str) -> str:
    """A blank line before lists and indented blocks that follow a line of text, four spaces inside items."""
    lines: list[str] = []
    fenced = in_list = False
    for line in text.splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
        previous = lines[-1] if lines else ""
        if not fenced and previous and not previous.startswith((" ", "|")):
            starts_list = _ITEM.match(line) and not _ITEM.match(previous) and not in_list
            starts_block = line.startswith("    ") and not in_list
            starts_table = line.startswith("|")
            if starts_list or starts_block or starts_table or previous.startswith("#"):
                lines.append("")
        if not fenced:
            in_list = bool(_ITEM.match(line)) or (in_list and (not line or line.startswith(" ")))
        lines.append(line)
    return "\n".join(lines) + "\n"
