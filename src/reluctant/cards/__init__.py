"""Cards: what is known and found of an activation; in the terminal, in a gallery, and as an audit."""

from reluctant.cards.audit import Verdict, audit, nearest
from reluctant.cards.card import Card, Facts, card
from reluctant.cards.gallery import gallery
from reluctant.cards.text import lines

__all__ = ["Card", "Facts", "Verdict", "audit", "card", "gallery", "lines", "nearest"]
