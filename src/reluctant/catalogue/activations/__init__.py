"""The activation functions: name, formula, parameters, source, purpose, and the address of the code."""

from reluctant.catalogue.activations import blocks, bounded, exponential, gated, pytorch, rectifiers, shapes
from reluctant.catalogue.activations.row import Activation
from reluctant.catalogue.entry import Catalogue

__all__ = ["ACTIVATIONS", "Activation"]

_FILES = (blocks, bounded, exponential, gated, pytorch, rectifiers, shapes)
_ROWS = sorted((row for file in _FILES for row in file.ROWS), key=lambda row: row.number)
ACTIVATIONS: Catalogue[Activation] = Catalogue("activation", tuple(_ROWS), refused=blocks.REFUSED)
