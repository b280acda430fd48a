"""The catalogue as pages: a table of pictures, and one page for each activation, all from the catalogue's data."""

from collections.abc import Iterable, Iterator
from html import escape

from reluctant.cards.card import Card, build_card
from reluctant.cards.descriptions import describe_facts, describe_parameters, describe_row
from reluctant.cards.gallery import FAMILIES, render_formula
from reluctant.cards.svg import curve_svg
from reluctant.catalogue import ACTIVATIONS, Activation

FOLDER = "catalogue"
_LEGEND = "f thick, f′ thin, f″ dashed; x from −5 to 5, y from −2 to 4"


def families() -> dict[str, list[Activation]]:
    """The rows of the catalogue by family, in the order of the gallery."""
    known = dict.fromkeys([*FAMILIES, *(row.family for row in ACTIVATIONS)])
    return {family: [row for row in ACTIVATIONS if row.family == family] for family in known}


def page_path(row: Activation) -> str:
    """The page of an activation, relative to the folder of the documentation."""
    return f"{FOLDER}/{row.name}.md"


def activation_pages() -> Iterator[tuple[str, str]]:
    """The path and the Markdown of the index and of every activation's page."""
    yield f"{FOLDER}/index.md", _index()
    for family, rows in families().items():
        for row in rows:
            yield (
                page_path(row),
                activation_page(build_card(row.name), family, [other for other in rows if other is not row]),
            )


def _index() -> str:
    parts = [
        "# Catalogue of activations",
        f"{len(ACTIVATIONS)} activations with their formulas, curves, parameters and sources. Each name can stand in a "
        'study (`activation = ["relu", "gelu"]`), in `reluctant.compare` and in `reluctant.activations.make`. '
        "`reluctant gallery` draws the same as one page, `reluctant show NAME` prints one in the terminal. "
        "[Laws](../laws.md) lists what is tested for each of them.",
        f"In the pictures: {_LEGEND}. Learned functions are drawn as they are before training.",
    ]
    for family, rows in families().items():
        parts += [f"## {_capitalised(family)}", FAMILIES.get(family, "")]
        parts.append('<div class="curves">' + "".join(tile(row) for row in rows) + "</div>")
    return _document(parts)


def tile(row: Activation) -> str:
    """The picture of an activation, as a link to its page."""
    facts = build_card(row.name).facts
    picture = curve_svg(facts) if facts else '<span class="blank">not a curve</span>'
    return f'<a href="{row.name}.html" title="{escape(row.purpose)}">{picture}<span>{escape(row.title)}</span></a>'


def activation_page(card: Card, family: str, others: list[Activation]) -> str:
    """The Markdown of the page of one activation; `others` are those of its family."""
    row = card.row
    facts = [pair for pair in describe_row(card) if pair[0] != "source"]
    if row.source and row.source != "-":
        facts.append(("source", f"[{row.source}]({card.link})" if card.link else row.source))
    parts = [f"# {row.title}", row.purpose, f'<div class="formula">{render_formula(row.formula)}</div>']
    if card.facts:
        parts.append(
            f'<figure class="curve">{curve_svg(card.facts)}<figcaption>{row.title}: {_LEGEND}.</figcaption></figure>'
        )
    parts += [
        "## In use",
        f'```toml\nactivation = ["relu", "{row.name}"]  # in a study file\n```',
        f'```python\nimport reluctant\n\nreluctant.activations.make("{row.name}")  # a torch module\n```',
    ]
    if row.parameters:
        parts += ["## Parameters", _table("parameter", "meaning", describe_parameters(card), code=True)]
    parts += ["## Facts", _table("fact", "value", [*describe_facts(card), *facts])]
    parts += [f"## Family: {family}", FAMILIES.get(family, "")]
    parts.append(" · ".join(f"[{other.title}]({other.name}.md)" for other in others))
    return _document(parts)


def _table(first: str, second: str, rows: Iterable[tuple[str, str]], *, code: bool = False) -> str:
    lines = [f"| {first} | {second} |", "| --- | --- |"]
    for label, text in rows:
        name = f"`{label}`" if code else label
        lines.append(f"| {cell(name)} | {cell(text)} |")
    return "\n".join(lines)


def cell(text: str) -> str:
    """A text that stands in a cell of a Markdown table."""
    return " ".join(text.replace("|", "\\|").split())


def _document(parts: list[str]) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
