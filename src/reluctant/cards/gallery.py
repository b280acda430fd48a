"""The gallery: one self-contained HTML page of all activations, to search and to show in class."""

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markupsafe import Markup

from reluctant.cards.card import Card, build_card
from reluctant.cards.descriptions import describe_facts, describe_parameters, describe_row
from reluctant.cards.plain_text import latex_to_text
from reluctant.cards.svg import curve_svg
from reluctant.catalogue import ACTIVATIONS
from reluctant.report import render_template

_FOLDER = Path(__file__).parent
FAMILIES = {  # in the order of the page
    "classical": "From statistics and signal processing. Most of them are older than deep learning.",
    "rectifier": "Zero, or nearly zero, for negative x and a line for positive x: ReLU and its descendants.",
    "exponential": "A line for positive x; for negative x an exponential that levels off: the mean output is "
    "nearer to zero.",
    "self-gated": "The input times a gate that depends on it, x·g(x). Most dip below zero before they rise.",
    "bounded": "Between two limits. At both ends the slope fades, and with it the learning.",
    "periodic": "Waves, for signals that repeat. They continue beyond the panel.",
    "learned shape": "The curve itself is learned. The panel shows it before training.",
    "block": "No curves: a block acts on a whole layer, and most blocks have weights of their own.",
}


@dataclass(frozen=True)
class GalleryCard:
    """One card of the page."""

    anchor: str
    card: Card
    picture: Markup
    formula: Markup
    parameters: tuple[tuple[str, str], ...]
    facts: tuple[tuple[str, str], ...]
    about: tuple[tuple[str, str], ...]
    search_text: str  # in lower case


@dataclass(frozen=True)
class GalleryFamily:
    """A family and its cards."""

    family: str
    about: str
    anchor: str
    cards: tuple[GalleryCard, ...]


def render_gallery(names: Iterable[str] | None = None) -> str:
    """The page as HTML, of all rows or of these names; the same names always give the same bytes."""
    cards = [build_card(name) for name in names or [row.name for row in ACTIVATIONS]]
    script = (_FOLDER / "gallery.js").read_text("utf-8")
    script_hash = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    example = build_card("gelu").facts
    return render_template(
        _FOLDER / "gallery.html.j2",
        _FOLDER / "gallery.css",
        families=_group_by_family(cards),
        total=len(cards),
        script=Markup(script),
        allowed_script=f"sha256-{script_hash}",  # the page's own policy lets only this script run
        example=Markup(curve_svg(example) if example else ""),
    )


def _group_by_family(cards: list[Card]) -> tuple[GalleryFamily, ...]:
    families = dict.fromkeys([*FAMILIES, *(card.row.family for card in cards)])
    members = {family: [card for card in cards if card.row.family == family] for family in families}
    return tuple(
        GalleryFamily(family, FAMILIES.get(family, ""), f"family-{_slug(family)}", tuple(map(_gallery_card, of)))
        for family, of in members.items()
        if of
    )


def _gallery_card(card: Card) -> GalleryCard:
    row = card.row
    words = [row.name, row.title, *row.aliases, row.source, row.family, row.purpose, *sorted(row.traits), str(row.year),
             row.name.replace("_", "")]  # fmt: skip
    return GalleryCard(
        anchor=_slug(card.name),
        card=card,
        picture=Markup(curve_svg(card.facts)) if card.facts else Markup(""),
        formula=render_formula(row.formula),
        parameters=tuple(describe_parameters(card)),
        facts=tuple(describe_facts(card)),
        about=tuple((label, text) for label, text in describe_row(card) if label != "source"),
        search_text=" ".join(words).lower(),
    )


def _slug(text: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in text.lower())


@cache
def render_formula(latex: str) -> Markup:
    """The formula as a drawing, or as plain text if matplotlib cannot draw it."""
    from reluctant.figures import formula, inline_svg

    drawing = formula(latex)
    if drawing is None:
        return Markup("<code>f(x) = {}</code>").format(latex_to_text(latex))
    return Markup(inline_svg(drawing, paths=True, margin=0))
