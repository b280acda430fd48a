"""The pages that the site makes from data, and its sources; nothing here needs mkdocs."""

import re
from pathlib import Path

import pytest
from docs.build import activation_pages, key_pages
from docs.build.command_pages import command_page, visible_commands
from docs.build.markdown import COPIED, for_site, readme_section
from docs.build.python_pages import PACKAGES, public_names, python_pages
from docs.build.report_pages import STUDIES, final_scores
from docs.build.style import style_sheet

from reluctant import catalogue
from reluctant.cards.card import build_card
from reluctant.catalogue import ACTIVATIONS
from reluctant.cli.catalogue import KINDS
from reluctant.study import Study

ROOT = Path(__file__).parents[2]
CONFIG = (ROOT / "mkdocs.yml").read_text("utf-8")


def test_every_activation_has_a_page_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("docs.build.activation_pages.build_card", lambda name: name)
    monkeypatch.setattr(activation_pages, "activation_page", lambda card, family, others: f"{card} in {family}")
    monkeypatch.setattr(activation_pages, "tile", lambda row: f"<{row.name}>")
    pages = dict(activation_pages.activation_pages())
    index = pages.pop("catalogue/index.md")
    assert set(pages) == {f"catalogue/{row.name}.md" for row in ACTIVATIONS}
    assert len(pages) >= 137
    assert [row.name for row in ACTIVATIONS if f"<{row.name}>" not in index] == []


@pytest.mark.parametrize("name", ["gelu", "swiglu", "leaky_relu"])
def test_the_page_of_an_activation_has_its_facts(name: str) -> None:
    row = ACTIVATIONS[name]
    card = build_card(name)
    text = activation_pages.activation_page(card, row.family, [ACTIVATIONS["relu"]])
    assert text.startswith(f"# {row.title}\n\n{row.purpose}\n")
    assert text.count("<svg") == (2 if card.facts else 1)  # the formula, and a curve where there is one
    assert f"[{row.source}]({card.link})" in text or not card.link
    assert [p.name for p in row.parameters if f"`{p.name} = " not in text] == []
    assert "[ReLU](relu.md)" in text
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(block, {})


def test_every_command_stands_with_every_option() -> None:
    text = command_page()
    for name, command in visible_commands().items():
        section = text.split(f"\n## {name}\n")[1].split("\n## ")[0]
        options = [each for parameter in command.params for each in parameter.opts if each.startswith("--")]
        assert [each for each in options if each not in section] == [], name
        assert section.lstrip().startswith(f"reluctant {name}")


def test_every_key_stands_with_its_type_and_meaning() -> None:
    text = key_pages.key_page()
    for key in Study.model_fields:
        section = text.split(f"\n## `{key}`\n")[1].split("\n## ")[0].strip()
        facts, _, meaning = section.partition("\n\n")
        assert re.match(r"\*\*[a-z`].*\*\*", facts), key
        assert len(meaning) > 10, key
    assert "**whole number, at least 1 and at most 10,000,000** · may be a list, an axis · default `32`" in text
    for _, table in key_pages.TABLES:
        names = [field.alias or name for name, field in table.model_fields.items()]
        assert [name for name in names if f"| `{name}` |" not in text] == []


def test_every_name_of_a_study_stands_with_its_parameters() -> None:
    text = key_pages.name_page()
    assert [kind for kind in KINDS if f"\n## {kind}\n" not in text] == []
    rows = [row for kind in KINDS[1:10] for row in getattr(catalogue, kind.upper())]
    assert [row.name for row in rows if f"| `{row.name}` |" not in text] == []
    assert [p.name for row in rows for p in row.parameters if f"`{p.name}=" not in text] == []


def test_every_public_name_of_python_stands_on_its_page() -> None:
    pages = python_pages()
    assert len(pages) == len(PACKAGES) + 1
    for package in PACKAGES:
        text = next(text for text in pages.values() if text.startswith(f"# {package}\n"))
        assert [name for name in public_names(package) if f"\n## `{name}`\n" not in text] == []


def test_every_page_is_in_the_navigation() -> None:
    named = set(re.findall(r"([\w/]+\.md)$", CONFIG, re.MULTILINE))
    written = {path.name for path in (ROOT / "docs").glob("*.md")}
    assert written <= named
    generated = {"changelog.md", "contributing.md", "reports/index.md", "reference/commands.md",
                 key_pages.KEYS, key_pages.NAMES, *python_pages()}  # fmt: skip
    assert named - written == generated


def test_nothing_is_loaded_from_another_host() -> None:
    assert "font: false" in CONFIG
    assert "strict: true" in CONFIG
    assert not re.search(r"https?://", CONFIG)
    assert not re.search(r"url\(|@import|https?://", style_sheet())


def test_links_out_of_docs_lead_into_the_site() -> None:
    text = "[a](../README.md#x) [b](../examples/study.toml) [c](study.md#y) [d](https://e.org) [e](#f) ![g](img/h.png)"
    assert for_site(text) == (
        "[a](index.md#x) [b](examples/study.toml) [c](study.md#y) [d](https://e.org) [e](#f) ![g](img/h.png)\n"
    )
    assert for_site("[a](docs/study.md) [b](CHANGELOG.md) [c](README.md)", root=True) == (
        "[a](study.md) [b](changelog.md) [c](index.md)\n"
    )
    assert [name for name in COPIED if not (ROOT / name).is_file()] == []


def test_lists_and_blocks_after_a_line_of_text_become_what_they_are_on_github() -> None:
    assert for_site("# a\ntext:\n- one\n- two\n  more\n\nend\n    block") == (
        "# a\n\ntext:\n\n- one\n- two\n  more\n\nend\n\n    block\n"
    )
    assert for_site("```sh\n# a\n- b\n```") == "```sh\n# a\n- b\n```\n"


def test_a_section_of_the_readme_is_included() -> None:
    assert readme_section("The words of an answer").startswith("## The words of an answer\n- A **seed** ")
    assert "## The words of an answer" in for_site((ROOT / "docs/index.md").read_text("utf-8"))
    with pytest.raises(ValueError, match="no section 'Nothing'"):
        readme_section("Nothing")


def test_the_table_of_a_report_holds_one_row_per_run() -> None:
    import reluctant

    assert all((ROOT / "results" / name).is_dir() for name in STUDIES)
    table = final_scores(reluctant.judge(str(ROOT / "results/article")).frame())
    assert len(table) == len(list((ROOT / "results/article/runs").glob("*.json")))
    assert list(table) == ["activation", "seed", "f1", "accuracy", "loss"]
