"""The gallery: every activation on one self-contained HTML page, to be searched and shown in class."""

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markupsafe import Markup

from reluctant.cards import words
from reluctant.cards.card import Card, card
from reluctant.cards.drawing import panel
from reluctant.cards.formula import plain
from reluctant.catalogue import ACTIVATIONS

_HERE = Path(__file__).parent
_FAMILIES = {  # in the order of the page
    "classical": "From statistics and signal processing, most of them older than deep learning.",
    "rectifier": "Off, or nearly, below zero; a line above: ReLU and what grew from it.",
    "exponential": "A line above zero; below, an exponential that levels off: outputs average nearer zero.",
    "self-gated": "The input times a gate it opens itself, x·g(x). Most dip below zero before they rise.",
    "bounded": "Squashed between two limits. At both ends the slope fades, and with it the learning.",
    "periodic": "Waves, for signals that repeat. They go on for ever beyond the panel.",
    "learned shape": "The curve itself is learned. It is drawn as it starts.",
    "block": "No curves: they look at a whole layer, and most bring weights of their own.",
}


@dataclass(frozen=True)
class Piece:
    """One card of the page."""

    anchor: str
    card: Card
    picture: Markup
    formula: Markup
    parameters: tuple[tuple[str, str], ...]
    facts: tuple[tuple[str, str], ...]
    about: tuple[tuple[str, str], ...]
    searched: str  # what the search looks in, in lower case


@dataclass(frozen=True)
class Group:
    """A family and its cards."""

    family: str
    about: str
    anchor: str
    pieces: tuple[Piece, ...]


def gallery(names: Iterable[str] | None = None) -> str:
    """The page as HTML, of all rows or of these; the same bytes every time."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from reluctant.figures.inline import variables

    chosen = [row.name for row in ACTIVATIONS] if names is None else list(names)
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    style = (_HERE / "gallery.css").read_text("utf-8")
    style = style.replace("/* light */", variables()).replace("/* dark */", variables(dark=True))
    script = (_HERE / "gallery.js").read_text("utf-8")
    return environment.get_template("gallery.html.j2").render(
        groups=_groups([card(name) for name in chosen]),
        total=len(chosen),
        style=Markup(style),
        script=Markup(script),
        allowed=_fingerprint(script),
        example=Markup(_example()),
    )


def _fingerprint(script: str) -> str:
    """The only script that the page's own policy lets run."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _groups(cards: list[Card]) -> tuple[Group, ...]:
    families = [*_FAMILIES, *(c.row.family for c in cards if c.row.family not in _FAMILIES)]
    found = {family: [c for c in cards if c.row.family == family] for family in families}
    return tuple(
        Group(family, _FAMILIES.get(family, ""), "family-" + _slug(family), tuple(map(_piece, members)))
        for family, members in found.items()
        if members
    )


def _slug(text: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in text.lower())


def _piece(each: Card) -> Piece:
    row = each.row
    text = [
        row.name,
        row.title,
        *row.aliases,
        row.source,
        row.family,
        row.purpose,
        *sorted(row.traits),
        str(row.year),
    ]
    return Piece(
        anchor=_slug(each.name),
        card=each,
        picture=Markup(panel(each.facts)) if each.facts else Markup(""),
        formula=_formula(row.formula),
        parameters=tuple(words.parameters(each)),
        facts=tuple(words.facts(each)),
        about=tuple((label, said) for label, said in words.about(each) if label != "source"),
        searched=" ".join([*text, row.name.replace("_", "")]).lower(),
    )


@cache
def _formula(latex: str) -> Markup:
    """The formula as a drawing, or as plain text where matplotlib cannot set it."""
    from reluctant.figures import formula, inline_svg

    drawn = formula(latex)
    if drawn is None:
        return Markup("<code>f(x) = {}</code>").format(plain(latex))
    return Markup(inline_svg(drawn, paths=True, margin=0))


def _example() -> str:
    facts = card("gelu").facts
    return panel(facts) if facts else ""
