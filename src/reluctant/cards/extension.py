"""The commands that the cards of activations add to the package."""

from reluctant.core.extensions import Extension

EXTENSION = Extension(
    commands=("reluctant.cards.command:show", "reluctant.cards.command:gallery", "reluctant.cards.command:audit")
)
