"""A card as lines of text, at most 80 columns wide, with a small plot of f and f′."""

from collections.abc import Iterator
from itertools import zip_longest
from textwrap import wrap

import numpy as np

from reluctant.cards import words
from reluctant.cards.card import LIMIT, Card, Facts
from reluctant.cards.formula import plain
from reluctant.cards.function import Floats
from reluctant.cards.plot import Canvas, framed, window

WIDE = 79
_LABEL = 11
_PLOT = (35, 10)  # characters, wide and tall
_ASCII: dict[str, str | int | None] = {
    "−": "-", "′": "'", "″": "''", "∞": "inf", "√": "sqrt ", "×": "x", "·": "*", "≤": "<=", "≥": ">=",
    "≠": "!=", "±": "+-", "–": "-", "—": "-", "…": "...", "→": "->", "“": '"', "”": '"', "’": "'",
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "κ": "kappa", "λ": "lambda",
    "μ": "mu", "ω": "omega", "π": "pi", "σ": "sigma", "τ": "tau", "θ": "theta", "φ": "phi", "Φ": "Phi",
    "Σ": "sum ", "⊙": "*", "⊗": "*", "∈": "in", "é": "e", "è": "e", "ü": "u", "ö": "o", "ä": "a",
    "✓": "+", "✗": "x", "⁻": "-", "⁺": "+", **{up: f"^{i}" for i, up in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
    **{down: str(i) for i, down in enumerate("₀₁₂₃₄₅₆₇₈₉")},
}  # fmt: skip


def writable(text: str, encoding: str | None) -> str:
    """The text as this encoding can hold it: in ASCII where it holds not all of it."""
    try:
        text.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return text.translate(str.maketrans(_ASCII)).encode("ascii", "replace").decode()
    return text


def lines(card: Card, *, ascii_only: bool = False) -> Iterator[str]:
    """The card, line by line: title, purpose, formula, plot, parameters, what was found, source."""
    shown = f"  ({card.name})" if card.name != card.row.title else ""
    yield f"{card.row.title}{shown}"
    yield from wrap(card.row.purpose, WIDE)
    yield ""
    yield from wrap(f"f(x) = {plain(card.row.formula)}", WIDE, subsequent_indent="       ")
    yield ""
    if card.facts:
        yield from picture(card.facts, ascii_only=ascii_only)
        yield ""
    else:
        yield from wrap("It looks at more than one number, so there is no curve to draw.", WIDE)
    for label, text in words.parameters(card):
        yield from _pair(label, text)
    for label, text in (*words.facts(card), *words.about(card)):
        yield from _pair(label, text)
    if card.link:
        yield " " * _LABEL + card.link


def _pair(label: str, text: str) -> Iterator[str]:
    first = f"{label}  ".ljust(_LABEL)
    yield from wrap(text, WIDE, initial_indent=first, subsequent_indent=" " * _LABEL) or [label]


def picture(facts: Facts, *, ascii_only: bool = False) -> Iterator[str]:
    """Two plots side by side, of f and of f′."""
    kept = np.abs(facts.x) <= LIMIT
    left = _panel("f(x)", facts.x[kept], facts.f[kept], ascii_only)
    right = _panel("f′(x)", facts.x[kept], facts.slope[kept], ascii_only)
    for one, other in zip_longest(left, right, fillvalue=""):
        yield f"{one}   {other}".rstrip()


def _panel(title: str, x: Floats, y: Floats, ascii_only: bool) -> list[str]:
    wide, tall = _PLOT
    low, high = window(y)
    canvas = Canvas(wide, tall, -LIMIT, LIMIT, low, high, ascii_only)
    canvas.draw(x, y)
    return framed(canvas, title)
